"""What AWS's parser says about a text that is no JSON.

Nothing here runs for a valid definition: another parser has refused the text, and this one only has
to find the words and the place.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from stepwell.language.source import line_and_column

SNIPPET_CHARACTERS = 500
"""As much of the text AWS's parser quotes in its messages."""

TOKEN_CHARACTERS = 256
"""As much of one word AWS's parser repeats."""

_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_ESCAPES = '"\\/bfnrt'
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])")
_TOKEN_NAMED = re.compile(r"Unrecognized token '(\w*)'")
_WORD_HINTS = {
    "True": "write true",
    "False": "write false",
    "None": "write null",
    "undefined": "write null",
    "NaN": "JSON has no such number",
    "Infinity": "JSON has no such number",
}
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)
_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})|\\.|[^\\]", re.DOTALL)
_WORD = re.compile(r"[\w$]+")
_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class JsonTrouble:
    """Why a text is no JSON, in AWS's parser's words, and where."""

    message: str
    location: str
    line: int
    column: int
    hint: str = ""


class _Stop(Exception):
    """Ends the reading at the first error: the sentence and the offset behind what was read."""

    def __init__(self, sentence: str, offset: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.offset = offset


def json_trouble(text: str) -> JsonTrouble:
    """What AWS's parser says about a text that is not JSON."""
    try:
        _read(text)
    except _Stop as stop:
        sentence, offset = stop.sentence, stop.offset
    else:
        sentence, offset = _beyond_us(text)
    line, column = line_and_column(text, offset)
    location = _source(text, line, column)
    hint = _hint(text, sentence, offset - 1)
    return JsonTrouble(f"{sentence}\n at {location}", location, line, column, hint)


def _hint(text: str, sentence: str, at: int) -> str:
    """What is written elsewhere, and not in JSON."""
    character = text[at : at + 1]
    if character in ("}", "]") and text[:at].rstrip().endswith(","):
        return f"no comma stands before '{character}'"
    if character in ("/", "#") and sentence.startswith("Unexpected character"):
        return "JSON has no comments: put them into Comment"
    if character == "'":
        return "texts and names stand in double quotes"
    if "start field name" in sentence:
        return "names stand in double quotes"
    if "was expecting comma" in sentence:
        return "is a comma missing before this?"
    if word := _TOKEN_NAMED.match(sentence):
        return _WORD_HINTS.get(word[1], "texts stand in double quotes")
    return ""


def _beyond_us(text: str) -> tuple[str, int]:
    """What is JSON, and no value for us: the sentence, and the offset behind it."""
    for found in _SCALAR.finditer(text):
        token = found[0]
        if token[0] == '"':
            half = _unpaired(token)
            if half is not None:
                sentence = "Unpaired surrogate in a text: a character beyond U+FFFF takes two"
                return sentence, found.start() + half
        elif math.isinf(float(token)):
            return f"Numeric value ({_cut(token)}) is out of range", found.end()
    return "Invalid JSON", len(text)


def _unpaired(token: str) -> int | None:
    """The offset behind half of a surrogate pair that stands alone, if there is one."""
    open_until = None
    for unit in _UNIT.finditer(token):
        code = int(unit[1], 16) if unit[1] else ord(unit[0][0])
        is_low = 0xDC00 <= code <= 0xDFFF
        if is_low is not (open_until is not None):
            return open_until or unit.end()
        open_until = unit.end() if 0xD800 <= code <= 0xDBFF else None
    return open_until


def _cut(token: str) -> str:
    return token if len(token) <= TOKEN_CHARACTERS else f"{token[:TOKEN_CHARACTERS]}..."


def _source(text: str, line: int, column: int) -> str:
    """The place as AWS's parser writes it: the text's beginning, line, column."""
    left_out = len(text) - SNIPPET_CHARACTERS
    truncated = f"[truncated {left_out} chars]" if left_out > 0 else ""
    quoted = f'(String)"{text[:SNIPPET_CHARACTERS]}"{truncated}'
    return f"[Source: {quoted}; line: {line}, column: {column}]"


def _read(text: str) -> None:
    """Reads one JSON value and the end of the text; raises _Stop at the first error."""
    open_at: list[int] = []
    offset = _value(text, _skip(text, 0), open_at)
    while open_at:
        opener = text[open_at[-1]]
        closer, kind = ("}", "Object") if opener == "{" else ("]", "Array")
        offset = _skip(text, offset)
        if offset >= len(text):
            raise _unclosed(text, open_at[-1], kind)
        if text[offset] == closer:
            open_at.pop()
            offset += 1
            continue
        first = _skip(text, open_at[-1] + 1) == offset
        if not first:
            if text[offset] != ",":
                raise _unexpected(text, offset, f"was expecting comma to separate {kind} entries")
            offset = _skip(text, offset + 1)
        if opener == "{":
            offset = _key(text, offset, open_at[-1])
        elif offset >= len(text):
            raise _unclosed(text, open_at[-1], kind)
        offset = _value(text, offset, open_at)
    offset = _skip(text, offset)
    if offset < len(text):
        _value(text, offset, open_at)
        raise _unexpected(text, offset, "was expecting the end of the definition")


def _key(text: str, offset: int, opened: int) -> int:
    """Reads a field name and its colon; the offset of the value."""
    if offset >= len(text):
        raise _unclosed(text, opened, "Object")
    if text[offset] != '"':
        raise _unexpected(text, offset, "was expecting double-quote to start field name")
    offset = _skip(text, _string(text, offset, "in field name"))
    if offset >= len(text):
        raise _unclosed(text, opened, "Object")
    if text[offset] != ":":
        wanted = "was expecting a colon to separate field name and value"
        raise _unexpected(text, offset, wanted)
    offset = _skip(text, offset + 1)
    if offset >= len(text):
        raise _unclosed(text, opened, "Object")
    return offset


def _value(text: str, offset: int, open_at: list[int]) -> int:
    """Reads a scalar, or the opening of an object or array; the offset behind it."""
    if offset >= len(text):
        raise _Stop("No content to map due to end-of-input", offset)
    character = text[offset]
    if character in "{[":
        open_at.append(offset)
        return offset + 1
    if character == '"':
        return _string(text, offset, ": was expecting closing quote for a string value")
    if number := _NUMBER.match(text, offset):
        return number.end()
    if character == "-" or character.isdigit():
        raise _number_trouble(text, offset)
    if word := _WORD.match(text, offset):
        if word[0] in ("true", "false", "null"):
            return word.end()
        raise _Stop(f"Unrecognized token '{_cut(word[0])}': was expecting {_VALUES}", word.end())
    raise _unexpected(text, offset, f"expected a valid value {_VALUES}")


def _string(text: str, offset: int, what: str) -> int:
    """Reads a string; the offset behind its closing quote."""
    offset += 1
    while offset < len(text):
        character = text[offset]
        if character == '"':
            return offset + 1
        if character == "\\":
            offset = _escape(text, offset + 1)
        elif character < " ":
            raise _Stop(
                f"Illegal unquoted character ((CTRL-CHAR, code {ord(character)})): "
                "has to be escaped using backslash to be included in string value",
                offset + 1,
            )
        else:
            offset += 1
    separator = "" if what.startswith(":") else " "
    raise _Stop(f"Unexpected end-of-input{separator}{what}", len(text))


def _escape(text: str, offset: int) -> int:
    """Reads what follows a backslash; the offset behind it."""
    if offset >= len(text):
        raise _Stop("Unexpected end-of-input in character escape sequence", offset)
    character = text[offset]
    if character in _ESCAPES:
        return offset + 1
    if character != "u":
        raise _Stop(
            f"Unrecognized character escape {_named(character)}",
            offset + 1,
        )
    for place in range(offset + 1, offset + 5):
        if place >= len(text) or text[place] not in "0123456789abcdefABCDEF":
            raise _unexpected(text, place, "expected a hex-digit for character escape sequence")
    return offset + 5


def _number_trouble(text: str, offset: int) -> _Stop:
    """Why something that begins like a number is none."""
    digits = offset + 1 if text[offset] == "-" else offset
    if text[digits : digits + 1] == "0" and text[digits + 1 : digits + 2].isdigit():
        return _Stop("Invalid numeric value: Leading zeroes not allowed", digits + 1)
    end = digits
    while end < len(text) and text[end] in "0123456789.eE+-":
        end += 1
    return _unexpected(text, end, "Expected space separating root-level values or a digit")


def _unexpected(text: str, offset: int, wanted: str) -> _Stop:
    """The sentence about one character that may not stand there."""
    if offset >= len(text):
        return _Stop("Unexpected end-of-input", offset)
    return _Stop(f"Unexpected character ({_named(text[offset])}): {wanted}", offset + 1)


def _unclosed(text: str, opened: int, kind: str) -> _Stop:
    """The sentence about an object or array that the text's end leaves open."""
    start = _source(text, *line_and_column(text, opened))
    sentence = f"expected close marker for {kind} (start marker at {start})"
    return _Stop(f"Unexpected end-of-input: {sentence}", len(text))


def _named(character: str) -> str:
    """A character as AWS's parser names it."""
    return f"'{character}' (code {ord(character)})"


def _skip(text: str, offset: int) -> int:
    """The offset behind white space."""
    match = _BLANK.match(text, offset)
    return match.end() if match else offset
