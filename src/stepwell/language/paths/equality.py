"""When two JSON values are the same.

Python calls True and 1 equal, and 1 and 1.0; JSON does not.
"""

from __future__ import annotations

from typing import TypeGuard

from stepwell.language.budget import spend
from stepwell.values import JsonValue


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether the value is a JSON number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def identical(left: JsonValue, right: JsonValue) -> bool:
    """Whether both are the same JSON value: same type, same content, order of members ignored."""
    pairs: list[tuple[JsonValue, JsonValue]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict) and isinstance(other, dict):
            if len(one) != len(other):
                return False
            spend(len(one))
            if one.keys() != other.keys():
                return False
            pairs.extend((value, other[name]) for name, value in one.items())
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            spend(len(one))
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, str) and isinstance(other, str):
            spend(len(one) >> 8)
            if one != other:
                return False
        elif one != other:
            return False
    return True
