"""Redrive: an execution goes on with what did not succeed, and keeps what did."""

from __future__ import annotations

import pytest

from stepwell.engine.commands import RedriveMapRun
from stepwell.engine.decide import Decision
from stepwell.engine.inputs import MapRunEnded, RedriveRequested, StopRequested, TaskRefused
from stepwell.engine.limits import Limits
from stepwell.values import JsonObject
from tests.engine.play import Play, ask, both, child, fails, passes, send, waits, work


def redrive(play: Play, *, after_seconds: float = 60) -> Decision:
    """Redrive, a minute later."""
    return play.tell(RedriveRequested(), after_seconds=after_seconds)


def refuse(play: Play, error: str = "E") -> Decision:
    """The newest call fails."""
    call = play.call()
    return play.tell(TaskRefused(call.branch, call.event, error, "why"))


def inline_map(*, at_a_time: int = 2, **states: JsonObject) -> JsonObject:
    """A Map over the input's `items`."""
    processor: JsonObject = {"StartAt": next(iter(states)), "States": {**states}}
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "MaxConcurrency": at_a_time,
        "ItemProcessor": processor,
        "End": True,
    }


def test_failed_task_is_scheduled_again() -> None:
    """The task that failed is scheduled again, with its input, and not entered again."""
    play = Play({"A": passes(Next="T"), "T": ask(Next="B"), "B": passes()}).start(1)
    play.answer()
    play.fail("E", "C")
    assert play.status == "FAILED"
    ended = len(play.events)
    redrive(play)
    assert play.status == "RUNNING"
    play.answer()
    play.complete(2)
    assert play.status == "SUCCEEDED"
    assert play.output() == 2
    assert play.trail[ended:] == [
        f"{ended + 1}<{ended} ExecutionRedriven",
        f"{ended + 2}<{ended + 1} TaskScheduled",
        f"{ended + 3}<{ended + 2} TaskStarted",
        f"{ended + 4}<{ended + 3} TaskSubmitted",
        f"{ended + 5}<{ended + 4} TaskSucceeded",
        f"{ended + 6}<{ended + 5} TaskStateExited",
        f"{ended + 7}<{ended + 6} PassStateEntered",
        f"{ended + 8}<{ended + 7} PassStateExited",
        f"{ended + 9}<{ended + 8} ExecutionSucceeded",
    ]
    assert play.details(ended) == {"redriveCount": 1}


def test_only_what_ended_badly() -> None:
    """A running or a succeeded execution takes no notice of a redrive."""
    play = Play({"T": send()}).start()
    assert not redrive(play).events
    play.answer()
    assert not redrive(play).events
    assert play.status == "SUCCEEDED"


def test_retries_begin_anew() -> None:
    """All retries are there again, and the state's RetryCount is 0."""
    retry: list[JsonObject] = [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 5}]
    play = Play({"T": send(Retry=retry)}).start()
    refuse(play)
    play.fire("retry")
    refuse(play)
    assert play.status == "FAILED"
    redrive(play)
    assert play.execution.branches[0].retry_count == 0
    refuse(play)
    play.fire("retry")
    play.answer()
    assert play.status == "SUCCEEDED"


def test_context_says_that_it_was_redriven() -> None:
    """`$$.Execution` counts the redrives and knows the time of the last one."""
    state = ask(
        Parameters={
            "QueueUrl": "q",
            "MessageBody": {
                "n.$": "$$.Execution.RedriveCount",
                "e.$": "$$.Execution",
                "t.$": "$$.Task.Token",
            },
        }
    )
    play = Play({"T": state}).start()
    body = play.call().parameters["MessageBody"]  # type: ignore[index,call-overload]
    assert body["n"] == 0  # type: ignore[index,call-overload]
    assert "RedriveTime" not in body["e"]  # type: ignore[index,call-overload,operator]
    for count in (1, 2):
        play.tell(StopRequested(None, None))
        redrive(play)
        body = play.call().parameters["MessageBody"]  # type: ignore[index,call-overload]
        assert body["n"] == count  # type: ignore[index,call-overload]
        assert body["e"]["RedriveTime"] == f"2027-01-15T08:0{count}:00Z"  # type: ignore[index,call-overload]


