"""Quotas that end an execution: a full history, and too long a life."""

from __future__ import annotations

import dataclasses

import pytest

from stepwell.engine.execution import fold
from stepwell.engine.inputs import StopRequested, TaskAnswered
from stepwell.engine.limits import QUOTAS, Limits
from stepwell.values import JsonObject
from tests.engine.play import Play, ask, both, child, identity, passes, send, waits, work

YEAR_SECONDS = 365 * 24 * 3_600


AGAIN: JsonObject = {"Variable": "$$.State.Name", "IsPresent": True, "Next": "A"}


def endless(state: JsonObject) -> JsonObject:
    """The state A again and again; Z is what a valid definition needs."""
    again: JsonObject = {"Type": "Choice", "Choices": [AGAIN], "Default": "Z"}
    return {"A": {**state, "Next": "C"}, "C": again, "Z": passes()}


def full(events_max: int, states: JsonObject) -> Play:
    """A play whose history may have so many events."""
    return Play(states, limits=Limits(history_events_max=events_max)).start()


def check_end(play: Play, events_max: int) -> None:
    """The last event that there is room for says why."""
    assert play.status == "FAILED"
    assert [event.id for event in play.events] == list(range(1, events_max + 1))
    assert play.events[-1].type == "ExecutionFailed"
    assert play.details() == {
        "error": "States.Runtime",
        "cause": f"The execution reached the maximum number of history events ({events_max}).",
    }


def test_aws_ends_a_loop_at_25000_events() -> None:
    """Exactly: the last of them is the execution's end."""
    limits = dataclasses.replace(QUOTAS["aws"], transitions_per_turn_max=100_000)
    play = Play(endless(passes(Next="C")), limits=limits)
    play.start()
    check_end(play, 25_000)


def test_open_lets_a_history_grow() -> None:
    """25,000 events and more, in as many turns as it takes."""
    play = Play(endless(passes(Next="C")))
    limits = dataclasses.replace(QUOTAS["open"], transitions_per_turn_max=13_000)
    play.limits = limits
    play.start()
    assert play.status == "RUNNING"
    assert len(play.events) > 25_000


@pytest.mark.parametrize("events_max", range(3, 40))
@pytest.mark.parametrize(
    "state", [send(Next="C"), ask(Next="C"), child(Next="C"), both({"S": send()}, Next="C")]
)
def test_a_history_is_full_at_any_event(events_max: int, state: JsonObject) -> None:
    """Between events that belong together, too: nothing is left behind or taken back twice."""
    play = full(events_max, endless(state))
    for _ in range(40):
        if play.status != "RUNNING":
            break
        call = play.call()
        if play.open and call.event not in play.open:
            break
        play.tell(TaskAnswered(call.branch, call.event, {"ExecutionArn": "arn:child"}))
        if play.open and play.status == "RUNNING":
            play.complete()
    check_end(play, events_max)
    assert play.open == {}
    assert fold(identity(), play.program, play.events).status == "FAILED"


def test_a_token_that_was_never_handed_out_is_not_closed() -> None:
    """The history is full after TaskScheduled: no token was opened, no call asked for."""
    play = full(4, {"A": ask()})
    check_end(play, 4)
    assert (play.open, play.closed, play.calls) == ({}, {}, {})


def test_a_token_that_was_answered_is_closed_once() -> None:
    """The answer is the reason, although its event found no room."""
    play = full(6, {"A": ask()})
    play.answer()
    play.complete()
    check_end(play, 6)
    assert [token.reason for token in play.closed.values()] == ["succeeded"]


def test_an_activity_offer_is_taken_back_when_the_history_is_full() -> None:
    """A branch beside it filled the history."""
    play = full(9, {"A": both({"W": work()}, {"S": send()})})
    play.answer()
    check_end(play, 9)
    assert play.offers == {}


def test_a_stop_finds_room_in_a_full_history() -> None:
    """The last event is kept for the end, whatever that is."""
    play = full(5, {"A": ask()})
    assert len(play.events) == 4
    play.tell(StopRequested("E", "c"))
    assert play.status == "ABORTED"


def test_nothing_is_counted_under_open() -> None:
    """No bound unless one is set."""
    assert QUOTAS["open"].history_events_max is None
    assert QUOTAS["open"].execution_seconds_max is None
    assert QUOTAS["open"].payload_bytes_max == QUOTAS["aws"].payload_bytes_max == 262_144


def test_aws_times_an_execution_out_after_a_year() -> None:
    """Without a timeout of its own; an execution that ended has no timer left."""
    play = Play({"A": waits(99_999_999)}, limits=QUOTAS["aws"]).start()
    assert play.timers[0, "execution"].due_at == play.now + YEAR_SECONDS * 1000
    play.fire("execution")
    assert (play.status, play.types[-1]) == ("TIMED_OUT", "ExecutionTimedOut")
    assert play.details() == {"error": "States.Timeout"}
    done = Play({"A": passes()}, limits=QUOTAS["aws"]).start()
    assert done.timers == {}


@pytest.mark.parametrize(
    ("seconds", "quotas", "expected"),
    [(60, "aws", 60), (2 * YEAR_SECONDS, "aws", YEAR_SECONDS), (2 * YEAR_SECONDS, "open", None)],
)
def test_the_nearer_bound_counts(seconds: int, quotas: str, expected: int | None) -> None:
    """The definition's timeout and the quota."""
    definition: JsonObject = {
        "StartAt": "A",
        "TimeoutSeconds": seconds,
        "States": {"A": waits(9)},
    }
    play = Play(definition=definition, limits=QUOTAS[quotas]).start()
    due_at = play.timers[0, "execution"].due_at
    assert due_at == play.now + (expected or seconds) * 1000


def test_a_year_is_not_over_when_the_quotas_were_opened() -> None:
    """A timer that was set under `aws` means nothing, or later, once `open` is chosen."""
    play = Play({"A": waits(99_999_999)}, limits=QUOTAS["aws"]).start()
    play.limits = QUOTAS["open"]
    play.fire("execution")
    assert play.status == "RUNNING"
    assert set(play.timers) == {(0, "wait")}
    definition: JsonObject = {
        "StartAt": "A",
        "TimeoutSeconds": 2 * YEAR_SECONDS,
        "States": {"A": waits(9)},
    }
    longer = Play(definition=definition, limits=QUOTAS["aws"]).start()
    longer.limits = QUOTAS["open"]
    longer.fire("execution")
    assert longer.status == "RUNNING"
    longer.fire("execution")
    assert longer.status == "TIMED_OUT"
