"""Retry and Catch to the last detail: the numbers, the names, and what counts anew."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.engine.context import chance
from stepwell.engine.inputs import TaskRefused
from stepwell.engine.retries import delay_ms
from stepwell.language.program import Retrier
from stepwell.values import JsonObject, decode
from tests.engine.play import Play, ask, both, fails, passes, send

LEAST, MOST = bytes(8), b"\xff" * 8
"""The least and the greatest chance."""


def retrier(*names: str, **fields: Any) -> dict[str, Any]:
    """An entry of Retry."""
    return {"ErrorEquals": list(names) or ["States.ALL"], **fields}


def refuse(play: Play, error: str = "E") -> None:
    """The newest call fails."""
    call = play.call()
    play.tell(TaskRefused(call.branch, call.event, error, "c"))


def delays(play: Play, error: str = "E") -> list[float]:
    """How long each retry waits, in seconds, while the same error comes again and again."""
    waited: list[float] = []
    while True:
        refuse(play, error)
        if (0, "retry") not in play.timers:
            return waited
        waited.append((play.timers[0, "retry"].due_at - play.now) / 1000)
        play.fire("retry")


NUMBERS: list[tuple[dict[str, Any], list[float]]] = [
    ({}, [1, 2, 4]),
    ({"MaxAttempts": 0}, []),
    ({"MaxAttempts": 1}, [1]),
    ({"IntervalSeconds": 0}, [0, 0, 0]),
    ({"IntervalSeconds": 3, "MaxAttempts": 5}, [3, 6, 12, 24, 48]),
    ({"BackoffRate": 1}, [1, 1, 1]),
    ({"BackoffRate": 1.0, "IntervalSeconds": 7}, [7, 7, 7]),
    ({"BackoffRate": 1.5}, [1, 1.5, 2.25]),
    ({"BackoffRate": 1.1}, [1, 1.1, 1.21]),
    ({"BackoffRate": 10, "MaxDelaySeconds": 30}, [1, 10, 30]),
    ({"IntervalSeconds": 60, "MaxDelaySeconds": 5}, [5, 5, 5]),
    ({"MaxDelaySeconds": 2, "MaxAttempts": 4}, [1, 2, 2, 2]),
    ({"JitterStrategy": "NONE"}, [1, 2, 4]),
    ({"IntervalSeconds": 0, "JitterStrategy": "FULL"}, [0, 0, 0]),
    ({"IntervalSeconds": 99_999_999, "BackoffRate": 99_999_999}, [99_999_999] * 3),
    ({"IntervalSeconds": 99_999_999, "MaxDelaySeconds": 31_622_400}, [31_622_400] * 3),
]


@pytest.mark.parametrize(("fields", "expected"), NUMBERS)
def test_the_numbers(fields: dict[str, Any], expected: list[float]) -> None:
    """Interval, attempts, rate and greatest delay, with AWS's defaults."""
    play = Play({"A": send(Retry=[retrier(**fields)])}).start()
    assert delays(play) == expected
    assert play.status == "FAILED"


def test_very_many_attempts_are_no_trouble() -> None:
    """The delay of the sixtieth is the greatest there is, not an overflow."""
    play = Play({"A": send(Retry=[retrier(MaxAttempts=60)])}).start()
    waited = delays(play)
    assert len(waited) == 60
    assert waited[-1] == 99_999_999


@pytest.mark.parametrize(
    ("fields", "used", "bound"),
    [
        ({}, 0, 1_000),
        ({}, 3, 8_000),
        ({"max_delay_seconds": 5}, 3, 5_000),
        ({"interval_seconds": 10, "backoff_rate": 1.0}, 9, 10_000),
    ],
)
def test_full_jitter_is_between_nothing_and_the_capped_delay(
    fields: dict[str, Any], used: int, bound: int
) -> None:
    """Drawn after the cap: the cap is the bound, not the uncapped delay cut off."""
    jittered = Retrier(("E",), full_jitter=True, **fields)
    assert delay_ms(jittered, used, LEAST) == 0
    assert bound - 1 <= delay_ms(jittered, used, MOST) <= bound
    assert delay_ms(jittered, used, b"\x80" + bytes(7)) == bound // 2


