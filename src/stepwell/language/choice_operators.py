"""The 39 operators of a choice rule, as functions of values.

- Nothing is converted: values of the wrong type make a comparison false.
- Texts are ordered as Java orders them, by UTF-16 code units; timestamps as instants.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, TypeAlias

from stepwell.language.java import utf16_order
from stepwell.language.paths.equality import is_number
from stepwell.language.timestamps import BadTimestamp, Instant, is_timestamp, parse_instant
from stepwell.values import JsonValue

Compare: TypeAlias = Callable[[JsonValue, JsonValue], bool]
Order: TypeAlias = Callable[..., bool]
"""Compares two values of one ordered type."""

DEPTH_MAX = 64
"""And, Or and Not inside each other."""


def _strings(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        if left.isascii() and right.isascii():
            return order(left, right)
        return order(utf16_order(left), utf16_order(right))

    return compare


def _numbers(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        return is_number(left) and is_number(right) and order(left, right)

    return compare


def _timestamps(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        one, other = _instant(left), _instant(right)
        return one is not None and other is not None and order(one, other)

    return compare


def _instant(value: JsonValue) -> Instant | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except BadTimestamp:
        return None


def _booleans(left: JsonValue, right: JsonValue) -> bool:
    return isinstance(left, bool) and isinstance(right, bool) and left is right


ORDERS: Final[dict[str, Order]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}
FAMILIES: Final = {"String": _strings, "Numeric": _numbers, "Timestamp": _timestamps}
COMPARISONS: Final[dict[str, Compare]] = {
    "BooleanEquals": _booleans,
    **{
        family + name: make(order)
        for family, make in FAMILIES.items()
        for name, order in ORDERS.items()
    },
}
"""Each exists with a literal and, named `…Path`, with a path on the other side."""

TYPE_TESTS: Final[dict[str, Callable[[JsonValue], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsTimestamp": lambda value: isinstance(value, str) and is_timestamp(value),
}

OPERATORS: Final = frozenset(
    (
        *COMPARISONS,
        *(name + "Path" for name in COMPARISONS),
        *TYPE_TESTS,
        "IsPresent",
        "StringMatches",
    )
)


def compile_wildcards(pattern: str) -> Callable[[str], bool]:
    """`*` stands for any text, `\\*` for an asterisk, `\\\\` for a backslash. Takes linear time."""
    first, *rest = split_wildcards(pattern)
    if not rest:
        return first.__eq__
    *middle, last = rest

    def matches(text: str) -> bool:
        place, end = len(first), len(text) - len(last)
        if end < place or not text.startswith(first) or not text.endswith(last):
            return False
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return matches


def split_wildcards(pattern: str) -> list[str]:
    """The texts between the wildcards of a pattern."""
    parts: list[list[str]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            parts.append([])
        elif character == "\\":
            follower = next(characters, "")
            parts[-1].append(follower if follower in ("*", "\\") else "\\" + follower)
        else:
            parts[-1].append(character)
    return ["".join(part) for part in parts]
