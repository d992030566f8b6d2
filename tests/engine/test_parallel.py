"""Parallel: branches side by side, joined in their order, failing together."""

from __future__ import annotations

from typing import Any

from stepwell.engine.inputs import StopRequested, TaskRefused
from stepwell.engine.limits import Limits
from stepwell.values import JsonObject
from tests.engine.play import Play, ask, both, child, fails, passes, send, waits, work


def test_results_in_order() -> None:
    """Results stand in the order of the branches, whichever ends first."""
    play = Play({"P": both({"A": waits(20)}, {"B": passes(Result=2)}, {"C": waits(10)})}).start(1)
    play.fire("wait", 3)
    play.fire("wait", 1)
    assert play.output() == [1, 2, 1]
    assert play.trail == [
        "1<0 ExecutionStarted",
        "2<0 ParallelStateEntered",
        "3<2 ParallelStateStarted",
        "4<3 WaitStateEntered",
        "5<3 PassStateEntered",
        "6<5 PassStateExited",
        "7<3 WaitStateEntered",
        "8<7 WaitStateExited",
        "9<4 WaitStateExited",
        "10<9 ParallelStateSucceeded",
        "11<9 ParallelStateExited",
        "12<11 ExecutionSucceeded",
    ]


def test_data() -> None:
    """Branches get the effective input, and the array goes through the state's own paths."""
    state = both(
        {"A": passes()},
        {"B": passes(Result=2)},
        Parameters={"v.$": "$.x"},
        ResultSelector={"first.$": "$[0]", "second.$": "$[1]"},
        ResultPath="$.r",
    )
    play = Play({"P": state}).start({"x": 1})
    assert play.output() == {"x": 1, "r": {"first": {"v": 1}, "second": 2}}


def test_failing_branch() -> None:
    """The first failure fails the state with its own error; the others are aborted, from it."""
    play = Play({"P": both({"A": ask()}, {"B": waits()}, {"C": work()}, {"D": passes()})}).start()
    play.answer()
    play.fail("E", "C", event=min(play.open))
    at = play.types.index("TaskFailed") + 1
    assert play.trail[at - 1 :] == [
        f"{at}<{at - 1} TaskFailed",
        f"{at + 1}<{at} TaskStateAborted",
        f"{at + 2}<{at} WaitStateAborted",
        f"{at + 3}<{at} TaskStateAborted",
        f"{at + 4}<{at} ParallelStateFailed",
        f"{at + 5}<{at + 4} ExecutionFailed",
    ]
    assert play.details() == {"error": "E", "cause": "C"}
    assert sorted(c.reason for c in play.closed.values()) == ["aborted", "failed"]
    assert not play.offers
    assert not play.timers