def test_timeouts_begin_anew() -> None:
    """The clocks of the task and of the machine start again with the redrive."""
    definition: JsonObject = {
        "StartAt": "T",
        "TimeoutSeconds": 100,
        "States": {"T": ask(TimeoutSeconds=50)},
    }
    play = Play(definition=definition).start()
    play.answer()
    play.fire("timeout")
    assert play.status == "FAILED"
    redrive(play)
    assert play.timers[0, "execution"].due_at == play.now + 100_000
    assert play.timers[0, "timeout"].due_at == play.now + 50_000
    play.timers.pop((0, "timeout"))
    play.checking = False
    play.fire("execution")
    assert play.status == "TIMED_OUT"
    redrive(play)
    assert play.timers[0, "execution"].due_at == play.now + 100_000


def test_longest_life_counts_from_the_start() -> None:
    """A redrive does not make the longest life longer."""
    limits = Limits(execution_seconds_max=1_000)
    play = Play({"T": ask()}, limits=limits).start()
    play.tell(StopRequested(None, None))
    redrive(play)
    assert play.timers[0, "execution"].due_at == play.now + 940_000


def test_stopped_while_it_waits() -> None:
    """What was aborted goes on: a task by its token, a child, an activity, a Wait, a retry."""
    retry: list[JsonObject] = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 9}]
    branches: list[JsonObject] = [
        {"A": ask()},
        {"B": child()},
        {"C": work()},
        {"D": waits(30)},
        {"E": send(Retry=retry)},
        {"F": passes(Result=6)},
    ]
    play = Play({"P": both(*branches)}).start()
    refuse(play)
    play.tell(StopRequested(None, None))
    assert not play.timers
    redrive(play)
    assert (
        play.types[-9:]
        == [
            "TaskScheduled",
            "TaskStarted",
            "TaskScheduled",
            "TaskStarted",
            "ActivityScheduled",
            "WaitStateEntered",
            "TaskScheduled",
            "TaskStarted",
        ]
        or play.types.count("TaskScheduled") == 6
    )
    play.fire("wait", 4)
    for call in list(play.calls.values())[-3:]:
        play.answer({}, call)
    play.take()
    for event in sorted(play.open):
        play.complete({"of": "token"}, event)
    assert play.status == "SUCCEEDED"
    assert play.output()[5] == 6  # type: ignore[index]
    assert play.types.count("PassStateEntered") == 1


def test_parallel_keeps_what_succeeded() -> None:
    """Branches that are done keep their results; the failed and the aborted one go on."""
    play = Play({"P": both({"A": passes(Result=1)}, {"B": send()}, {"C": waits(5)})}).start()
    refuse(play)
    assert play.status == "FAILED"
    ended = len(play.events)
    redrive(play)
    assert play.types[ended:] == [
        "ExecutionRedriven",
        "WaitStateEntered",
        "TaskScheduled",
        "TaskStarted",
    ] or sorted(play.types[ended:]) == sorted(
        ["ExecutionRedriven", "TaskScheduled", "TaskStarted", "WaitStateEntered"]
    )
    play.answer(2)
    play.fire("wait", 3)
    assert play.status == "SUCCEEDED"
    assert play.output() == [1, 2, {}]


def test_nested_parallel() -> None:
    """What failed within what failed goes on where it was, with the variables it had."""
    inner = both({"C": passes(Assign={"v": 3}, Next="D"), "D": send()}, {"E": waits(5)})
    play = Play({"P": both({"A": inner}, {"B": waits(7)})}).start()
    refuse(play)
    redrive(play)
    refuse(play)
    assert play.status == "FAILED"
    redrive(play)
    play.answer("d")
    waiting = {b.id: b for b in play.execution.branches.values() if b.phase == "waiting"}
    for number in waiting:
        play.fire("wait", number)
    assert play.output() == [["d", {}], {}]


