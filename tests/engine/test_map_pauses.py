"""A Map that has more to start than one turn may: it goes on later, and leaves no timer behind."""

from __future__ import annotations

import pytest

from stepwell.engine.limits import Limits
from stepwell.values import JsonObject, JsonValue
from tests.engine.play import Play, ask, passes, waits

LIMITS = Limits(transitions_per_turn_max=3)
ITEMS: list[JsonValue] = [1, 2, 3, 4, 5, 6]


def started(**more: object) -> Play:
    """A Map over six items, three of which could be started."""
    processor = {"StartAt": "A", "States": {"A": ask()}}
    shape = {"Type": "Map", "ItemsPath": "$", "ItemProcessor": processor, "Next": "W"}
    states: JsonObject = {"M": {**shape, **more}, "W": waits(5), "C": passes()}  # type: ignore[dict-item]
    if "Catch" not in more:
        del states["C"]
    play = Play(states, limits=LIMITS).start(ITEMS)
    assert list(play.timers) == [(0, "continue")]
    return play


def test_it_goes_on_when_its_timer_runs_out() -> None:
    """The rest is started, once."""
    play = started()
    play.fire("continue")
    assert play.types.count("MapIterationStarted") == len(ITEMS)


def test_others_that_end_may_start_the_rest_before() -> None:
    """The timer ends with the Map, at the latest."""
    play = started()
    for _ in ITEMS:
        for call in list(play.calls.values()):
            play.answer({}, play.calls.pop(call.event))
        play.complete(1)
    assert play.types.count("MapIterationStarted") == len(ITEMS)
    assert list(play.timers) == [(0, "wait")]


@pytest.mark.parametrize(
    ("more", "timers"),
    [
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, [(0, "retry")]),
        ({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]}, []),
        ({}, []),
    ],
    ids=["retry", "catch", "fail"],
)
def test_a_failure_forgets_the_rest(more: JsonObject, timers: list[tuple[int, str]]) -> None:
    """Whatever becomes of it, nobody waits to start more."""
    play = started(**more)
    play.answer()
    play.fail("E")
    assert list(play.timers) == timers