def test_each_retrier_counts_for_itself() -> None:
    """Errors A and B share a retrier and its backoff; C has its own; the next B finds none."""
    retry = [
        retrier("A", "B", IntervalSeconds=1, BackoffRate=2.0, MaxAttempts=2),
        retrier("C", IntervalSeconds=5),
        retrier("States.ALL", IntervalSeconds=9),
    ]
    play = Play({"T": send(Retry=retry)}).start()
    waited = []
    for error in ("A", "B", "C"):
        refuse(play, error)
        waited.append((play.timers[0, "retry"].due_at - play.now) / 1000)
        play.fire("retry")
    assert waited == [1, 2, 5]
    refuse(play, "B")
    assert play.status == "FAILED"
    assert play.types.count("TaskScheduled") == 4


def test_attempts_count_on_across_retriers() -> None:
    """`$$.State.RetryCount` counts all attempts of the visit."""
    retry = [retrier("A"), retrier("B")]
    body = {"QueueUrl": "q", "MessageBody": {"n.$": "$$.State.RetryCount"}}
    play = Play({"T": send(Retry=retry, Parameters=body)}).start()
    for number, error in enumerate(("A", "B", "A")):
        assert f'"n":{number}' in str(play.details(-2)["parameters"])
        refuse(play, error)
        play.fire("retry")


def test_a_used_up_retrier_leads_to_the_catcher() -> None:
    """Not to a later retrier; the catcher gets the last error."""
    catch: Any = [{"ErrorEquals": ["E"], "Next": "C"}]
    retry = [retrier("E", MaxAttempts=1), retrier("States.ALL")]
    play = Play({"T": send(Retry=retry, Catch=catch, Next="C"), "C": passes()}).start()
    refuse(play)
    play.fire("retry")
    refuse(play)
    assert play.output() == {"Error": "E", "Cause": "c"}


def test_no_attempts_go_straight_to_the_catcher() -> None:
    """MaxAttempts 0 takes an error out of a wider retrier."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    retry = [retrier("E", MaxAttempts=0), retrier("States.ALL")]
    play = Play({"T": send(Retry=retry, Catch=catch, Next="C"), "C": passes()}).start()
    refuse(play)
    assert play.status == "SUCCEEDED"
    assert play.types.count("TaskScheduled") == 1


def test_counters_start_again_at_every_visit() -> None:
    """A loop comes back to the state: its retriers are as new."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "Next": "Back"}]
    states: JsonObject = {
        "T": send(Retry=[retrier(MaxAttempts=2)], Catch=catch, Next="End"),
        "Back": passes(Next="T"),
        "End": passes(),
    }
    play = Play(states).start()
    for _ in range(3):
        for seconds in (1, 2):
            refuse(play)
            assert play.timers[0, "retry"].due_at - play.now == seconds * 1000
            play.fire("retry")
        refuse(play)
    assert play.types.count("TaskStateEntered") == 4


def test_both_clocks_start_again_with_each_attempt() -> None:
    """Timeout and heartbeat count from the attempt, not from the state's beginning."""
    retry = [retrier("States.Timeout", IntervalSeconds=100)]
    play = Play({"T": ask(TimeoutSeconds=60, HeartbeatSeconds=20, Retry=retry)}).start()
    play.fire("heartbeat")
    assert set(play.timers) == {(0, "retry")}
    play.fire("retry")
    assert play.timers[0, "timeout"].due_at == play.now + 60_000
    assert play.timers[0, "heartbeat"].due_at == play.now + 20_000


def test_waiting_for_a_retry_makes_no_event() -> None:
    """The next attempt follows the failure directly, under the same entry."""
    play = Play({"T": send(Retry=[retrier()])}).start()
    refuse(play)
    before = len(play.events)
    play.fire("retry")
    assert play.types[before - 1 :] == ["TaskFailed", "TaskScheduled", "TaskStarted"]


# -- names


def sent_failure(play: Play, branch: int = 0) -> None:
    """SendTaskFailure with an error of its own."""
    play.answer()
    play.fail("Mine", "c")


def bare_failure(play: Play, branch: int = 0) -> None:
    """SendTaskFailure without error and cause."""
    play.answer()
    play.fail()


def refused_call(play: Play, branch: int = 0) -> None:
    """The service refuses the call."""
    refuse(play, "SQS.QueueDoesNotExistException")


def run_out(play: Play, branch: int = 0) -> None:
    """TimeoutSeconds is over."""
    play.answer()
    play.fire("timeout", branch)


def missed_heartbeat(play: Play, branch: int = 0) -> None:
    """HeartbeatSeconds is over."""
    play.answer()
    play.fire("heartbeat", branch)