def test_caught_failure_is_no_part_of_it() -> None:
    """A Parallel that failed and was caught stays behind; the later failure is redriven."""
    catch: list[JsonObject] = [{"ErrorEquals": ["States.ALL"], "Next": "T"}]
    play = Play({"P": both({"A": send()}, {"B": waits(5)}, Catch=catch), "T": send()}).start()
    refuse(play)
    refuse(play, "later")
    assert play.status == "FAILED"
    redrive(play)
    assert play.types[-3:] == ["ExecutionRedriven", "TaskScheduled", "TaskStarted"]
    play.answer()
    assert play.status == "SUCCEEDED"


def test_sibling_failed_before_the_first_state() -> None:
    """A branch that never entered its first state, or was between two, gets there."""
    states: JsonObject = {
        "P": both(
            {"A": passes(Next="A2"), "A2": passes(Result="a")},
            {"F": send()},
            {"B": passes(Result="b")},
        )
    }
    play = Play(states)
    play.start({"x": 1})
    refuse(play)
    redrive(play)
    play.answer("f")
    assert play.output() == ["a", "f", "b"]


def test_failed_at_once_beside_states_about_to_be_entered() -> None:
    """Two branches are between states when a third fails; all go on."""
    branches: list[JsonObject] = [
        {"A": passes(Next="A2"), "A2": passes(Result="a")},
        {"F": fails()},
        {"B": passes(Result="b")},
    ]
    play = Play({"P": both(*branches, Parameters={"v": 1})}).start({"x": 1})
    assert play.status == "FAILED"
    redrive(play)
    assert play.status == "FAILED"
    assert play.types.count("FailStateEntered") == 2
    assert play.types.count("ExecutionRedriven") == 1
    redrive(play)
    assert play.status == "FAILED"


def test_map_keeps_what_succeeded() -> None:
    """Iterations that are done keep their results; the others, begun or not, follow."""
    play = Play({"M": inline_map(T=send())}).start({"items": [1, 2, 3, 4]})
    play.answer("one", play.call(0))
    play.answer("two", play.call(1))
    refuse(play)
    assert play.status == "FAILED"
    redrive(play)
    scheduled = list(play.calls.values())[-2:]
    assert play.types.count("MapIterationStarted") == 4
    for number, call in enumerate(scheduled, 3):
        play.answer(number, call)
    assert play.output() == ["one", "two", 3, 4]


def test_map_after_every_failure() -> None:
    """A Map whose iterations fail again and again comes to its end, one item further each time."""
    play = Play({"M": inline_map(at_a_time=1, T=send())}).start({"items": list(range(5))})
    for number in range(5):
        refuse(play)
        assert play.status == "FAILED"
        redrive(play)
        play.answer(number)
    assert play.output() == [0, 1, 2, 3, 4]
    assert play.execution.redrive_count == 5


def test_result_that_was_too_large_begins_anew() -> None:
    """A Parallel whose result was too large runs all its branches again."""
    limits = Limits(payload_bytes_max=100)
    play = Play({"P": both({"A": send()}, {"B": send()})}, limits=limits).start()
    play.answer("x" * 60, play.call(0))
    play.answer("x" * 60, play.call(1))
    assert play.details()["error"] == "States.DataLimitExceeded"
    redrive(play)
    assert play.types.count("ParallelStateStarted") == 2
    play.answer("a", play.call(2))
    play.answer("b", play.call(3))
    assert play.output() == ["a", "b"]


def test_evaluation_that_fails_again() -> None:
    """A state whose data can't be read fails again, after the redrive event."""
    play = Play({"C": passes(InputPath="$.missing")}).start()
    assert play.status == "FAILED"
    redrive(play)
    assert play.types[-2:] == ["ExecutionRedriven", "ExecutionFailed"]


