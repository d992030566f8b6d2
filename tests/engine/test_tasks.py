"""Task: each kind's life, what ends it, and what comes too late."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.engine.commands import StartClock
from stepwell.engine.inputs import (
    ActivityTaken,
    Input,
    StopRequested,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TaskRefused,
    TimerFired,
)
from stepwell.engine.limits import Limits, World
from stepwell.values import JsonObject
from tests.engine.play import ACTIVITY, QUEUE, Play, ask, child, passes, send, work

CAUGHT: Any = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


def caught(state: JsonObject, **more: Any) -> JsonObject:
    """A state whose errors all lead to a Pass that shows them."""
    return {"A": {**state, "Catch": CAUGHT, **more}, "Caught": passes()}


def test_request_response() -> None:
    """A call that is answered: scheduled, started, succeeded, exited; no token."""
    play = Play({"A": send(ResultPath="$.sent")}).start({"x": 1})
    assert not play.open
    assert play.call().token is None
    play.answer({"MessageId": "m"})
    assert play.trail == [
        "1<0 ExecutionStarted",
        "2<0 TaskStateEntered",
        "3<2 TaskScheduled",
        "4<3 TaskStarted",
        "5<4 TaskSucceeded",
        "6<5 TaskStateExited",
        "7<6 ExecutionSucceeded",
    ]
    assert play.output() == {"x": 1, "sent": {"MessageId": "m"}}
    assert play.details(2) == {
        "resource": "sendMessage",
        "resourceType": "sqs",
        "region": "us-east-1",
        "parameters": play.details(2)["parameters"],
    }


def test_refused_call() -> None:
    """A call that is refused fails the task, and the execution with it."""
    play = Play({"A": send()}).start()
    call = play.call()
    play.tell(TaskRefused(call.branch, call.event, "SQS.QueueDoesNotExist", "no queue"))
    assert play.types[-2:] == ["TaskFailed", "ExecutionFailed"]
    assert play.details(-2) == {
        "resource": "sendMessage",
        "resourceType": "sqs",
        "error": "SQS.QueueDoesNotExist",
        "cause": "no queue",
    }


def test_token() -> None:
    """A token is opened before the call, travels with it, and is closed by the answer to it."""
    play = Play({"A": ask(TimeoutSeconds=60, HeartbeatSeconds=20)}).start()
    [token] = play.open.values()
    assert (token.state, token.attempt, token.heartbeat_seconds) == ("A", 1, 20)
    assert token.deadline_at == play.now + 60_000
    call = play.call()
    assert call.token is not None
    assert call.token in str(call.parameters)
    assert call.token in str(play.details(2)["parameters"])
    assert (play.details(2)["timeoutInSeconds"], play.details(2)["heartbeatInSeconds"]) == (60, 20)
    play.answer({"MessageId": "m"})
    play.complete({"approved": True})
    assert play.types[2:] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert play.output() == {"approved": True}
    assert play.closed[3].reason == "succeeded"
    assert play.closed[3].request_id == "request"
    assert not play.timers


def test_callback_before_the_answer() -> None:
    """A callback that beats the call's own answer counts; the answer then says nothing."""
    play = Play({"A": ask()}).start()
    play.complete(1)
    assert play.status == "SUCCEEDED"
    assert play.answer().events == []


def test_the_token_after_the_work() -> None:
    """What a state makes of its result may name the attempt's token too, as `$$` of the state."""
    selector = {"token.$": "$$.Task.Token", "result.$": "$"}
    play = Play({"A": ask(ResultSelector=selector)}).start()
    call = play.call()
    play.answer()
    play.complete(1)
    assert play.output() == {"token": call.token, "result": 1}


def test_the_token_in_a_catcher() -> None:
    """A catcher sees the token of the attempt that failed, not of the first one."""
    catcher: JsonObject = {
        "ErrorEquals": ["States.ALL"],
        "Next": "Z",
        "Output": "{% $states.context.Task.Token %}",
    }
    retrier: JsonObject = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}
    asks: JsonObject = {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": ask()["Resource"],
        "Arguments": {"QueueUrl": QUEUE, "MessageBody": "{% $states.context.Task.Token %}"},
        "Retry": [retrier],
        "Catch": [catcher],
        "End": True,
    }
    play = Play({"A": asks, "Z": {"Type": "Succeed"}}).start()
    first = play.call()
    play.fail("E", None)
    play.fire("retry")
    second = play.call()
    play.fail("E", None)
    assert first.token != second.token
    assert play.output() == second.token