def large_answer(play: Play, branch: int = 0) -> None:
    """The result is beyond the limit."""
    play.answer()
    play.complete("x" * 262_144)


def told_runtime(play: Play, branch: int = 0) -> None:
    """A worker calls its failure States.Runtime."""
    play.answer()
    play.fail("States.Runtime", "c")


MET: dict[Any, set[str]] = {
    sent_failure: {"Mine", "States.ALL", "States.TaskFailed"},
    bare_failure: {"States.ALL", "States.TaskFailed"},
    refused_call: {"SQS.QueueDoesNotExistException", "States.ALL", "States.TaskFailed"},
    run_out: {"States.Timeout", "States.ALL"},
    missed_heartbeat: {"States.Timeout", "States.HeartbeatTimeout", "States.ALL"},
    large_answer: {"States.DataLimitExceeded", "States.ALL", "States.TaskFailed"},
    told_runtime: set(),
}
"""What meets which failure. `States.TaskFailed` meets everything but timeouts."""

NAMES = sorted(set().union(*MET.values()) | {"mine", "Min", "States.Runtime", "", "States.*", "*"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("happens", MET, ids=lambda happens: happens.__name__)
@pytest.mark.parametrize("around", [False, True], ids=["the task", "a Parallel around it"])
def test_names_meet_what_aws_says(happens: Any, name: str, around: bool) -> None:
    """Retriers and catchers alike, on the task itself and on a Parallel state around it."""
    expected = name in MET[happens]
    for field in ("Retry", "Catch"):
        entry: dict[str, Any] = {"ErrorEquals": [name]}
        if field == "Catch":
            entry["Next"] = "End"
        clocks = {"TimeoutSeconds": 60, "HeartbeatSeconds": 20}
        meeting: dict[str, Any] = {field: [entry], "Next": "End"}
        state = ask(**clocks, **({} if around else meeting))
        if around:
            state = both({"T": state}, **meeting)
        play = Play({"S": state, "End": passes()}).start()
        happens(play, 1 if around else 0)
        assert (play.status != "FAILED") is expected, field
        assert ((0, "retry") in play.timers) is (expected and field == "Retry")


def test_an_evaluation_that_fails_is_neither_retried_nor_caught() -> None:
    """States.Runtime ends the execution, whatever is named."""
    catch: Any = [
        {"ErrorEquals": ["States.Runtime"], "Next": "End"},
        {"ErrorEquals": ["States.ALL"], "Next": "End"},
    ]
    state = passes(InputPath="$.missing")
    play = Play(
        {
            "P": both({"A": state}, Catch=catch, Retry=[retrier()], Next="End"),
            "End": passes(),
        }
    ).start()
    assert play.status == "FAILED"
    assert play.details()["error"] == "States.Runtime"


def test_the_error_output_of_each_failure() -> None:
    """Error and Cause as AWS hands them on: null, empty or given."""
    catch: Any = [{"ErrorEquals": ["States.ALL"], "Next": "End"}]
    clocks = {"TimeoutSeconds": 60, "HeartbeatSeconds": 20}
    outputs: list[tuple[Any, JsonObject]] = [
        (sent_failure, {"Error": "Mine", "Cause": "c"}),
        (bare_failure, {"Error": None, "Cause": None}),
        (run_out, {"Error": "States.Timeout", "Cause": ""}),
        (missed_heartbeat, {"Error": "States.Timeout", "Cause": ""}),
    ]
    for happens, output in outputs:
        play = Play({"T": ask(**clocks, Catch=catch, Next="End"), "End": passes()}).start()
        happens(play)
        assert play.output() == output


# -- Parallel


def test_a_parallel_is_retried_as_a_whole() -> None:
    """All branches begin anew, with tokens of their own; the old ones are refused."""
    state = both({"A": ask()}, {"B": ask()}, Retry=[retrier("E", MaxAttempts=1)])
    play = Play({"P": state}).start()
    first = set(play.open)
    play.fail("E", event=min(first))
    assert play.open == {}
    assert {play.closed[event].reason for event in first} == {"failed", "aborted"}
    play.fire("retry")
    assert len(play.open) == 2
    assert not set(play.open) & first
    play.fail("E", event=min(play.open))
    assert play.types.count("ParallelStateStarted") == 2
    assert play.types.count("ParallelStateFailed") == 1
    assert play.status == "FAILED"


def test_retriers_within_a_parallel_begin_anew_with_it() -> None:
    """The retry of the whole gives the branch's own retriers their attempts back."""
    inner = send(Retry=[retrier(MaxAttempts=1)])
    play = Play({"P": both({"A": inner}, Retry=[retrier(MaxAttempts=1)])}).start()
    for branch in (1, 2):
        refuse(play)
        play.fire("retry", branch)
        refuse(play)
        if branch == 1:
            play.fire("retry", 0)
    assert play.status == "FAILED"
    assert play.types.count("TaskScheduled") == 4


def test_a_fail_state_is_met_by_the_state_around_it_only() -> None:
    """By its own name, and by States.TaskFailed as everything that is no timeout."""
    for name, met in (("Boom", True), ("States.TaskFailed", True), ("boom", False)):
        catch: Any = [{"ErrorEquals": [name], "Next": "End"}]
        play = Play({"P": both({"F": fails()}, Catch=catch, Next="End"), "End": passes()}).start()
        assert (play.status == "SUCCEEDED") is met


# -- Map


def test_a_map_is_retried_as_a_whole() -> None:
    """All iterations begin anew and see the attempt; it has failed once, at the end."""
    processor: JsonObject = {"StartAt": "T", "States": {"T": ask()}}
    state: JsonObject = {
        "Type": "Map",
        "ItemSelector": {"attempt.$": "$$.State.RetryCount", "item.$": "$$.Map.Item.Value"},
        "ItemProcessor": processor,
        "Retry": [retrier("E", MaxAttempts=1)],
        "End": True,
    }
    play = Play({"M": state}).start([1, 2])
    first = set(play.open)
    play.fail("E", event=min(first))
    assert play.open == {}
    assert "MapStateFailed" not in play.types
    play.fire("retry")
    assert len(play.open) == 2
    entered = [
        decode(event.text("input")) for event in play.events if event.type == "TaskStateEntered"
    ]
    assert entered == [{"attempt": n, "item": item} for n in (0, 1) for item in (1, 2)]
    play.fail("E", event=min(play.open))
    assert play.status == "FAILED"
    assert [play.types.count(f"MapState{what}") for what in ("Started", "Failed")] == [2, 1]


# -- jitter


def test_full_jitter_is_uniform() -> None:
    """Of many executions as many wait in each tenth of the delay, give or take chance."""
    jittered = Retrier(("E",), interval_seconds=10, full_jitter=True)
    tenths = [0] * 10
    for number in range(10_000):
        drawn = chance(number.to_bytes(16), "retry:7:0", 8)
        waited = delay_ms(jittered, 0, drawn)
        assert 0 <= waited <= 10_000
        tenths[min(waited // 1_000, 9)] += 1
    assert all(850 < count < 1_150 for count in tenths), tenths


def test_every_retry_draws_anew_and_the_same_again() -> None:
    """Attempts of one execution differ; the execution read back from its history waits as long."""
    retry = [retrier(MaxAttempts=20, BackoffRate=1, IntervalSeconds=100, JitterStrategy="FULL")]
    waited, again = (delays(Play({"A": send(Retry=retry)}).start()) for _ in range(2))
    assert waited == again
    assert len(set(waited)) == 20
    assert all(0 <= seconds <= 100 for seconds in waited)


def test_branches_draw_for_themselves() -> None:
    """Two that fail at the same moment do not come back at the same moment."""
    retry = [retrier(IntervalSeconds=100, JitterStrategy="FULL")]
    play = Play({"P": both({"A": send(Retry=retry)}, {"B": send(Retry=retry)})}).start()
    for number in (0, 1):
        call = play.call(number)
        play.tell(TaskRefused(call.branch, call.event, "E", "c"))
    assert play.timers[1, "retry"].due_at != play.timers[2, "retry"].due_at


def test_the_first_catcher_that_meets_it_decides() -> None:
    """Also when a later one names the error alone."""
    catch: Any = [
        {"ErrorEquals": ["Other"], "Next": "X"},
        {"ErrorEquals": ["E", "F"], "Next": "Y"},
        {"ErrorEquals": ["F"], "Next": "X"},
        {"ErrorEquals": ["States.ALL"], "Next": "X"},
    ]
    for error, name in (("Other", "X"), ("E", "Y"), ("F", "Y"), ("G", "X")):
        states: JsonObject = {"T": send(Catch=catch, Next="X"), "X": passes(), "Y": passes()}
        play = Play(states).start()
        refuse(play, error)
        assert play.events[-2].text("name") == name
