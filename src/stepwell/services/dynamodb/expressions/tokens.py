"""An expression as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from stepwell.services.dynamodb.errors import invalid

EXPRESSION_BYTES_MAX = 4096

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<hash>#[A-Za-z0-9_]+)|(?P<colon>:[A-Za-z0-9_]+)"
    r"|(?P<number>[0-9]+)|(?P<operator><>|<=|>=|[=<>()\[\].,+\-]))"
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, hash, colon, number, operator or end."""

    kind: str
    text: str
    start: int
    end: int


class Tokens:
    """The tokens of one expression, read from left to right."""

    def __init__(self, text: str, place: str) -> None:
        """`place` is the parameter, as errors name it: `ConditionExpression`."""
        self.text = text
        self.place = place
        if not text.strip():
            raise self.error("The expression can not be empty;")
        if len(text.encode("utf-8", "replace")) > EXPRESSION_BYTES_MAX:
            raise self.error(
                "Expression size has exceeded the maximum allowed size; expression size:"
                f" {len(text.encode('utf-8', 'replace'))}"
            )
        try:
            self._tokens = _split(text)
        except _Unreadable as trouble:
            raise self._misread(trouble) from None
        self._at = 0

    def error(self, problem: str) -> Exception:
        """A ValidationException about this expression."""
        return invalid(f"Invalid {self.place}: {problem}")

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self._tokens[self._at]

    def after(self) -> Token:
        """The token behind the one that comes."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The token that comes, gone past."""
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def is_word(self, *words: str) -> bool:
        """Whether a keyword comes, in capitals or not."""
        return self.next.kind == "name" and self.next.text.upper() in words

    def is_operator(self, *operators: str) -> bool:
        """Whether one of these comes."""
        return self.next.kind == "operator" and self.next.text in operators

    def accept(self, text: str) -> bool:
        """Go past an operator or keyword if it comes."""
        if self.is_operator(text) or self.is_word(text):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Go past it, or refuse the expression."""
        if not self.accept(text):
            raise self.unexpected()

    def unexpected(self) -> Exception:
        """The error about the token that comes."""
        token = self.next
        first = self._tokens[max(0, self._at - 1)]
        shown = "<EOF>" if token.kind == "end" else token.text
        near = self.text[first.start : self.after().end]
        return self.error(f'Syntax error; token: "{shown}", near: "{near}"')

    def _misread(self, trouble: _Unreadable) -> Exception:
        bad = self.text[trouble.start : trouble.start + 1]
        near = self.text[trouble.near : trouble.start + 2]
        return self.error(f'Syntax error; token: "{bad}", near: "{near}"')


class _Unreadable(Exception):
    """No token begins at `start`; the last good one began at `near`."""

    def __init__(self, start: int, near: int) -> None:
        super().__init__()
        self.start = start
        self.near = near


@lru_cache(maxsize=1_000)
def _split(text: str) -> tuple[Token, ...]:
    """The tokens of a text; the same few expressions come again and again."""
    tokens: list[Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            start = len(text) - len(text[at:].lstrip())
            raise _Unreadable(start, tokens[-1].start if tokens else start)
        word = found[found.lastgroup]
        tokens.append(Token(found.lastgroup, word, found.start(found.lastgroup), found.end()))
        at = found.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tuple(tokens)