def test_interrupted_between_states() -> None:
    """Stopped between two states, an execution goes on with the second one."""
    limits = Limits(transitions_per_turn_max=1)
    play = Play({"A": passes(Next="B"), "B": passes(Next="C"), "C": passes()}, limits=limits)
    play.start(5)
    assert play.status == "RUNNING"
    play.tell(StopRequested(None, None))
    redrive(play)
    while play.timers:
        play.fire("continue")
    assert play.status == "SUCCEEDED"
    assert play.types.count("PassStateEntered") == 3


@pytest.mark.parametrize("end", ["failed", "aborted"])
def test_map_run_goes_on(end: str) -> None:
    """The Map Run of a distributed Map goes on under its name; its end is the state's."""
    processor: JsonObject = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "X",
        "States": {"X": passes()},
    }
    state: JsonObject = {"Type": "Map", "ItemProcessor": processor, "Label": "M", "End": True}
    play = Play({"M": state}).start([1, 2])
    event = play.execution.branches[0].scheduled
    arn = play.details(event - 1)["mapRunArn"]
    for count in (1, 2):
        if end == "failed":
            play.tell(MapRunEnded(0, event, None, "E", "C"))
        else:
            play.tell(StopRequested(None, None))
        decision = redrive(play)
        assert decision.commands == [RedriveMapRun(0, event)]
        assert play.events[-1].type == "MapRunRedriven"
        assert play.details() == {"mapRunArn": arn, "redriveCount": count}
    play.tell(MapRunEnded(0, event, "[1,2]"))
    assert play.output() == [1, 2]


def test_map_run_whose_result_was_too_large() -> None:
    """There is nothing left to do in that run, so it is a new one."""
    processor: JsonObject = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "X",
        "States": {"X": passes()},
    }
    state: JsonObject = {"Type": "Map", "ItemProcessor": processor, "Label": "M", "End": True}
    play = Play({"M": state}).start([1, 2])
    play.tell(MapRunEnded(0, play.execution.branches[0].scheduled, None, too_large=True))
    assert play.status == "FAILED"
    redrive(play)
    assert play.types[-3:] == ["ExecutionRedriven", "MapStateStarted", "MapRunStarted"]


@pytest.mark.parametrize("met", ["Catch", "Retry", None])
def test_item_that_has_no_input(met: str | None) -> None:
    """Iterations about to begin, when a later one can't, do not begin; after a redrive they do."""
    state: JsonObject = {
        "Type": "Map",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value + 1 %}"},
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
        "End": True,
    }
    if met == "Catch":
        state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "N"}]
    if met == "Retry":
        state["Retry"] = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    states: JsonObject = {"M": state}
    if met == "Catch":
        states["N"] = {"Type": "Pass", "Output": "caught", "End": True}
    definition: JsonObject = {"QueryLanguage": "JSONata", "StartAt": "M", "States": states}
    play = Play(definition=definition).start([1, 2, "x"])
    if met == "Retry":
        play.fire("retry")
    if met == "Catch":
        assert play.output() == "caught"
        return
    assert play.status == "FAILED"
    assert play.types.count("PassStateEntered") == 0
    redrive(play)
    if met == "Retry":
        play.fire("retry")
    assert play.status == "FAILED"
    assert play.types[-1] == "ExecutionFailed"


def test_map_run_may_be_redriven_so_often() -> None:
    """Once more than the quota and the execution fails, as a failure that nothing catches."""
    processor: JsonObject = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "X",
        "States": {"X": passes()},
    }
    state: JsonObject = {
        "Type": "Map",
        "ItemProcessor": processor,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
        "Next": "End",
    }
    limits = Limits(map_run_redrives_max=2)
    play = Play({"M": state, "End": passes()}, limits=limits).start([1, 2])
    play.tell(StopRequested(None, None))
    for _ in range(2):
        redrive(play)
        assert play.types[-1] == "MapRunRedriven"
        play.tell(StopRequested(None, None))
    assert redrive(play).commands == []
    assert play.status == "FAILED"
    assert play.details() == {
        "error": "States.Runtime",
        "cause": "The Map Run reached the maximum number of redrives (2).",
    }
