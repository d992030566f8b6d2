"""JSONata text cut into tokens.

Only as exact as the analysis needs: whether an expression is well formed is for the library to
say. A slash opens a regular expression where an operand is expected, and divides elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

NAME, VARIABLE, STRING, NUMBER, REGEX, OPERATOR, END = (
    "name",
    "variable",
    "string",
    "number",
    "regex",
    "operator",
    "end",
)

_TWO = r"\.\.|:=|!=|>=|<=|\*\*|~>|\?:|\?\?"
_ONE = r"[.\[\]{}(),@#;:?+\-*/|%=<>^&!~]"
_TOKEN = re.compile(
    r"(?P<blank>[ \t\n\r\v]+|/\*.*?\*/)"
    r"|(?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?)"
    r"""|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"|(?P<quoted>`[^`]*`)"
    rf"|(?P<operator>{_TWO}|{_ONE})"
    r"|(?P<word>[^ \t\n\r\v.\[\]{}(),@#;:?+\-*/%|=<>^&!~\"'`]+)",
    re.DOTALL,
)
_REGEX_PLAIN = re.compile(r"/(?:[^/\\]|\\.)+/[im]*", re.DOTALL)
_REGEX_FLAGS = re.compile(r"[im]*")
_CLOSING = frozenset({")", "]", "}"})
_WORD_OPERATORS = frozenset({"and", "or", "in"})


class Token(NamedTuple):
    """One token: its kind, its text (a name without its quotes, a variable without `$`), place."""

    kind: str
    text: str
    position: int


class NotUnderstood(ValueError):
    """The text is not JSONata as far as this reader goes; `position` counts characters, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def tokens(text: str) -> Iterator[Token]:
    """The tokens of an expression, then one END. Raises NotUnderstood."""
    position = 0
    operand_expected = True
    while position < len(text):
        token, position = _next(text, position, operand_expected)
        if token is not None:
            operand_expected = _expects_operand(token)
            yield token
    yield Token(END, "", len(text))


def _expects_operand(token: Token) -> bool:
    """Whether an operand must follow; `and` may be a name too, then a slash would divide."""
    if token.kind == OPERATOR:
        return token.text not in _CLOSING
    return token.kind == NAME and token.text in _WORD_OPERATORS


def _next(text: str, position: int, operand_expected: bool) -> tuple[Token | None, int]:
    if operand_expected and text[position] == "/" and not text.startswith("/*", position):
        end = _regex_end(text, position)
        if end is not None:
            return Token(REGEX, text[position:end], position), end
    found = _TOKEN.match(text, position)
    if found is None:
        raise NotUnderstood("no token", position)
    return _token(found, position), found.end()


def _regex_end(text: str, position: int) -> int | None:
    """Where a regular expression ends: a slash within brackets is one of its characters."""
    depth, place = 0, position + 1
    while place < len(text):
        character = text[place]
        if character == "/" and depth == 0 and place > position + 1:
            flags = _REGEX_FLAGS.match(text, place + 1)
            return place + 1 if flags is None else flags.end()
        depth += (character in "([{") - (character in ")]}")
        place += 1 + (character == "\\")
    found = _REGEX_PLAIN.match(text, position)  # A bracket in a class may have no partner.
    return None if found is None else found.end()


def _token(found: re.Match[str], position: int) -> Token | None:
    kind, text = found.lastgroup, found[0]
    if kind == "blank":
        return None
    if kind == "word":
        if text.startswith("$"):
            return Token(VARIABLE, text[1:], position)
        return Token(NAME, text, position)
    if kind == "quoted":
        return Token(NAME, text[1:-1], position)
    return Token(str(kind), text, position)
