"""The bench's table judges by the right number and never calls a missing number good."""

from __future__ import annotations

import pytest

from bench.report import Line, number, render
from bench.scenarios import SCENARIOS, Scenario, named

AGAINST = Scenario("pass1", "rate", "executions/s", 10, 1, floor=0.45, aim=0.8)
ALONE = Scenario("waiting", "bytes", "bytes", 10, 1, 2_000, 200, alone=True, lower=True)
LATER = Scenario("express", "rate", "requests/s", 10, 1, 0.35, 0.6, not_yet="not there yet")


@pytest.mark.parametrize(
    ("ours", "missed", "word"),
    [(40.0, True, "BELOW THE FLOOR"), (45.0, False, "ok"), (80.0, False, "aim reached")],
)
def test_a_ratio_is_held_against_floor_and_aim(ours: float, missed: bool, word: str) -> None:
    """The verdict follows the ratio to the probe."""
    line = Line(AGAINST, ours=ours, probes=100.0)
    assert (line.missed, line.verdict) == (missed, word)


@pytest.mark.parametrize(
    ("ours", "missed", "word"),
    [(2_001.0, True, "BELOW THE FLOOR"), (2_000.0, False, "ok"), (200.0, False, "aim reached")],
)
def test_less_is_better_where_it_is(ours: float, missed: bool, word: str) -> None:
    """A scenario that is measured alone is held against values, and less may be better."""
    line = Line(ALONE, ours=ours)
    assert (line.missed, line.verdict) == (missed, word)


@pytest.mark.parametrize("line", [Line(AGAINST, probes=1.0), Line(AGAINST, ours=1.0), Line(ALONE)])
def test_no_number_is_a_miss(line: Line) -> None:
    """A run that gave no number misses the floor."""
    assert line.missed
    assert line.verdict.startswith("no result")


def test_what_is_not_there_yet_misses_nothing() -> None:
    """A scenario of a feature to come is shown and not judged."""
    line = Line(LATER, note="not yet: not there yet")
    assert not line.missed
    assert line.verdict == "not yet: not there yet"


@pytest.mark.parametrize(
    "result",
    [
        {"errors": {"ApiError 500": 1}},
        {"drained": False},
        {"lost_executions": 1},
        {"lost_tokens": 2},
        {"status": "FAILED"},
    ],
)
def test_a_run_that_went_wrong_does_not_count(result: dict[str, object]) -> None:
    """Errors, losses and unfinished executions are troubles, whatever the rate was."""
    assert AGAINST.trouble({"rate": 100.0, **result})


def test_a_clean_run_counts() -> None:
    """No trouble is seen where there is none."""
    clean = {"rate": 1, "errors": {}, "drained": True, "lost_executions": 0, "status": "SUCCEEDED"}
    assert AGAINST.trouble(clean) == ""
    assert AGAINST.value(clean) == 1.0


def test_the_table_has_a_line_for_each_scenario() -> None:
    """Every scenario stands in the table, with aligned columns."""
    table = render([Line(scenario) for scenario in SCENARIOS]).splitlines()
    assert len(table) == len(SCENARIOS) + 2
    assert len({len(line) for line in table}) == 1


def test_an_unknown_scenario_is_named() -> None:
    """A misspelt scenario is refused with the ones there are."""
    with pytest.raises(ValueError, match="pass2; there are pass1"):
        named("pass1,pass2")


def test_numbers_are_short() -> None:
    """Large numbers have no decimals, small ones three figures, missing ones a dash."""
    assert [number(v) for v in (12345.6, 1.2345, None)] == ["12,346", "1.23", "-"]
