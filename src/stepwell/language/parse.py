"""The text of a definition to its JSON object, or the findings that forbid it.

Size, syntax and nesting are bounded here, so that whoever walks the value may recurse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias

from stepwell.language.diagnostics import (
    ERROR,
    SCHEMA_VALIDATION_FAILED,
    WARNING,
    Diagnostic,
)
from stepwell.language.fields import DEFINITION_LENGTH_MAX, NESTING_MAX, PROCESSOR_NAMES
from stepwell.language.json_trouble import json_trouble
from stepwell.language.source import scan_places
from stepwell.values import BadJson, JsonObject, JsonValue, decode

_PROCESSORS = tuple(f"/{name}" for name in PROCESSOR_NAMES)
_Container: TypeAlias = "list[JsonValue] | JsonObject"


def parse_definition(text: str) -> tuple[JsonObject | None, list[Diagnostic]]:
    """The object a text stands for and what is to say about it; None when it cannot be used."""
    if len(text) > DEFINITION_LENGTH_MAX:
        message = f"The definition is longer than {DEFINITION_LENGTH_MAX} characters"
        return None, [Diagnostic(ERROR, SCHEMA_VALIDATION_FAILED, message, "/", 1, 1)]
    if not text.strip():
        return None, [_not_an_object("it is empty")]
    try:
        value = decode(text)
    except BadJson as error:
        return None, [_bad_json(text, error)]
    if not isinstance(value, dict):
        return None, [_not_an_object("it is an object with StartAt and States")]
    if place := _too_deep(value):
        message = f"Arrays and objects are nested deeper than {NESTING_MAX}"
        return None, [Diagnostic(ERROR, "TOO_DEEPLY_NESTED", message, place)]
    return value, _duplicates(text)


def _not_an_object(hint: str) -> Diagnostic:
    """AWS names no place for this one."""
    message = "Definition must be a valid JSON object"
    return Diagnostic(ERROR, SCHEMA_VALIDATION_FAILED, message, "", 1, 1, hint)


def _bad_json(text: str, error: BadJson) -> Diagnostic:
    """The finding for text that is no JSON, or is JSON too deep to be read."""
    if isinstance(error.__cause__, RecursionError):
        message = f"Arrays and objects are nested deeper than {NESTING_MAX}"
        return Diagnostic(ERROR, "TOO_DEEPLY_NESTED", message, "/", 1, 1)
    found = json_trouble(text)
    # AWS names the column behind the trouble; people look at the one before.
    column = max(1, found.column - 1)
    return Diagnostic(
        ERROR,
        "INVALID_JSON_DESCRIPTION",
        found.message,
        found.location,
        found.line,
        column,
        found.hint,
    )


def _too_deep(value: JsonObject) -> str:
    """The place of a value nested deeper than allowed, or the empty text."""
    level: list[tuple[str, _Container]] = [("", value)]
    for _ in range(NESTING_MAX):
        level = [inner for place, outer in level for inner in _within(place, outer)]
        if not level:
            return ""
    return level[0][0]


def _within(place: str, outer: _Container) -> Iterator[tuple[str, _Container]]:
    """The arrays and objects directly within a value, with their places."""
    if isinstance(outer, dict):
        for key, member in outer.items():
            if isinstance(member, dict | list):
                yield f"{place}/{key}", member
    else:
        for index, element in enumerate(outer):
            if isinstance(element, dict | list):
                yield f"{place}[{index}]", element


def _duplicates(text: str) -> list[Diagnostic]:
    """Findings about keys that stand twice in one object, of which only the last would count."""
    repeated = False

    def count(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) != len(pairs)
        return found

    # Numbers stay text: their size must not matter here.
    json.loads(text, object_pairs_hook=count, parse_int=str, parse_float=str)
    if not repeated:
        return []
    return [_duplicate(place) for place in scan_places(text).duplicates]


def _duplicate(place: tuple[str, ...]) -> Diagnostic:
    """A repeated state name is AWS's error; any other repeated key a warning of ours."""
    name, location = place[-1].removeprefix("/"), "".join(place)
    if _is_scope(place[:-1]):
        return Diagnostic(ERROR, "DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", location)
    message = f"The field '{name}' appears more than once; only the last one counts"
    return Diagnostic(WARNING, "DUPLICATE_FIELD", message, location)


def _is_scope(place: tuple[str, ...]) -> bool:
    """Whether this is the place of a `States` object, and not of one in somebody's data."""
    if place[-1:] != ("/States",):
        return False
    around = place[:-1]
    return not around or around[-1] in _PROCESSORS or around[-2:-1] == ("/Branches",)
