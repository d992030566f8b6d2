"""FilterCriteria: which records of a queue or a stream are wanted at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.pattern import compile_pattern
from stepwell.values import JsonValue, decode

Wanted = Callable[[dict[str, Any]], bool]
FILTERS_MAX = 5
PATTERN_LENGTH_MAX = 4_096
_DATA = "body"
"""The member of a queue's record that is text and may be JSON."""


class BadFilter(ValueError):
    """What is wrong with criteria."""


def compile_filters(criteria: Mapping[str, Any] | None) -> Wanted | None:
    """Whether a record is wanted; None when all are. Raises BadFilter."""
    filters = (criteria or {}).get("Filters") or []
    if not filters:
        return None
    if len(filters) > FILTERS_MAX:
        raise BadFilter(f"The number of filters must not exceed {FILTERS_MAX}.")
    tests = [_compile(str(one.get("Pattern") or "{}")) for one in filters]
    return lambda record: any(test(record) for test in tests)


def _compile(text: str) -> Wanted:
    if len(text) > PATTERN_LENGTH_MAX:
        raise BadFilter(f"A filter pattern must not be longer than {PATTERN_LENGTH_MAX}.")
    try:
        pattern = decode(text)
        if pattern == {}:
            return lambda record: True
        wanted = compile_pattern(pattern)
    except (ValueError, InvalidPattern) as error:
        raise BadFilter("Invalid filter pattern definition.") from error
    if not isinstance(pattern, dict) or not isinstance(pattern.get(_DATA), dict):
        return wanted
    return lambda record: _wanted_inside(record, wanted)


def _wanted_inside(record: dict[str, Any], wanted: Callable[[JsonValue], bool]) -> bool:
    """The pattern looks into the body: one that is no JSON is not wanted."""
    try:
        body = decode(str(record.get(_DATA, "")))
    except ValueError:
        return False
    return wanted({**record, _DATA: body})
