"""The text of a definition: where things stand in it, and which keys it repeats.

Nothing here runs for a definition of which nothing is to be said. `Places` maps a finding's place
(`/States/X/Catch[0]`) to line and column.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import blake2b

from stepwell.values import decode

DUPLICATES_MAX = 100
"""More repeated keys than this are not named one by one."""

DIGEST_BYTES = 16

_PART = re.compile(r"[/\[][^/\[]*")
_TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)
_STRING = re.compile(r'(?:"(?:[^"\\]|\\.)*"[ \t\r\n]*:[ \t\r\n]*)?"')
_CHARACTER = re.compile(
    r'\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^"\\]'
)
"""One character of a string, as it is written."""


@dataclass(slots=True)
class Places:
    """Where things stand: offsets by place, and the places whose key is repeated, part by part.

    Places are kept by their digest, else one long name would be stored with each of its members.
    """

    offsets: dict[bytes, int] = field(default_factory=dict)
    duplicates: list[tuple[str, ...]] = field(default_factory=list)
    line_starts: list[int] = field(default_factory=lambda: [0])

    def line_and_column(self, location: str) -> tuple[int, int]:
        """Line and column of a place, or of the nearest known place around it."""
        place = blake2b(digest_size=DIGEST_BYTES)
        offset = self.offsets.get(place.digest(), 0)
        for part in _PART.findall(location):
            place.update(_bytes(part))
            offset = self.offsets.get(place.digest(), offset)
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def mark(self, place: blake2b, offset: int) -> None:
        """Keeps where a place stands; for a member that is its key, which comes first."""
        self.offsets.setdefault(place.digest(), offset)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def offset_within(text: str, offset: int, character: int) -> int:
    """Where a character (from 1) of the string stands that begins at an offset, or follows the key
    that does. The offset itself where there is no such string."""
    found = _STRING.match(text, offset)
    if found is None:
        return offset
    at = found.end()
    for _ in range(character - 1):
        piece = _CHARACTER.match(text, at)
        if piece is None:
            break
        at = piece.end()
    return at


def scan_places(text: str) -> Places:
    """The places of a text that is valid JSON."""
    places = Places()
    places.line_starts += [match.end() for match in re.finditer("\n", text)]
    open_values: list[_Open] = []
    place, label, offset = blake2b(digest_size=DIGEST_BYTES), "", 0
    at_key = False
    while match := _TOKEN.match(text, offset):
        token, offset = match[1], match.end()
        if token in ("{", "["):
            places.mark(place, match.start(1))
            open_values.append(_Open(place, label, is_object=token == "{"))
            at_key = token == "{"
            place, label = open_values[-1].next_element()
        elif token in ("}", "]"):
            open_values.pop()
            at_key = False
        elif token == ",":
            at_key = open_values[-1].is_object
            place, label = open_values[-1].next_element()
        elif token == ":":
            at_key = False
        elif at_key:
            place, label = open_values[-1].member(f"/{decode(token)}")
            if open_values[-1].repeats(label) and len(places.duplicates) < DUPLICATES_MAX:
                around = (each.label for each in open_values if each.label)
                places.duplicates.append((*around, label))
                places.offsets[place.digest()] = match.start(1)
            places.mark(place, match.start(1))
        else:
            places.mark(place, match.start(1))
    return places


@dataclass(slots=True)
class _Open:
    """An array or object that is being read: its place, and the last part of that."""

    place: blake2b
    label: str
    is_object: bool
    count: int = 0
    labels: set[str] = field(default_factory=set)

    def next_element(self) -> tuple[blake2b, str]:
        """The place of the next element; for an object its own until the key is known."""
        if self.is_object:
            return self.place, self.label
        self.count += 1
        return self.member(f"[{self.count - 1}]")

    def member(self, label: str) -> tuple[blake2b, str]:
        """The place of a member."""
        place = self.place.copy()
        place.update(_bytes(label))
        return place, label

    def repeats(self, label: str) -> bool:
        """Whether this key was there before."""
        if label in self.labels:
            return True
        self.labels.add(label)
        return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
