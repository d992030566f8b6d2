"""Pass, Choice, Wait, Succeed and Fail: what they decide, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.engine.inputs import StopRequested, TaskAnswered, TimerFired
from stepwell.engine.limits import Limits, World
from stepwell.values import JsonObject
from tests.engine.play import Play, ask, both, fails, passes, send, waits

TRAILS: list[tuple[str, JsonObject, Any, list[str], str]] = [
    (
        "pass hands its input on",
        {"A": passes(Next="B"), "B": passes()},
        {"x": 1},
        [
            "1<0 ExecutionStarted",
            "2<0 PassStateEntered",
            "3<2 PassStateExited",
            "4<3 PassStateEntered",
            "5<4 PassStateExited",
            "6<5 ExecutionSucceeded",
        ],
        '{"x":1}',
    ),
    (
        "a result replaces the input",
        {"A": passes(Result={"y": 2})},
        {},
        [
            "1<0 ExecutionStarted",
            "2<0 PassStateEntered",
            "3<2 PassStateExited",
            "4<3 ExecutionSucceeded",
        ],
        '{"y":2}',
    ),
    (
        "a result is put where ResultPath says",
        {"A": passes(Result=2, ResultPath="$.r", Parameters={"p": 1})},
        {"x": 1},
        [
            "1<0 ExecutionStarted",
            "2<0 PassStateEntered",
            "3<2 PassStateExited",
            "4<3 ExecutionSucceeded",
        ],
        '{"x":1,"r":2}',
    ),
    (
        "parameters are the output without a result",
        {"A": passes(Parameters={"p.$": "$.x"})},
        {"x": 1},
        [
            "1<0 ExecutionStarted",
            "2<0 PassStateEntered",
            "3<2 PassStateExited",
            "4<3 ExecutionSucceeded",
        ],
        '{"p":1}',
    ),
    (
        "a choice goes where its first true rule points",
        {
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}],
                "Default": "Other",
                "InputPath": "$.in",
                "OutputPath": "$.n",
            },
            "One": {"Type": "Succeed"},
            "Other": {"Type": "Succeed"},
        },
        {"in": {"n": 1}},
        [
            "1<0 ExecutionStarted",
            "2<0 ChoiceStateEntered",
            "3<2 ChoiceStateExited",
            "4<3 SucceedStateEntered",
            "5<4 SucceedStateExited",
            "6<5 ExecutionSucceeded",
        ],
        "1",
    ),
    (
        "succeed filters its input and output",
        {"S": {"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}},
        {"a": {"b": 3}},
        [
            "1<0 ExecutionStarted",
            "2<0 SucceedStateEntered",
            "3<2 SucceedStateExited",
            "4<3 ExecutionSucceeded",
        ],
        "3",
    ),
    (
        "a wait for a time that has passed is over at once",
        {"W": waits(0)},
        {"x": 1},
        [
            "1<0 ExecutionStarted",
            "2<0 WaitStateEntered",
            "3<2 WaitStateExited",
            "4<3 ExecutionSucceeded",
        ],
        '{"x":1}',
    ),
]


@pytest.mark.parametrize(
    ("states", "given", "trail", "output"), [t[1:] for t in TRAILS], ids=[t[0] for t in TRAILS]
)
def test_at_once(states: JsonObject, given: Any, trail: list[str], output: str) -> None:
    """States that wait for nothing end in the turn in which they begin."""
    play = Play(states).start(given)
    assert play.trail == trail
    assert play.status == "SUCCEEDED"
    assert play.details()["output"] == output


def test_text_is_kept() -> None:
    """An input that is handed on unchanged keeps the text it came with, spaces and all."""
    play = Play({"A": passes(Next="B"), "B": both({"C": passes()})}).start(text='{ "x":  1 }')
    assert play.details(2)["output"] == '{ "x":  1 }'
    assert play.details()["output"] == '[{ "x":  1 }]'


def test_wait() -> None:
    """A Wait sets a timer for its absolute time and goes on when it fires, with its data paths."""
    play = Play({"W": waits(10, InputPath="$.a", OutputPath="$.b")}).start({"a": {"b": 5}})
    assert play.types[-1] == "WaitStateEntered"
    timer = play.timers[0, "wait"]
    assert (timer.due_at - play.now, timer.event) == (10_000, 2)
    play.fire("wait")
    assert play.types[-2:] == ["WaitStateExited", "ExecutionSucceeded"]
    assert play.output() == 5


FAILURES: list[tuple[str, JsonObject, Any, JsonObject]] = [
    ("both", {"F": fails("E", "C")}, {}, {"error": "E", "cause": "C"}),
    ("neither", {"F": {"Type": "Fail"}}, {}, {}),
    (
        "from the input",
        {"F": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c"}},
        {"e": "E", "c": "C"},
        {"error": "E", "cause": "C"},
    ),
    (
        "cut to AWS's lengths",
        {"F": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$.c"}},
        {"e": "E" * 300, "c": "C" * 33_000},
        {"error": "E" * 256, "cause": "C" * 32_768},
    ),
]


@pytest.mark.parametrize(
    ("states", "given", "details"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES]
)
def test_fail(states: JsonObject, given: Any, details: JsonObject) -> None:
    """A Fail state fails the execution with what it says, and has no Exited event."""
    play = Play(states).start(given)
    assert play.trail == ["1<0 ExecutionStarted", "2<0 FailStateEntered", "3<2 ExecutionFailed"]
    assert play.details() == details


RUNTIME: list[tuple[str, JsonObject, str]] = [
    ("Pass", {"A": passes(InputPath="$.no")}, "PassStateEntered"),
    ("Wait", {"A": {"Type": "Wait", "SecondsPath": "$.no", "End": True}}, "WaitStateEntered"),
    ("Succeed", {"A": {"Type": "Succeed", "OutputPath": "$.no"}}, "SucceedStateEntered"),
    ("Fail", {"A": {"Type": "Fail", "ErrorPath": "$.no"}}, "FailStateEntered"),
    (
        "Task",
        {"A": send(InputPath="$.no", Retry=[{"ErrorEquals": ["States.ALL"]}])},
        "TaskStateEntered",
    ),
    (
        "Parallel",
        {"A": both({"B": passes()}, InputPath="$.no", Retry=[{"ErrorEquals": ["States.ALL"]}])},
        "ParallelStateEntered",
    ),
    (
        "Choice",
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "B"}],
            },
            "B": passes(),
        },
        "ChoiceStateEntered",
    ),
]


@pytest.mark.parametrize(("states", "last"), [r[1:] for r in RUNTIME], ids=[r[0] for r in RUNTIME])
def test_runtime_errors(states: JsonObject, last: str) -> None:
    """What can't be evaluated fails the execution with the state's name and its event, unmet."""
    play = Play(states).start({})
    assert play.trail[1:] == [f"2<0 {last}", "3<2 ExecutionFailed"]
    assert play.details()["error"] == "States.Runtime"
    cause = str(play.details()["cause"])
    assert cause.startswith(
        "An error occurred while executing the state 'A' (entered at the event id #2). "
    )


def test_stop() -> None:
    """A stopped execution ends with the given error and cause; later inputs do nothing."""
    play = Play({"W": waits()}).start()
    timer = play.timers[0, "wait"]
    play.tell(StopRequested("E", "C", "r"))
    assert play.trail[-1] == "3<0 ExecutionAborted"
    assert play.details() == {"error": "E", "cause": "C"}
    for late in (
        StopRequested(None, None),
        TimerFired(0, "wait", timer.event),
        TaskAnswered(0, 2, 1),
        TimerFired(0, "execution", 1),
    ):
        decision = play.tell(late)
        assert (decision.events, decision.commands) == ([], [])


@pytest.mark.parametrize("state", [waits(), ask(), both({"B": waits()}, {"C": ask()})])
def test_execution_timeout(state: JsonObject) -> None:
    """The execution's own timeout ends whatever waits, with one event that points to 0."""
    play = Play(definition={"StartAt": "A", "TimeoutSeconds": 5, "States": {"A": state}}).start()
    play.fire("execution")
    assert play.types[-1] == "ExecutionTimedOut"
    assert play.events[-1].previous == 0
    assert play.details() == {"error": "States.Timeout"}
    assert play.status == "TIMED_OUT"
    assert not play.timers


