"""What is wrong with a JSON text, in the words AWS's parser uses.

Only texts that were already refused come here. The scanner walks the text once, without recursion,
and stops at the first thing that can't be.
"""

from __future__ import annotations

import re

from stepwell.values import NESTING_MAX, BadJson, decode_payload, nests_too_deep

_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_TOKEN_CHARACTERS_MAX = 256
_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[\w$]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(r'["\\/bfnrt]|u[0-9a-fA-F]{4}')


class _Found(Exception):
    """Carries the complaint out of the scan."""


def complaint(text: str) -> str:
    """AWS's sentence about a text that is not JSON; ours about JSON that cannot be kept."""
    try:
        _Scan(text).run()
    except _Found as found:
        return str(found)
    if nests_too_deep(text):
        return f"Invalid JSON: arrays and objects are nested deeper than {NESTING_MAX} levels"
    try:
        decode_payload(text)
    except BadJson as bad:
        # The scan came to the end, so what the parser misses is the other half of a character.
        is_half = "truncated" in str(bad)
        return f"Invalid JSON: {'half of a surrogate pair stands alone' if is_half else bad}"
    return "Invalid JSON"


class _Scan:
    """One walk over a text. `open` holds the closing brackets that are still missing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[str] = []

    def run(self) -> None:
        self.value()
        while self.open:
            self.separator()
        self.space()
        if self.at < len(self.text):
            self.value()

    def value(self) -> None:
        """Read a value, or the opening of an object or array with what must follow it."""
        while True:
            first = self.peek()
            if first == "{":
                self.at += 1
                self.open.append("}")
                if self.peek() == "}":
                    return
                self.field_name()
            elif first == "[":
                self.at += 1
                self.open.append("]")
                if self.peek() == "]":
                    return
            else:
                self.scalar(first)
                return

    def separator(self) -> None:
        """Read what may stand after a value: a comma or the end of what is open."""
        closing = self.open[-1]
        character = self.peek()
        if character == closing:
            self.at += 1
            self.open.pop()
        elif character == ",":
            self.at += 1
            if closing == "}":
                self.field_name()
            self.value()
        else:
            kind = "Object" if closing == "}" else "Array"
            self.unexpected(character, f"was expecting comma to separate {kind} entries")

    def field_name(self) -> None:
        character = self.peek()
        if character != '"':
            self.unexpected(character, "was expecting double-quote to start field name")
        self.string()
        character = self.peek()
        if character != ":":
            self.unexpected(character, "was expecting a colon to separate field name and value")
        self.at += 1

    def scalar(self, first: str) -> None:
        if first == '"':
            self.string()
        elif first == "-" or first.isdecimal():
            number = _NUMBER.match(self.text, self.at)
            if number is None:
                raise _Found("Unexpected character: expected digit (0-9) to follow minus sign")
            self.at = number.end()
            if number[0] in ("0", "-0") and self.text[self.at : self.at + 1].isdecimal():
                raise _Found("Invalid numeric value: Leading zeroes not allowed")
        elif first == "_" or first.isalpha():
            word = _WORD.match(self.text, self.at)
            token = word[0] if word else first
            if token not in ("null", "true", "false"):
                if len(token) > _TOKEN_CHARACTERS_MAX:
                    token = token[:_TOKEN_CHARACTERS_MAX] + "..."
                raise _Found(f"Unrecognized token '{token}': was expecting {_VALUES}")
            self.at += len(token)
        else:
            self.unexpected(first, f"expected a valid value {_VALUES}")

    def string(self) -> None:
        at = self.at + 1
        while at < len(self.text):
            character = self.text[at]
            if character == '"':
                self.at = at + 1
                return
            if character == "\\":
                escape = _ESCAPE.match(self.text, at + 1)
                if escape is None and at + 1 < len(self.text):
                    bad = self.text[at + 1]
                    raise _Found(f"Unrecognized character escape '{bad}' (code {ord(bad)})")
                at = escape.end() if escape else len(self.text)
            elif character < " ":
                raise _Found(
                    f"Illegal unquoted character ((CTRL-CHAR, code {ord(character)})): "
                    "has to be escaped using backslash to be included in string value"
                )
            else:
                at += 1
        raise _Found("Unexpected end-of-input: was expecting closing quote for a string value")

    def peek(self) -> str:
        """The next character that is no space."""
        self.space()
        if self.at >= len(self.text):
            what = {"}": "Object", "]": "Array"}.get(self.open[-1] if self.open else "")
            expected = f"expected close marker for {what}" if what else "expected a value"
            raise _Found(f"Unexpected end-of-input: {expected}")
        return self.text[self.at]

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def unexpected(self, character: str, why: str) -> None:
        raise _Found(f"Unexpected character ('{character}' (code {ord(character)})): {why}")
