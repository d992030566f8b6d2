"""Findings as text for people and as JSON for other programs, with the value that was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepwell.cli.check.review import Reviewed
from stepwell.language.diagnostics import ERROR, Diagnostic, render
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode_text

SEEN_CHARACTERS_MAX = 80
_INDEX = re.compile(r"\[(\d+)\]")


def summary(one: Reviewed) -> str:
    """The file in one line."""
    if one.trouble:
        return f"{one.name}: cannot be read: {one.trouble}"
    errors = sum(finding.severity == ERROR for finding in one.shown)
    warnings = len(one.shown) - errors
    told = [_count(errors, "error"), _count(warnings, "warning")]
    return f"{one.name}: {', '.join(text for text in told if text) or 'ok'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


def as_text(one: Reviewed) -> Iterator[str]:
    """Each finding with its line, a caret, the value that was seen, and what would be right."""
    definition = _definition(one)
    for finding in one.shown:
        yield render(finding, one.text, seen=_seen(definition, finding))


def as_json(one: Reviewed) -> JsonObject:
    """The file and its findings."""
    if one.trouble:
        return {"file": one.name, "result": "UNREADABLE", "reason": one.trouble}
    definition = _definition(one)
    return {
        "file": one.name,
        "result": "FAIL" if one.has_errors else "OK",
        "diagnostics": [_finding(definition, finding) for finding in one.shown],
    }


def _finding(definition: JsonValue, finding: Diagnostic) -> JsonObject:
    shown: JsonObject = {
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "line": finding.line,
        "column": finding.column,
    }
    if finding.location:
        shown["location"] = finding.location
    found = find(definition, finding.place)
    if found is not None:
        shown["pointer"] = "".join(map(_escaped, found[0]))
    seen = _seen(definition, finding)
    if seen:
        shown["seen"] = seen
    if finding.hint:
        shown["hint"] = finding.hint
    return shown


def _escaped(part: str) -> str:
    """A part of a JSON pointer, as RFC 6901 writes it."""
    return "/" + part.replace("~", "~0").replace("/", "~1")


def _definition(one: Reviewed) -> JsonValue:
    try:
        return decode(one.json_text)
    except BadJson:
        return None


def _seen(definition: JsonValue, finding: Diagnostic) -> str:
    """The value at the place of the finding as JSON, where it is short enough to help."""
    found = find(definition, finding.place)
    if found is None or not found[0]:
        return ""
    text = encode_text(found[1])
    if len(text) <= SEEN_CHARACTERS_MAX:
        return text
    return f"{text[:SEEN_CHARACTERS_MAX]}..." if isinstance(found[1], str) else ""


def find(value: JsonValue, location: str) -> tuple[list[str], JsonValue] | None:
    """The parts of a place as AWS writes it, and the value there; None when nothing is there.

    A state's name may hold slashes and brackets, so the place is read along the definition.
    """
    if location in ("", "/"):
        return [], value
    if isinstance(value, dict):
        for key, member in value.items():
            rest = location[len(key) + 1 :]
            if location.startswith(f"/{key}") and (not rest or rest[0] in "/["):
                found = find(member, rest)
                if found is not None:
                    return [key, *found[0]], found[1]
    elif isinstance(value, list):
        index = _INDEX.match(location)
        if index is not None and int(index[1]) < len(value):
            found = find(value[int(index[1])], location[index.end() :])
            if found is not None:
                return [index[1], *found[0]], found[1]
    return None