def test_caught_at_the_state() -> None:
    """A failure of a branch is caught at the Parallel state, with the error of the branch."""
    catch: Any = [{"ErrorEquals": ["E"], "Next": "Caught"}]
    states: JsonObject = {
        "P": both({"A": ask()}, {"B": child()}, Catch=catch, Next="Caught"),
        "Caught": passes(),
    }
    play = Play(states).start()
    play.fail("E", "C", event=min(play.open))
    assert play.types[-6:] == [
        "TaskStateAborted",
        "ParallelStateFailed",
        "ParallelStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert play.output() == {"Error": "E", "Cause": "C"}
    assert len(play.stops) == 1, "the job of the aborted branch is stopped"


def test_caught_in_the_branch() -> None:
    """A failure that is caught inside a branch is none of the Parallel state's business."""
    catch: Any = [{"ErrorEquals": ["E"], "Next": "In"}]
    play = Play({"P": both({"A": ask(Catch=catch), "In": passes()}, {"B": waits()})}).start()
    play.fail("E")
    play.fire("wait", 2)
    assert play.output() == [{"Error": "E", "Cause": None}, {}]


def test_retried() -> None:
    """A retry writes Started again, with new branches and tokens; Failed comes at the end."""
    retry: Any = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    play = Play({"P": both({"A": ask()}, {"B": waits(90)}, Retry=retry)}).start()
    play.fail("E")
    assert "ParallelStateFailed" not in play.types
    assert list(play.execution.branches) == [0]
    assert list(play.timers) == [(0, "retry")]
    first = set(play.closed)
    play.fire("retry")
    assert list(play.execution.branches) == [0, 3, 4]
    assert play.types[-5:-4] == ["ParallelStateStarted"]
    play.fail("E")
    assert len(play.closed) == 2
    assert first < set(play.closed)
    assert play.types[-2:] == ["ParallelStateFailed", "ExecutionFailed"]


def test_nested() -> None:
    """A failure deep inside aborts everything on the way out, from the inside out."""
    inner = both({"A": ask()}, {"B": waits()})
    play = Play({"O": both({"I": inner}, {"C": both({"D": waits()}, {"E": ask()})})}).start()
    play.fail("X", event=min(play.open))
    at = play.types.index("TaskFailed") + 1
    assert play.trail[at:] == [
        f"{at + 1}<{at} TaskStateAborted",
        f"{at + 2}<{at} WaitStateAborted",
        f"{at + 3}<{at} ParallelStateFailed",
        f"{at + 4}<{at + 3} ParallelStateAborted",
        f"{at + 5}<{at + 3} WaitStateAborted",
        f"{at + 6}<{at + 3} TaskStateAborted",
        f"{at + 7}<{at + 3} ParallelStateAborted",
        f"{at + 8}<{at + 3} ParallelStateFailed",
        f"{at + 9}<{at + 8} ExecutionFailed",
    ]


def test_nested_retry_inside() -> None:
    """An inner Parallel that is retried leaves its siblings alone."""
    retry: Any = [{"ErrorEquals": ["X"]}]
    inner = both({"A": ask()}, Retry=retry)
    play = Play({"O": both({"I": inner}, {"C": waits(1_000)})}).start()
    play.fail("X")
    assert (2, "wait") in play.timers
    play.fire("retry", 1)
    play.complete("ok")
    play.fire("wait", 2)
    assert play.output() == [["ok"], {}]


def test_failing_at_once_while_others_begin() -> None:
    """A branch that fails in the turn it begins keeps those behind it from beginning."""
    play = Play({"P": both({"A": passes(Next="F"), "F": fails()}, {"B": waits()}, {"C": ask()})})
    play.start()
    assert play.status == "FAILED"
    assert not play.timers
    assert play.types[-4:-2] == ["WaitStateAborted", "TaskStateAborted"]


def test_failing_first_of_all() -> None:
    """A branch that fails before another begins leaves no trace of that one."""
    play = Play({"P": both({"F": fails()}, {"B": waits()})}).start()
    assert play.types == [
        "ExecutionStarted",
        "ParallelStateEntered",
        "ParallelStateStarted",
        "FailStateEntered",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_stop_inside() -> None:
    """A stopped execution takes everything back that its branches wait for."""
    play = Play({"P": both({"A": ask()}, {"B": waits()}, {"C": both({"D": child()})})}).start()
    play.tell(StopRequested(None, None))
    assert not play.timers
    assert {c.reason for c in play.closed.values()} == {"stopped"}
    assert len(play.stops) == 1


def test_retrying_branch_is_aborted() -> None:
    """A branch that waits for its retry is aborted like one that works, and is not tried again."""
    retry: Any = [{"ErrorEquals": ["E"]}]
    play = Play({"P": both({"A": ask(Retry=retry)}, {"B": ask()})}).start()
    first, second = sorted(play.open)
    play.fail("E", event=first)
    play.fail("X", event=second)
    assert play.status == "FAILED"
    assert not play.timers


def test_interrupted_branches() -> None:
    """Branches of a turn that has done enough go on in the next ones; a failure ends them all."""
    states: JsonObject = {f"B{i}": passes(Next=f"B{i + 1}") for i in range(3)}
    states["B3"] = passes()
    limits = Limits(transitions_per_turn_max=1)
    play = Play({"P": both(states, {"A": ask()})}, limits=limits).start()
    play.fire("continue", 1)
    play.fail("E")
    assert play.status == "FAILED"
    assert not play.timers


def test_input_too_large() -> None:
    """Branch input over the limit fails the state before a branch begins, and is not retried."""
    retry: Any = [{"ErrorEquals": ["States.ALL"]}]
    state = both({"A": passes()}, Parameters={"a.$": "$", "b.$": "$"}, Retry=retry)
    play = Play({"P": state}, limits=Limits(payload_bytes_max=500)).start("x" * 300)
    assert play.types[-2:] == ["ParallelStateEntered", "ExecutionFailed"]
    assert not play.timers


def test_result_too_large() -> None:
    """Results that are too large together fail the state, though every branch succeeded."""
    state = both({"A": passes()}, {"B": passes()})
    play = Play({"P": state}, limits=Limits(payload_bytes_max=500)).start("x" * 300)
    assert play.types[-2:] == ["ParallelStateSucceeded", "ExecutionFailed"]
    assert play.details()["error"] == "States.DataLimitExceeded"


def test_result_that_cannot_be_shaped() -> None:
    """A result the state can't shape fails the execution where the last branch ended."""
    play = Play({"P": both({"A": waits()}, ResultSelector={"a.$": "$.no"})}).start()
    play.fire("wait", 1)
    assert play.types[-2:] == ["ParallelStateSucceeded", "ExecutionFailed"]


def test_deeply_nested() -> None:
    """As many levels of Parallel as a definition may have go in and come out."""
    state: JsonObject = {"L0": waits()}
    for level in range(1, 28):
        state = {f"L{level}": both(state)}
    play = Play(state).start(1)
    assert len(play.execution.branches) == 28
    play.fire("wait", 27)
    assert str(play.details()["output"]) == "[" * 27 + "1" + "]" * 27


def test_thousand_branches() -> None:
    """A thousand branches that wait, are answered one by one and joined."""
    branches: list[JsonObject] = [{f"A{i}": send()} for i in range(1_000)]
    play = Play({"P": both(*branches)})
    play.checking = False
    play.start()
    for number, call in enumerate(list(play.calls.values())):
        play.answer(number, call)
    play.check()
    assert play.output() == list(range(1_000))


def test_thousand_branches_fail() -> None:
    """A thousand branches are aborted together."""
    branches: list[JsonObject] = [{f"A{i}": send()} for i in range(1_000)]
    play = Play({"P": both(*branches)}).start()
    call = play.call(0)
    play.tell(TaskRefused(call.branch, call.event, "E", None))
    assert play.types.count("TaskStateAborted") == 1_000
    assert play.status == "FAILED"
