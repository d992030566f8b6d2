"""Retry and Catch: which one meets which error, how often, and after how long."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from stepwell.engine.inputs import TaskRefused
from stepwell.engine.limits import Limits
from stepwell.engine.retries import Failure, choose_retrier, delay_ms, matches
from stepwell.language.program import Retrier
from stepwell.values import JsonObject
from tests.engine.play import Play, ask, both, fails, passes, send

MISSED = Failure("States.Timeout", None, heartbeat_missed=True)
TIMEOUT = Failure("States.Timeout", None)
NAMES: list[tuple[Failure, str, bool]] = [
    (Failure("E", "c"), "E", True),
    (Failure("E", "c"), "e", False),
    (Failure("E", "c"), "States.ALL", True),
    (Failure("E", "c"), "States.TaskFailed", True),
    (Failure(None, None), "States.ALL", True),
    (Failure(None, None), "States.TaskFailed", True),
    (Failure(None, None), "E", False),
    (TIMEOUT, "States.ALL", True),
    (TIMEOUT, "States.Timeout", True),
    (TIMEOUT, "States.TaskFailed", False),
    (TIMEOUT, "States.HeartbeatTimeout", False),
    (MISSED, "States.HeartbeatTimeout", True),
    (MISSED, "States.Timeout", True),
    (MISSED, "States.TaskFailed", False),
    (Failure("States.HeartbeatTimeout", None), "States.HeartbeatTimeout", True),
    (Failure("States.Runtime", "c"), "States.ALL", False),
    (Failure("States.Runtime", "c"), "States.TaskFailed", False),
    (Failure("States.Runtime", "c"), "States.Runtime", False),
    (Failure("States.DataLimitExceeded", "c"), "States.ALL", True),
    (Failure("States.DataLimitExceeded", "c"), "States.DataLimitExceeded", True),
]


@pytest.mark.parametrize(("failure", "name", "met"), NAMES)
def test_names(failure: Failure, name: str, met: bool) -> None:
    """An error is met by its own name and by AWS's wildcards, as far as those reach."""
    assert matches(failure, [name]) is met
    assert matches(failure, ["Other", name]) is met


DELAYS: list[tuple[Retrier, int, int]] = [
    (Retrier(("E",)), 0, 1_000),
    (Retrier(("E",)), 1, 2_000),
    (Retrier(("E",)), 5, 32_000),
    (Retrier(("E",), interval_seconds=2), 1, 4_000),
    (Retrier(("E",), backoff_rate=1.0), 9, 1_000),
    (Retrier(("E",), backoff_rate=1.5), 2, 2_250),
    (Retrier(("E",), interval_seconds=3, max_delay_seconds=10), 1, 6_000),
    (Retrier(("E",), interval_seconds=3, max_delay_seconds=10), 2, 10_000),
    (Retrier(("E",), full_jitter=True), 3, 4_000),
    (Retrier(("E",), max_delay_seconds=4, full_jitter=True), 3, 2_000),
    (Retrier(("E",), backoff_rate=1e9), 1_000_000, 99_999_999_000),
]


@pytest.mark.parametrize(("retrier", "used", "delay"), DELAYS)
def test_delays(retrier: Retrier, used: int, delay: int) -> None:
    """Interval times rate to the power of the attempts, at most MaxDelay; then jitter."""
    assert delay_ms(retrier, used, b"\x80\x00\x00\x00") == delay


def test_first_match_decides() -> None:
    """The first retrier that matches decides, also when it is used up."""
    retriers = (Retrier(("A",), max_attempts=1), Retrier(("States.ALL",), max_attempts=5))
    assert choose_retrier(Failure("A", None), retriers, {}) == 0
    assert choose_retrier(Failure("A", None), retriers, {0: 1}) is None
    assert choose_retrier(Failure("B", None), retriers, {0: 1}) == 1
    assert choose_retrier(Failure("A", None), (Retrier(("A",), max_attempts=0),), {}) is None
    assert choose_retrier(Failure("A", None), (), {}) is None


