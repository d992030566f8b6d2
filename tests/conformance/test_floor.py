"""The floor only rises, and its listing tells the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell import values
from tests.conformance import cases, floor, play
from tests.conformance.cases import Case, Reason
from tests.conformance.play import Outcome


def case(name: str, *requires: str, category: str = "base") -> Case:
    """A case that touches Step Functions and these services."""
    return Case(name, category, frozenset({"states", *requires}))


def reason(*names: str) -> Reason:
    """Why some cases don't pass."""
    return Reason(names, "It has a wing.", "AWS has feathers.")


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


def test_only_cases_within_the_embedded_services_are_playable() -> None:
    """A case that needs one more service is not played."""
    assert case("a", "sqs").playable
    assert not case("a", "sqs", "ecs").playable


def test_the_listing_counts_and_names_what_does_not_pass() -> None:
    """The listing has the totals, a line per category and every case that does not pass."""
    known = [case("a"), case("b"), case("c", "ecs", category="services")]
    text = floor.listing(known, {"a"}, [reason("b")])
    assert "\n1 of 2 cases" in text
    assert "| base | 1 | 2 | 2 |" in text
    assert "| services | 0 | 0 | 1 |" in text
    assert "- `b`\n\n  **Recorded:** It has a wing.\n\n  **Why:** AWS has feathers.\n" in text
    assert "- ecs: `c`" in text
    assert "`a`" not in text


def test_every_case_that_fails_has_one_reason() -> None:
    """A failing case without a reason is named, and so is a reason for one that passes."""
    known = [case("a"), case("b"), case("c", "ecs")]
    assert floor.unexplained(known, {"a"}, [reason("b")]) == []
    assert floor.unexplained(known, {"a"}, []) == ["no reason yet: b"]
    assert floor.unexplained(known, {"a"}, [reason("a", "b")]) == ["does not fail: a"]
    assert floor.unexplained(known, {"a"}, [reason("b"), reason("b")]) == ["two reasons: b"]


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
