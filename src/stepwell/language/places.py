"""The place of a finding, written out only when there is something to say.

A definition may nest a thousand members under a name of half a megabyte. Carrying the written place
down to each of them would cost their product, so a place is a link to the one above it.
"""

from __future__ import annotations

from dataclasses import dataclass

PART_CHARACTERS_MAX = 200
"""More of one name is not shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON pointer as AWS writes it: `/States/X/Parameters/list[1]`."""

    part: str
    above: Place | None = None

    def member(self, name: str) -> Place:
        """The place of a member of the object that stands here."""
        return Place("/" + name[:PART_CHARACTERS_MAX], self)

    def item(self, index: int) -> Place:
        """The place of an item of the array that stands here."""
        return Place(f"[{index}]", self)

    def __str__(self) -> str:
        parts: list[str] = []
        place: Place | None = self
        while place is not None:
            parts.append(place.part)
            place = place.above
        return "".join(reversed(parts))
