"""docs/reference/resource-types.md is what the catalog says."""

from __future__ import annotations

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.stored import stored_type
from tools import resource_types


def test_the_page_is_up_to_date() -> None:
    """The page is what `python tools/resource_types.py` writes."""
    assert resource_types.TARGET.read_text(encoding="utf-8") == resource_types.page()


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    return Made("it")


async def _delete(cloud: Cloud, existing: Existing) -> None:
    """Nothing."""


def test_a_page_tells_of_each_type_what_it_does() -> None:
    """A running type has a row with what it keeps and refuses, a stored one stands with others."""
    running = ResourceType(
        "AWS::New::Thing",
        _create,
        _delete,
        without_effect=frozenset({"B", "A"}),
        refused={"C": "nobody can."},
    )
    stored = [stored_type(f"AWS::Old::{name}") for name in ("Two", "One")]
    text = resource_types.page({each.name: each for each in (running, *stored)})
    assert "| `AWS::New::Thing` | `A`, `B` | `C`: nobody can |" in text
    assert "| `AWS::Old` | `One`, `Two` |" in text
