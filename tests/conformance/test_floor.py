"""The floor only rises, and its listing tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell import values
from tests.conformance import cases, floor, play
from tests.conformance.cases import Case
from tests.conformance.play import Outcome


def case(name: str, *requires: str, features: tuple[str, ...] = (), category: str = "base") -> Case:
    """A case that touches Step Functions and these services."""
    return Case(name, category, frozenset({"states", *requires}), frozenset(features))


def ended(name: str, outcome: str) -> Outcome:
    """How a case ended."""
    return Outcome(name, "base", outcome, "at $.x: expected 1, got 2")


@pytest.fixture
def floor_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A floor of two cases."""
    path = tmp_path / "passing.txt"
    path.write_text("a\nb\n", encoding="utf-8")
    monkeypatch.setattr(cases, "FLOOR_PATH", path)
    return path


@pytest.mark.usefixtures("floor_file")
def test_a_failing_case_of_the_floor_is_named_with_its_difference() -> None:
    """Failed, errored and missing cases of the floor all fall below it; others don't matter."""
    assert floor.fallen_below([ended("a", "PASS"), ended("b", "PASS"), ended("c", "FAIL")]) == []
    fallen = floor.fallen_below([ended("a", "FAIL")])
    assert fallen == ["a\n    FAIL at $.x: expected 1, got 2", "b"]
    assert len(floor.fallen_below([ended("a", "PASS"), ended("b", "ERROR")])) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (case("a", "ecs", "batch"), "needs batch, ecs"),
        (case("a", "sqs", features=("express",)), "Express"),
        (case("a", category="api_aliasing"), "aliases"),
        (case("a"), "differs"),
    ],
)
def test_the_reason_class_of_a_case(given: Case, reason: str) -> None:
    """A missing service comes first, then the feature, then the category, then a difference."""
    assert given.reason == reason


def test_only_cases_within_the_embedded_services_are_playable() -> None:
    """A case that needs one more service is not played."""
    assert case("a", "sqs").playable
    assert not case("a", "sqs", "ecs").playable


def test_the_listing_counts_and_names_what_does_not_pass() -> None:
    """The listing has the totals, a line per category and every case that does not pass."""
    known = [case("a"), case("b"), case("c", "ecs", category="services")]
    text = floor.listing(known, {"a"})
    assert "\n1 of 2 cases" in text
    assert "| base | 1 | 2 | 2 |" in text
    assert "| services | 0 | 0 | 1 |" in text
    assert "- base: `b`" in text
    assert "- services: `c`" in text
    assert "`a`" not in text


def test_a_report_of_the_runner_is_read(tmp_path: Path) -> None:
    """The first difference of a failed case and the note of an errored one are kept."""
    report = tmp_path / "results.json"
    entries = [
        {"id": "a", "category": "base", "outcome": "PASS"},
        {"id": "b", "category": "base", "outcome": "ERROR", "note": "no queue"},
        {"id": "c", "category": "wait", "outcome": "FAIL", "path": "$.x", "expected": 1, "got": 2},
    ]
    report.write_bytes(values.encode({"results": entries}))
    assert [(o.passed, o.detail) for o in play.read(report)] == [
        (True, ""),
        (False, "no queue"),
        (False, "at $.x: expected 1, got 2"),
    ]
