"""Reference paths: where ResultPath writes.

A reference path names one place by names and indexes only. Putting a value there makes the objects
on the way that are missing, and copies only what it changes: the documents given stay as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.language.paths.parse import parse_path
from stepwell.language.paths.select import simple_keys
from stepwell.language.paths.syntax import PathSyntaxError, is_simple
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject, JsonValue, encode_text


class _CannotApply(Exception):
    """The document has something else where the path wants an object or array."""


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """A compiled reference path; `keys` are its names and indexes."""

    text: str
    keys: tuple[str | int, ...]

    def put(self, document: JsonValue, value: JsonValue) -> JsonValue:
        """The document with the value in this place.

        Raises EvaluationFailed (States.ResultPathMatchFailure) when the path cannot be applied.
        """
        try:
            return _put(document, self.keys, 0, value)
        except _CannotApply:
            raise EvaluationFailed(
                f"Unable to apply ReferencePath {self.text} to input {encode_text(document)}",
                error="States.ResultPathMatchFailure",
                location="ResultPath",
            ) from None


def compile_reference_path(text: str) -> ReferencePath:
    """The compiled reference path. Raises PathSyntaxError."""
    stripped = text.strip()
    root, steps = parse_path(stripped)
    if root != "$":
        raise PathSyntaxError(
            "A reference path starts with '$', not with the context or a variable"
        )
    if not all(map(is_simple, steps)):
        raise PathSyntaxError("A reference path has names and indexes only")
    return ReferencePath(stripped, simple_keys(steps))


def _put(
    document: JsonValue, keys: tuple[str | int, ...], place: int, value: JsonValue
) -> JsonValue:
    if place == len(keys):
        return value
    key = keys[place]
    if isinstance(key, int):
        if not isinstance(document, list) or not -len(document) <= key < len(document):
            raise _CannotApply
        items = list(document)
        items[key] = _put(items[key], keys, place + 1, value)
        return items
    if not isinstance(document, dict):
        raise _CannotApply
    changed: JsonObject = dict(document)
    changed[key] = _put(changed.get(key, {}), keys, place + 1, value)
    return changed
