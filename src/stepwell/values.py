"""JSON values and their text, and the text of UUIDs.

The one place that knows which JSON library is used. Text is compact, non-ASCII characters stay as
they are, and integers keep every digit, as AWS answers them.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


NESTING_MAX = 500
"""How deep arrays and objects may stand inside each other in what users give and machines make.
Well below what can be read and written, so that what was once accepted is always read again."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class BadJson(ValueError):
    """The text is not JSON. The message says what is wrong and at which byte."""


def encode(value: object) -> bytes:
    """The compact UTF-8 JSON of a value."""
    return _encoder.encode(value)


def encode_text(value: object) -> str:
    """The compact JSON text of a value."""
    return _encoder.encode(value).decode()


def decode(text: str | bytes) -> JsonValue:
    """The value a JSON text stands for. Raises BadJson."""
    try:
        return _decoder.decode(text)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadJson(str(error)) from error


def decode_payload(text: str) -> JsonValue:
    """The value of a text from outside. Raises BadJson, also when it nests too deeply."""
    value = decode(text)
    if nests_too_deep(text):
        raise BadJson(f"arrays and objects are nested deeper than {NESTING_MAX}")
    return value


def nests_too_deep(text: str) -> bool:
    """Whether a JSON text nests deeper than NESTING_MAX."""
    if len(text) <= NESTING_MAX or text.count("[") + text.count("{") <= NESTING_MAX:
        return False
    depth = 0
    for found in _BRACKETS.finditer(text):
        bracket = found[0]
        if bracket in ("[", "{"):
            depth += 1
            if depth > NESTING_MAX:
                return True
        elif bracket in ("]", "}"):
            depth -= 1
    return False


def uuid_text(drawn: bytes) -> str:
    """The version 4 UUID made of 16 drawn bytes."""
    digits = drawn.hex()
    variant = "89ab"[drawn[8] & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