def test_no_token_without_one() -> None:
    """A call that is answered at once has no token afterwards either."""
    play = Play({"A": send(ResultSelector={"token.$": "$$.Task.Token"})}).start()
    play.answer()
    assert play.status == "FAILED"
    assert "$$.Task.Token" in str(play.details(-1)["cause"])


@pytest.mark.parametrize(
    ("error", "cause", "details"),
    [
        ("E", "C", {"error": "E", "cause": "C"}),
        (None, None, {}),
        ("E", None, {"error": "E"}),
    ],
)
def test_callback_failure(error: str | None, cause: str | None, details: JsonObject) -> None:
    """A failing callback leaves out what it was not given, and hands null on to a catcher."""
    play = Play(caught(ask())).start()
    play.answer()
    play.fail(error, cause)
    failed = play.events[play.types.index("TaskFailed")].details or {}
    assert {k: failed[k] for k in ("error", "cause") if k in failed} == details
    assert play.output() == {"Error": error, "Cause": cause}


def test_timeout() -> None:
    """A timeout has no cause in the history and an empty one when it is caught."""
    play = Play(caught(ask(TimeoutSeconds=60, HeartbeatSeconds=20))).start()
    play.answer()
    play.timers.pop((0, "heartbeat"))
    play.fire("timeout")
    timed_out = play.events[play.types.index("TaskTimedOut")]
    assert timed_out.details == {
        "resource": "sendMessage.waitForTaskToken",
        "resourceType": "sqs",
        "error": "States.Timeout",
    }
    assert play.output() == {"Error": "States.Timeout", "Cause": ""}
    assert play.closed[3].reason == "timed_out"


def test_uncaught_timeout() -> None:
    """A task timeout that nobody catches fails the execution; it does not time out itself."""
    play = Play({"A": ask(TimeoutSeconds=60)}).start()
    play.fire("timeout")
    assert play.status == "FAILED"
    assert play.details() == {"error": "States.Timeout"}


def test_missed_heartbeat() -> None:
    """A missed heartbeat is States.Timeout in the history, and the token says what it was."""
    play = Play({"A": ask(HeartbeatSeconds=20)}).start()
    play.fire("heartbeat")
    assert play.types[-2:] == ["TaskTimedOut", "ExecutionFailed"]
    assert play.closed[3].reason == "heartbeat_missed"


def test_heartbeat_moves_the_clock() -> None:
    """A heartbeat timer that fires after a beat waits on, from the beat; it writes nothing."""
    play = Play({"A": ask(HeartbeatSeconds=20, TimeoutSeconds=60)}).start()
    beaten_at = play.now + 5_000
    decision = play.fire("heartbeat", beaten_at=beaten_at)
    assert decision.events == []
    assert play.timers[0, "heartbeat"].due_at == beaten_at + 20_000
    play.fire("heartbeat", beaten_at=beaten_at)
    assert play.types[-1] == "ExecutionFailed"


def test_seconds_from_the_input() -> None:
    """Timeout and heartbeat are read from the state's input when it is scheduled."""
    state = ask(TimeoutSecondsPath="$.t", HeartbeatSecondsPath="$.h")
    play = Play({"A": state}).start({"t": 60, "h": 5})
    assert play.timers[0, "timeout"].due_at == play.now + 60_000
    beaten_at = play.now + 1_000
    play.fire("heartbeat", beaten_at=beaten_at)
    assert play.timers[0, "heartbeat"].due_at == beaten_at + 5_000