def test_execution_timer_is_cleared() -> None:
    """An execution that ends in time takes its timer along."""
    states: JsonObject = {"A": waits()}
    play = Play(definition={"StartAt": "A", "TimeoutSeconds": 50, "States": states}).start()
    play.fire("wait")
    assert play.status == "SUCCEEDED"
    assert not play.timers


def test_machine_deleted() -> None:
    """An execution whose machine is deleted is aborted at its next transition, not before."""
    play = Play({"W": waits(Next="P"), "P": passes()}).start()
    play.world = World(machine_deleted=True)
    play.fire("wait")
    assert play.trail[2:] == ["3<2 WaitStateExited", "4<0 ExecutionAborted"]


def test_machine_deleted_before_a_retry() -> None:
    """A retry is a transition too: no new attempt begins, and no new token is handed out."""
    state = ask(Retry=[{"ErrorEquals": ["States.ALL"]}])
    play = Play({"A": state}).start()
    play.answer()
    play.fail("E", "C")
    play.world = World(machine_deleted=True)
    play.fire("retry")
    assert play.trail[-2:] == ["6<5 TaskFailed", "7<0 ExecutionAborted"]
    assert not play.open


def test_interrupted_between_states() -> None:
    """A turn ends after so many transitions, and the next one goes on where it stopped."""
    states: JsonObject = {f"P{i}": passes(Next=f"P{i + 1}") for i in range(5)}
    states["P5"] = passes()
    play = Play(states, limits=Limits(transitions_per_turn_max=2)).start()
    assert play.types[-1] == "PassStateExited"
    assert len(play.events) == 7
    stale = play.timers[0, "continue"]
    play.fire("continue")
    again = play.tell(TimerFired(0, "continue", stale.event))
    assert again.events == []
    assert play.status == "SUCCEEDED"
    assert play.types.count("PassStateEntered") == 6


