"""JSON values and their text, and the text of UUIDs.

The one place that knows which JSON library is used. Text is compact, non-ASCII characters stay as
they are, and integers keep every digit, as AWS answers them.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
JsonObject: TypeAlias = "dict[str, JsonValue]"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


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


def uuid_text(drawn: bytes) -> str:
    """The version 4 UUID made of 16 drawn bytes."""
    digits = drawn.hex()
    variant = "89ab"[drawn[8] & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
