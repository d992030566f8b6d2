"""Objects as forms: how arrays and nested members are written in a URL-encoded body."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.values import JsonObject, JsonValue, encode_text


def form_pairs(body: JsonObject, array_format: str) -> list[tuple[str, str]]:
    """The fields of a form: INDICES `a[0]=1`, REPEAT `a=1&a=2`, COMMAS `a=1,2`, BRACKETS
    `a[]=1`."""
    return [pair for name, value in body.items() for pair in _pairs(name, value, array_format)]


def _pairs(name: str, value: JsonValue, array_format: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, below in value.items():
            yield from _pairs(f"{name}[{inner}]", below, array_format)
    elif isinstance(value, list) and array_format == "COMMAS":
        yield name, ",".join(_text(each) for each in value)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            suffix = {"REPEAT": "", "BRACKETS": "[]"}.get(array_format, f"[{number}]")
            yield from _pairs(f"{name}{suffix}", each, array_format)
    else:
        yield name, _text(value)


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else encode_text(value)