def test_activity() -> None:
    """An activity's clocks start when a worker takes it; its token then has a deadline."""
    play = Play({"A": work(TimeoutSeconds=60, HeartbeatSeconds=20)}).start({"x": 1})
    assert not play.timers
    assert play.open[3].deadline_at is None
    assert play.offers[3].text == '{"x":1}'
    play.now += 500_000
    decision = play.take("bob")
    assert StartClock(3, play.now + 60_000) in decision.commands
    assert play.timers[0, "timeout"].due_at == play.now + 60_000
    play.complete(2)
    assert play.trail == [
        "1<0 ExecutionStarted",
        "2<0 TaskStateEntered",
        "3<2 ActivityScheduled",
        "4<3 ActivityStarted",
        "5<4 ActivitySucceeded",
        "6<5 TaskStateExited",
        "7<6 ExecutionSucceeded",
    ]
    assert play.details(2) == {
        "resource": ACTIVITY,
        "input": '{"x":1}',
        "inputDetails": {"truncated": False},
        "timeoutInSeconds": 60,
        "heartbeatInSeconds": 20,
    }
    assert play.details(3) == {"workerName": "bob"}


def test_activity_fails_and_times_out() -> None:
    """Activities have failure and timeout events of their own; a worker may have no name."""
    play = Play({"A": work(Retry=[{"ErrorEquals": ["E"]}], TimeoutSeconds=9)}).start()
    play.take(None)
    assert play.details() == {}
    play.fail("E", "C")
    assert play.types[-1] == "ActivityFailed"
    play.fire("retry")
    play.take()
    play.fire("timeout")
    assert play.types[-2:] == ["ActivityTimedOut", "ExecutionFailed"]
    assert play.details(-2) == {"error": "States.Timeout"}


def test_activity_is_withdrawn() -> None:
    """A task that nobody took is taken back when its execution stops."""
    play = Play({"A": work()}).start()
    play.tell(StopRequested(None, None))
    assert not play.offers
    assert play.closed[3].reason == "stopped"


def test_activity_that_does_not_exist() -> None:
    """A task of a deleted activity fails the execution, and is not scheduled."""
    play = Play(caught(work()), world=World(activity_exists=lambda arn: False)).start()
    assert play.types == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    assert str(play.details()["cause"]).endswith(f" The activity {ACTIVITY} does not exist.")


def test_job() -> None:
    """A job is submitted when its call is answered, and done when the job ends."""
    play = Play({"A": child()}).start()
    play.answer({"ExecutionArn": "arn"})
    play.tell(TaskCompleted(0, 3, '{"Status":"SUCCEEDED"}', {"Status": "SUCCEEDED"}))
    assert play.types[2:] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert not play.stops


@pytest.mark.parametrize("ending", ["stop", "timeout", "execution"])
def test_job_is_stopped(ending: str) -> None:
    """A job that nobody waits for any more is stopped, whatever ended the wait."""
    state = child(TimeoutSeconds=30)
    play = Play(definition={"StartAt": "A", "TimeoutSeconds": 99, "States": {"A": state}}).start()
    play.answer()
    if ending == "stop":
        play.tell(StopRequested(None, None))
    else:
        if ending == "execution":
            play.timers.pop((0, "timeout"))
        play.fire(ending)
    assert [(s.event, s.resource.pattern) for s in play.stops] == [(3, "sync:2")]


def test_job_answered_by_token() -> None:
    """A job's token ends the task early, and the job itself goes on unwatched."""
    play = Play({"A": child()}).start()
    play.answer()
    play.complete("early")
    assert play.output() == "early"
    assert not play.stops


@pytest.mark.parametrize("state", [ask(), send(), work()])
def test_result_too_large(state: JsonObject) -> None:
    """A result over the limit fails the task and can be caught."""
    play = Play(caught(state), limits=Limits(payload_bytes_max=2_000)).start()
    large = "x" * 2_000
    if play.offers:
        play.take()
    if play.open:
        play.complete(large)
    else:
        play.answer(large)
    assert play.types[-5] in ("TaskFailed", "ActivityFailed")
    name = ACTIVITY if "activity" in str(state["Resource"]) else "sqs"
    assert play.output() == {
        "Error": "States.DataLimitExceeded",
        "Cause": f"The state/task '{name}' returned a result with a size exceeding the maximum"
        " number of bytes service limit.",
    }


def test_output_too_large_is_retried() -> None:
    """A state output over the limit fails the state after its task succeeded."""
    retry: Any = [{"ErrorEquals": ["States.DataLimitExceeded"], "MaxAttempts": 1}]
    limits = Limits(payload_bytes_max=1_000)
    play = Play({"A": send(ResultPath="$.r", Retry=retry)}, limits=limits).start({"x": "y" * 600})
    play.answer("z" * 600)
    assert play.types[-1] == "TaskSucceeded"
    play.fire("retry")
    play.answer("z")
    assert play.status == "SUCCEEDED"