def test_interrupted_and_stopped() -> None:
    """An execution that is stopped between two states goes on no more."""
    states: JsonObject = {"A": passes(Next="B"), "B": passes(Next="C"), "C": passes()}
    play = Play(states, limits=Limits(transitions_per_turn_max=1)).start()
    timer = play.timers[0, "continue"]
    play.tell(StopRequested(None, None))
    assert not play.timers
    assert play.tell(TimerFired(0, "continue", timer.event)).events == []


def test_endless_loop_shares() -> None:
    """A machine that never waits gives way after every few transitions, for ever."""
    play = Play(
        {
            "A": passes(Next="B"),
            "B": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "C"}],
                "Default": "A",
            },
            "C": {"Type": "Succeed"},
        },
        limits=Limits(transitions_per_turn_max=10),
    ).start()
    for _ in range(5):
        assert len(play.fire("continue").events) <= 24
    assert len(play.execution.branches) == 1


@pytest.mark.parametrize(
    "states",
    [
        {"A": passes(Next="B"), "B": passes(Next="C"), "C": passes(Next="D"), "D": passes()},
        {"A": ask(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 99}])},
    ],
    ids=["transitions", "retries"],
)
def test_history_limit(states: JsonObject) -> None:
    """A history that is full fails the execution, whether states or retries filled it."""
    play = Play(states, limits=Limits(history_events_max=7)).start()
    while play.status == "RUNNING":
        if play.open:
            play.fail("Again")
        else:
            play.fire("retry")
    assert play.types[-1] == "ExecutionFailed"
    assert len(play.events) <= 7 + 4, "an attempt that began is written to its end"
    assert (
        play.details()["cause"] == "The execution reached the maximum number of history events (7)."
    )


def test_output_too_large() -> None:
    """An output over the limit, counted in bytes, fails the execution."""
    play = Play({"A": passes(Result="é" * 60)}, limits=Limits(payload_bytes_max=100)).start()
    assert play.types[-2:] == ["PassStateEntered", "ExecutionFailed"]
    assert play.details() == {
        "error": "States.DataLimitExceeded",
        "cause": "The state/task 'A' returned a result with a size exceeding the maximum number of"
        " bytes service limit.",
    }


def test_output_at_the_limit() -> None:
    """An output of just as many bytes as are allowed is fine."""
    play = Play({"A": passes(Result="x" * 98)}, limits=Limits(payload_bytes_max=100)).start()
    assert play.status == "SUCCEEDED"


def test_large_payload_through_many_states() -> None:
    """A payload of 256 KiB is handed from state to state without a copy of its text."""
    states: JsonObject = {f"P{i}": passes(Next=f"P{i + 1}") for i in range(10)}
    states["P10"] = passes()
    text = '{"x":"' + "y" * 262_136 + '"}'
    play = Play(states).start(text=text)
    assert play.status == "SUCCEEDED"
    for event in play.events[:-1]:
        details = event.details or {}
        assert details.get("input", details.get("output")) is text
