"""What `immutable` makes of a class; the type checker reads this file too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stepwell.immutable import immutable


@immutable
class Place:
    """Something with two fields."""

    name: str
    floor: int = 0


def test_places_are_compared_by_their_fields() -> None:
    """It is a dataclass: made by position or name, equal by value, copied by `replace`."""
    assert Place("a", floor=1) == Place("a", 1)
    assert replace(Place("a"), floor=2) == Place("a", 2)
    match Place("a", 3):
        case Place(name, floor):
            assert (name, floor) == ("a", 3)


def test_there_are_no_other_fields() -> None:
    """It has slots, so that a mistyped name is an error."""
    with pytest.raises(AttributeError):
        Place("a").flor = 1  # type: ignore[attr-defined]


def test_the_type_checker_refuses_changes() -> None:
    """The comment would be refused as unused if a field could be set."""
    place = Place("a")
    place.name = "b"  # type: ignore[misc]