def test_parameters_too_large() -> None:
    """Parameters over the limit would be no smaller next time: no retry, but a catch."""
    state = ask(Parameters={"QueueUrl": "q", "MessageBody": {"a.$": "$", "b.$": "$"}})
    retry = [{"ErrorEquals": ["States.ALL"]}]
    limits = Limits(payload_bytes_max=1_000)
    play = Play(caught(state, Retry=retry), limits=limits).start({"x": "y" * 600})
    assert play.types[1:3] == ["TaskStateEntered", "TaskStateExited"]
    assert play.status == "SUCCEEDED"
    assert not play.timers


def test_parameters_too_large_at_a_retry() -> None:
    """Parameters that grow over the limit with the next attempt fail the state then."""
    state = send(
        Parameters={"QueueUrl": "q", "MessageBody": {"a.$": "$$.State.RetryCount", "b.$": "$"}}
    )
    play = Play({"A": {**state, "Retry": [{"ErrorEquals": ["States.ALL"]}]}}).start("y" * 300)
    call = play.call()
    play.tell(TaskRefused(0, call.event, "E", None))
    play.limits = Limits(payload_bytes_max=200)
    play.fire("retry")
    assert play.status == "FAILED"
    assert play.details()["error"] == "States.DataLimitExceeded"


KINDS = ("wait", "retry", "timeout", "heartbeat", "continue")


def _stale(branch: int, event: int) -> list[Input]:
    return [
        TaskAnswered(branch, event, 1),
        TaskRefused(branch, event, "E", None),
        TaskCompleted(branch, event, "1", 1),
        TaskFailed(branch, event, "E", None),
        ActivityTaken(branch, event, None),
        *(TimerFired(branch, k, event) for k in KINDS),
    ]


@pytest.mark.parametrize("state", [ask(TimeoutSeconds=9), send(), work(), child()])
@pytest.mark.parametrize("moment", ["scheduled", "retrying", "again", "ended"])
def test_stale_inputs(state: JsonObject, moment: str) -> None:
    """What belongs to another attempt or to no branch at all changes nothing, at any moment."""
    play = Play({"A": {**state, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}]}}).start()
    wrong = [(0, 2), (0, 999), (5, 3), (0, 0)]
    if moment != "scheduled":
        if play.offers:
            play.take()
        if play.open:
            play.fail("E")
        else:
            play.tell(TaskRefused(0, 3, "E", None))
        wrong.append((0, 3))
    if moment in ("again", "ended"):
        play.fire("retry")
    if moment == "ended":
        play.tell(StopRequested(None, None))
    for branch, event in wrong:
        for given in _stale(branch, event):
            decision = play.tell(given)
            assert (decision.events, decision.commands) == ([], []), given


@pytest.mark.parametrize("state", [ask(), child()])
def test_doubled_answer(state: JsonObject) -> None:
    """An answer that comes twice submits the task once, and its call can't fail it afterwards."""
    play = Play({"A": state}).start()
    play.answer()
    assert play.answer().events == []
    call = play.call()
    assert play.tell(TaskRefused(call.branch, call.event, "E", None)).events == []
    assert play.tell(ActivityTaken(call.branch, call.event, None)).events == []


def test_output_that_cannot_be_evaluated() -> None:
    """A result that the state can't shape fails the execution after the task succeeded."""
    play = Play({"A": send(ResultSelector={"a.$": "$.no"})}).start()
    play.answer({"yes": 1})
    assert play.types[-2:] == ["TaskSucceeded", "ExecutionFailed"]
    assert play.details()["error"] == "States.Runtime"


def test_result_path_that_does_not_fit() -> None:
    """A result that can't be put into the input is an error of its own that can be caught."""
    play = Play(caught(send(ResultPath="$.r.s"))).start({"r": 1})
    play.answer()
    assert play.types[-1] == "ExecutionSucceeded"
    assert str(play.output()).startswith("{'Error': 'States.ResultPathMatchFailure'")