def test_attempts() -> None:
    """Every attempt is scheduled afresh under the same entry, with a new token, after its delay."""
    retry: Any = [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 2}]
    play = Play({"A": ask(Retry=retry)}).start()
    tokens, delays = [], []
    for _ in range(2):
        tokens.append(play.call().token)
        play.fail("E")
        delays.append(play.timers[0, "retry"].due_at - play.now)
        play.fire("retry")
    tokens.append(play.call().token)
    assert [t.attempt for t in play.open.values()] == [3]
    play.fail("E", "C")
    assert delays == [2_000, 4_000]
    assert len(set(tokens)) == 3
    assert play.types.count("TaskStateEntered") == 1
    assert play.types[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert play.trail[4:6] == ["5<4 TaskFailed", "6<5 TaskScheduled"]


def test_counters_per_retrier() -> None:
    """Each retrier counts for itself, until the state is entered anew."""
    retry: Any = [
        {"ErrorEquals": ["A", "B"], "MaxAttempts": 2},
        {"ErrorEquals": ["C"], "MaxAttempts": 1},
    ]
    catch: Any = [{"ErrorEquals": ["States.ALL"], "Next": "Again"}]
    states: JsonObject = {
        "T": ask(Retry=retry, Catch=catch, Next="Done"),
        "Again": passes(Next="T"),
        "Done": passes(),
    }
    play = Play(states).start()
    for error in ("A", "C", "B"):
        play.fail(error)
        assert (0, "retry") in play.timers
        play.fire("retry")
    play.fail("B")
    assert play.types.count("TaskStateEntered") == 2
    assert play.execution.branches[0].retries == {}
    play.fail("C")
    assert (0, "retry") in play.timers


def test_jitter_is_replayed() -> None:
    """A drawn delay is within its bound, is the same when decided again, and differs by attempt."""
    retry: Any = [
        {"ErrorEquals": ["E"], "IntervalSeconds": 1_000, "JitterStrategy": "FULL", "BackoffRate": 1}
    ]
    delays = []
    for _ in range(2):
        play = Play({"A": send(Retry=retry)}).start()
        for _ in range(3):
            call = play.call()
            play.tell(_refused(call.branch, call.event))
            delays.append(play.timers[0, "retry"].due_at - play.now)
            play.fire("retry")
    assert delays[:3] == delays[3:]
    assert len(set(delays)) == 3
    assert all(0 <= delay < 1_000_000 for delay in delays)


def _refused(branch: int, event: int) -> TaskRefused:
    return TaskRefused(branch, event, "E", None)


def test_retry_count_in_context() -> None:
    """An attempt sees how many were made before it."""
    state = send(
        Parameters={"QueueUrl": "q", "MessageBody": {"n.$": "$$.State.RetryCount"}},
        Retry=[{"ErrorEquals": ["E"]}],
    )
    play = Play({"A": state}).start()
    for count in range(3):
        assert f'"n":{count}' in str(play.details(-2)["parameters"])
        play.tell(_refused(0, play.call().event))
        play.fire("retry")


def test_heartbeat_names() -> None:
    """A missed heartbeat is met by a retrier of its own name, a timeout is not."""
    retry: Any = [{"ErrorEquals": ["States.HeartbeatTimeout"]}]
    state = ask(TimeoutSeconds=60, HeartbeatSeconds=5, Retry=retry)
    play = Play({"A": state}).start()
    play.fire("heartbeat")
    assert (0, "retry") in play.timers
    play.fire("retry")
    play.fire("timeout")
    assert play.status == "FAILED"


CATCHES: list[tuple[str, JsonObject, Any]] = [
    ("replaces the input", {}, {"Error": "E", "Cause": "C"}),
    ("is put into the input", {"ResultPath": "$.e"}, {"x": 1, "e": {"Error": "E", "Cause": "C"}}),
    ("is discarded", {"ResultPath": None}, {"x": 1}),
]


@pytest.mark.parametrize(
    ("catcher", "output"), [c[1:] for c in CATCHES], ids=[c[0] for c in CATCHES]
)
def test_catch(catcher: JsonObject, output: Any) -> None:
    """The error output goes where the catcher says; the state's own filters are left out."""
    catch: Any = [
        {"ErrorEquals": ["Other"], "Next": "Not"},
        {"ErrorEquals": ["E"], "Next": "Caught", **catcher},
    ]
    state = ask(Catch=catch, OutputPath="$.no", ResultSelector={"a.$": "$.no"}, Next="Not")
    play = Play({"A": state, "Not": passes(Next="Caught"), "Caught": passes()}).start({"x": 1})
    play.fail("E", "C")
    assert play.output() == output
    assert play.types[-5:] == [
        "TaskFailed",
        "TaskStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]


def test_catch_that_cannot_put_its_error() -> None:
    """A catcher that can't place the error fails the execution and is not asked again."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.a.b", "Next": "Caught"}]
    play = Play({"A": send(Catch=catch), "Caught": passes()}).start({"a": 1})
    play.tell(_refused(0, 3))
    assert play.types[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert play.details()["error"] == "States.ResultPathMatchFailure"


def test_catch_whose_output_is_too_large() -> None:
    """A caught error that no longer fits into the input fails the execution."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Caught"}]
    limits = Limits(payload_bytes_max=700)
    play = Play({"A": send(Catch=catch), "Caught": passes()}, limits=limits).start({"x": "y" * 680})
    play.tell(_refused(0, 3))
    assert play.types[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert play.details()["error"] == "States.DataLimitExceeded"


def test_catch_in_a_branch_that_fails() -> None:
    """What goes wrong while catching in a branch is met by the Parallel state around it."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.a.b", "Next": "In"}]
    outer: Any = [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Out"}]
    inner: JsonObject = {"A": send(Catch=catch), "In": passes()}
    play = Play({"P": both(inner, Catch=outer), "Out": passes()}).start({"a": 1})
    play.tell(_refused(1, play.call().event))
    assert play.status == "SUCCEEDED"


def test_retry_of_what_fails_at_once() -> None:
    """A Parallel that fails in the turn it begins is retried all the same, and goes on after it."""
    retry: Any = [{"ErrorEquals": ["Boom"], "MaxAttempts": 3}]
    play = Play({"P": both({"F": fails()}, Retry=retry)}).start()
    due = [play.timers[0, "retry"].due_at]
    while (0, "retry") in play.timers:
        play.fire("retry")
        due.append(play.now)
    assert [b - a for a, b in pairwise(due[1:])] == [2_000, 4_000]
    assert play.types.count("ParallelStateStarted") == 4
    assert play.types.count("ParallelStateFailed") == 1
    assert play.status == "FAILED"
