"""A rate for all executions together: states are entered later, and nothing else changes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from stepwell.engine.buckets import Rate, TokenBucket
from stepwell.engine.inputs import RedriveRequested, StopRequested, TaskRefused
from stepwell.engine.limits import World
from stepwell.values import JsonObject
from tests.engine.play import START, Play, both, passes, send, waits


class Turns:
    """A bucket that may be shared by plays."""

    def __init__(self, size: int, per_second: int) -> None:
        self.bucket = TokenBucket(Rate(size, per_second), START)
        self.charged = 0

    def charge(self, now: int) -> None:
        """See `Pace`."""
        self.charged += 1
        self.bucket.reserve(now)

    def turn_at(self, now: int) -> int:
        """See `Pace`."""
        self.charged += 1
        return self.bucket.reserve(now)


def line(count: int) -> JsonObject:
    """So many states, one after the other."""
    states: JsonObject = {f"S{n}": passes(Next=f"S{n + 1}") for n in range(count - 1)}
    return {**states, f"S{count - 1}": passes()}


def entered(play: Play) -> list[int]:
    """When each state was entered, in milliseconds since the start."""
    return [event.at - START for event in play.events if event.type.endswith("StateEntered")]


def go_on(play: Play) -> None:
    """Let time pass until it is over."""
    while play.status == "RUNNING":
        number, kind = min(play.timers, key=lambda place: play.timers[place].due_at)
        play.fire(kind, number)


def test_states_beyond_the_burst_are_entered_at_the_rate() -> None:
    """Three at once, then one every half second; the history is the same."""
    paced = Play(line(6), world=World(pace=Turns(3, 2))).start()
    assert paced.types[-1] == "PassStateExited"
    assert set(paced.timers) == {(0, "continue")}
    go_on(paced)
    assert entered(paced) == [0, 0, 0, 500, 1_000, 1_500]
    assert paced.trail == Play(line(6)).start().trail


def test_two_executions_share_it() -> None:
    """First come, first served: the second one's turns lie after the first one's."""
    turns = Turns(4, 1)
    first = Play(line(4), world=World(pace=turns)).start()
    second = Play(line(3), world=World(pace=turns)).start()
    assert first.status == "SUCCEEDED"
    go_on(second)
    assert entered(second) == [0, 2_000, 3_000]


def test_what_begins_is_counted_and_not_held_up() -> None:
    """Branches begin together; their second states wait until what began was paid for, too."""
    branches: list[JsonObject] = [
        {f"A{n}": passes(Next=f"B{n}"), f"B{n}": passes()} for n in range(3)
    ]
    turns = Turns(1, 1)
    play = Play({"P": both(*branches)}, world=World(pace=turns)).start()
    assert entered(play) == [0, 0, 0, 0]
    go_on(play)
    assert entered(play) == [0, 0, 0, 0, 2_000, 4_000, 6_000]
    assert turns.charged == 7


def test_a_retry_has_its_turn_too() -> None:
    """It comes after its delay, or when it is its turn, whichever is later."""
    retry: Any = [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 1, "MaxAttempts": 4}]
    turns = Turns(2, 1)
    play = Play({"T": send(Retry=retry)}, world=World(pace=turns)).start()
    call = play.call()
    play.tell(TaskRefused(call.branch, call.event, "E", "c"))
    assert play.timers[0, "retry"].due_at == START + 2_000
    for _ in range(4):
        turns.charge(START)
    play.fire("retry")
    call = play.call()
    play.tell(TaskRefused(call.branch, call.event, "E", "c"))
    assert play.timers[0, "retry"].due_at == START + 5_000


def test_one_that_waits_for_its_turn_can_be_stopped_and_redriven() -> None:
    """It goes on with the state it had not entered."""
    play = Play(line(3), world=World(pace=Turns(1, 1))).start()
    play.tell(StopRequested("E", "c"))
    assert (play.status, play.timers) == ("ABORTED", {})
    play.tell(RedriveRequested())
    go_on(play)
    assert [e.text("name") for e in play.events if e.type == "PassStateEntered"] == [
        "S0",
        "S1",
        "S2",
    ]


def test_its_own_timeout_goes_on() -> None:
    """An execution that is held up longer than it may take times out."""
    definition: JsonObject = {"StartAt": "S0", "TimeoutSeconds": 2, "States": line(9)}
    play = Play(definition=definition, world=World(pace=Turns(1, 1))).start()
    go_on(play)
    assert play.status == "TIMED_OUT"
    assert entered(play) == [0, 1_000]


def test_time_gives_turns_back() -> None:
    """Who waits longer than the bucket needs is not held up."""
    states: JsonObject = {"W": waits(3, Next="A"), "A": passes(Next="B"), "B": passes()}
    play = Play(states, world=World(pace=Turns(2, 1))).start()
    go_on(play)
    assert entered(play) == [0, 3_000, 3_000]


@given(size=some.integers(1, 9), per_second=some.integers(1, 9), states=some.integers(1, 40))
def test_never_faster_than_the_rate(size: int, per_second: int, states: int) -> None:
    """And never slower than it must be: the last state is entered at the earliest time allowed."""
    play = Play(line(states), world=World(pace=Turns(size, per_second))).start()
    go_on(play)
    over = max(0, states - size)
    assert entered(play)[-1] == -(-over * 1000 // per_second)
