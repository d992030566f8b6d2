"""Matchers of numbers: `{"numeric": [">", 0, "<=", 5]}`. Texts and truth values never match."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeGuard

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.texts import Matcher
from stepwell.values import JsonValue

NUMBER_MAX = 5.0e9
"""Ranges reach no further than this, on both sides of zero."""

_Compare = Callable[[float, float], bool]
_FROM: dict[str, _Compare] = {">": operator.gt, ">=": operator.ge}
_TO: dict[str, _Compare] = {"<": operator.lt, "<=": operator.le}


def is_number(value: JsonValue) -> TypeGuard[int | float]:
    """Whether JSON says that it is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def numeric(terms: JsonValue) -> Matcher:
    """Numbers that are equal, or in a range that is open or closed at either end."""
    if not isinstance(terms, list):
        raise InvalidPattern("Value of numeric must be an array.")
    first = terms[0] if terms else None
    if not isinstance(first, str):
        raise InvalidPattern(f"Invalid member in numeric match: {_shown(first)}")
    if first not in ("=", *_FROM, *_TO):
        raise InvalidPattern(f"Unrecognized numeric range operator: {first}")
    bound = _number(terms[1:2], "equals" if first == "=" else first)
    if first in _FROM and len(terms) > 2:
        return _between(first, bound, terms[2:])
    if len(terms) > 2:
        raise InvalidPattern("Too many elements in numeric expression")
    compare = operator.eq if first == "=" else (_FROM | _TO)[first]
    return lambda leaf: is_number(leaf) and compare(leaf, bound)


def _between(first: str, bottom: float, rest: list[JsonValue]) -> Matcher:
    second = rest[0]
    if not isinstance(second, str):
        raise InvalidPattern(f"Bad value in numeric range: {_shown(second)}")
    if second not in _TO:
        raise InvalidPattern(f"Bad numeric range operator: {second}")
    top = _number(rest[1:2], second)
    if len(rest) > 2:
        raise InvalidPattern("Too many terms in numeric range expression")
    if bottom >= top:
        raise InvalidPattern("Bottom must be less than top")
    above, below = _FROM[first], _TO[second]
    return lambda leaf: is_number(leaf) and above(leaf, bottom) and below(leaf, top)


def _number(found: list[JsonValue], name: str) -> float:
    if not found or not is_number(found[0]):
        raise InvalidPattern(f"Value of {name} must be numeric")
    if not -NUMBER_MAX <= found[0] <= NUMBER_MAX:
        raise InvalidPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return found[0]


def _shown(value: JsonValue) -> str:
    """A value as the error names it: arrays and objects by their first character."""
    match value:
        case list():
            return "["
        case dict():
            return "{"
        case None | bool():
            return {None: "]", True: "true", False: "false"}[value]
    return str(value)
