"""The functions that may end a path: `$.items.length()`, `$.prices.max()`.

Numbers are computed and answered as Java doubles, as Jayway's library does: `max()` of 1 and 2 is
2.0. A function that makes no sense for the value gives null, one over no numbers has no result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from stepwell.language.paths.equality import is_number
from stepwell.values import JsonValue


class NoResult(Exception):
    """The function has no result for this value. The text says why."""


def numbers_of(value: JsonValue) -> list[float]:
    """The numbers of an array. Raises NoResult when there are none."""
    items = value if isinstance(value, list) else []
    try:
        found = [float(item) for item in items if is_number(item)]
    except OverflowError as error:
        raise NoResult("A number is too large for an aggregation function") from error
    if not found:
        raise NoResult("Aggregation function attempted to calculate value using empty array")
    return found


def _length(value: JsonValue, _argument: int | None) -> JsonValue:
    return len(value) if isinstance(value, list | dict) else None


def _average(value: JsonValue, _argument: int | None) -> JsonValue:
    numbers = numbers_of(value)
    return _finite(math.fsum(numbers) / len(numbers))


def _deviation(value: JsonValue, _argument: int | None) -> JsonValue:
    numbers = numbers_of(value)
    mean = _finite(math.fsum(numbers) / len(numbers))
    return _finite(math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers)))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise NoResult("The result of an aggregation function is too large")
    return number


def _keys(value: JsonValue, _argument: int | None) -> JsonValue:
    return list(value) if isinstance(value, dict) else None


def _concat(value: JsonValue, _argument: int | None) -> JsonValue:
    items = value if isinstance(value, list) else []
    return "".join(item for item in items if isinstance(item, str))


def _index(value: JsonValue, argument: int | None) -> JsonValue:
    if not isinstance(value, list) or argument is None:
        raise NoResult("Aggregation function attempted to calculate value using empty array")
    try:
        return value[argument]
    except IndexError as error:
        raise NoResult(f"The array has no item {argument}") from error


FUNCTIONS: Final[dict[str, Callable[[JsonValue, int | None], JsonValue]]] = {
    "length": _length,
    "size": _length,
    "min": lambda value, _argument: min(numbers_of(value)),
    "max": lambda value, _argument: max(numbers_of(value)),
    "sum": lambda value, _argument: _finite(sum(numbers_of(value))),
    "avg": _average,
    "stddev": _deviation,
    "keys": _keys,
    "concat": _concat,
    "first": lambda value, _argument: _index(value, 0),
    "last": lambda value, _argument: _index(value, -1),
    "index": _index,
}
"""By name: (value, the number in the parentheses) -> result. They raise NoResult."""
