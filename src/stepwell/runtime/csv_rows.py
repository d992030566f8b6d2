"""Rows of delimited text, with the escapes that AWS's guide describes.

Newlines end records. Fields in double quotes may hold delimiters and newlines. A quote is written
twice to be kept, in a quoted field or not. A backslash keeps a backslash, a quote or the delimiter
behind it, and is removed before anything else.

Python's reader knows neither the last rule nor the one before it for fields without quotes, so text
with such marks is read here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

FIELD_CHARACTERS_MAX = 8 << 20


def rows_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows; empty for empty lines. Raises csv.Error."""
    if "\\" in text or '""' in text:
        return _Escaped(text, delimiter).rows()
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


class _Escaped:
    """One pass over the text, from mark to mark."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._marks = re.compile(rf'[\\"\r\n{re.escape(delimiter)}]')
        self._at = 0
        self._pieces: list[str] = []
        self._length = 0
        self._begun = False
        self._quoted = False
        self._row: list[str] = []

    def rows(self) -> Iterator[list[str]]:
        """The rows, one after another."""
        while (mark := self._marks.search(self._text, self._at)) is not None:
            self._keep(self._text[self._at : mark.start()])
            self._at = mark.end()
            if self._take(mark.group()):
                yield self._row
                self._row = []
        self._keep(self._text[self._at :])
        if self._row or self._begun:
            self._end_field()
            yield self._row

    def _keep(self, piece: str) -> None:
        if piece:
            self._begun = True
            self._pieces.append(piece)
            self._length += len(piece)
            if self._length > FIELD_CHARACTERS_MAX:
                raise csv.Error(f"field larger than field limit ({FIELD_CHARACTERS_MAX})")

    def _take(self, mark: str) -> bool:
        """What a mark means; whether the record ends with it."""
        following = self._text[self._at : self._at + 1]
        if mark == "\\":
            if following and following in f'\\"{self._delimiter}':
                self._keep(following)
                self._at += 1
        elif mark == '"':
            self._quote(following)
        elif self._quoted:
            self._keep(mark)
        elif mark == self._delimiter:
            self._end_field()
        else:
            if mark == "\r" and following == "\n":
                self._at += 1
            if self._row or self._begun:
                self._end_field()
            return True
        return False

    def _quote(self, following: str) -> None:
        if following == '"' and (self._quoted or self._pieces):
            self._keep('"')
            self._at += 1
        elif self._quoted or not self._pieces:
            self._begun = True
            self._quoted = not self._quoted
        else:
            self._keep('"')

    def _end_field(self) -> None:
        self._row.append("".join(self._pieces))
        self._pieces, self._length = [], 0
        self._begun = self._quoted = False
