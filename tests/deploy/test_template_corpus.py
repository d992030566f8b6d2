"""Templates that other people wrote: each is understood to the end, and the page says how."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell.deploy.findings import DEFINITION, PROPERTY, TYPE, Finding, is_refusal
from tests.shared import require_shared, shared_path
from tools.template_table import TARGET, page, surveyed, templates

TEMPLATE_COUNT = 21


def corpus() -> list[Path]:
    """The templates; none when they are not there."""
    return templates(shared_path("corpus", "templates"))


def test_the_corpus_is_whole() -> None:
    """The templates are there, all of them."""
    require_shared("corpus", "templates")
    assert len(corpus()) == TEMPLATE_COUNT


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.parent.name[:40])
def test_a_template_is_understood(path: Path) -> None:
    """It is read, transformed and evaluated without a refusal, and has no property that a type
    of this server does not know: what remains is refused by name."""
    seen = surveyed(path)
    assert seen.resources
    assert [
        finding for finding in seen.findings if is_refusal(finding) and not by_name(finding)
    ] == []


def by_name(finding: Finding) -> bool:
    """Whether it names something of AWS's that is not here."""
    unknown = ("Encountered unsupported", "required property")
    refused_by_type = finding.category == PROPERTY and not any(
        sentence in finding.message for sentence in unknown
    )
    return refused_by_type or finding.category in (TYPE, DEFINITION)


def test_the_page_says_how_they_fare() -> None:
    """The page in the reference is what the tool writes: run it when a type was added."""
    folder = require_shared("corpus", "templates")
    assert TARGET.read_text(encoding="utf-8") == page(folder)
