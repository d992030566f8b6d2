"""The documentation says of each type what of it has no effect and what is refused."""

from __future__ import annotations

import re

import pytest

from stepwell.deploy.catalog import TYPES
from tests.shared import ROOT

SERVICES = ("DynamoDB", "IAM", "Lambda", "Logs", "StepFunctions")
ROW = re.compile(r"^\| `(AWS::\w+::\w+)` \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
CONCERNED = sorted(
    name
    for name, known in TYPES.items()
    if name.split("::")[1] in SERVICES and (known.without_effect or known.refused)
)


def told() -> dict[str, tuple[set[str], set[str]]]:
    """What the table says: properties without effect, and those refused."""
    text = ROOT.joinpath("docs", "parity.md").read_text(encoding="utf-8")
    return {
        name: (set(re.findall(r"`(\w+)`", kept)), set(re.findall(r"`(\w+)`", refused)))
        for name, kept, refused in ROW.findall(text)
    }


@pytest.mark.parametrize("name", CONCERNED)
def test_what_has_no_effect_is_told(name: str) -> None:
    """The table of a type's properties is that of the type."""
    assert told()[name] == (set(TYPES[name].without_effect), set(TYPES[name].refused))


def test_the_table_has_no_other_type_of_these_services() -> None:
    """A type that honours everything has no row."""
    rows = [name for name in told() if name.split("::")[1] in SERVICES]
    assert sorted(rows) == CONCERNED
