"""A PartiQL statement as tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stepwell.services.dynamodb.errors import invalid

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    |"(?P<quoted>(?:[^"]|"")+)"
    |'(?P<text>(?:[^']|'')*)'
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<sign><<|>>|<>|!=|<=|>=|[=<>(){}\[\].,:*?+\-;])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is word, quoted, text, number, sign or end."""

    kind: str
    text: str


class Tokens:
    """The tokens of one statement, read from left to right."""

    def __init__(self, statement: str) -> None:
        self._tokens = list(_split(statement))
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that comes."""
        return self._tokens[self._at]

    def after(self) -> Token:
        """The one behind it."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self, kind: str = "") -> Token:
        """Go past the token that comes, which must be of that kind."""
        token = self.next
        if kind and token.kind != kind:
            raise self.unexpected()
        if token.kind != "end":
            self._at += 1
        return token

    def is_word(self, *words: str) -> bool:
        """Whether one of these keywords comes."""
        return self.next.kind == "word" and self.next.text.upper() in words

    def is_sign(self, *signs: str) -> bool:
        """Whether one of these signs comes."""
        return self.next.kind == "sign" and self.next.text in signs

    def accept(self, text: str) -> bool:
        """Go past a keyword or sign if it comes."""
        if self.is_word(text) or self.is_sign(text):
            self._at += 1
            return True
        return False

    def expect(self, *texts: str) -> None:
        """Go past all of these in a row."""
        for text in texts:
            if not self.accept(text):
                raise self.unexpected()

    def unexpected(self) -> Exception:
        """The error about the token that comes."""
        token = self.next
        shown = "end of statement" if token.kind == "end" else f"token {token.text}"
        return malformed(f"Unexpected {shown}")


def malformed(problem: str) -> Exception:
    """A statement that is none."""
    return invalid(f"Statement wasn't well formed, can't be processed: {problem}")


def _split(statement: str) -> Iterator[Token]:
    at, end = 0, len(statement.rstrip())
    while at < end:
        found = _TOKEN.match(statement, at)
        if found is None or found.lastgroup is None:
            raise malformed(f"Unexpected character at {at}: {statement[at : at + 10].strip()}")
        kind, text = found.lastgroup, found[found.lastgroup]
        if kind == "quoted":
            text = text.replace('""', '"')
        elif kind == "text":
            text = text.replace("''", "'")
        yield Token(kind, text)
        at = found.end()
    yield Token("end", "")
