"""What an execution waits for, as sentences: a table of situations, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stepwell.engine.inputs import ActivityTaken, TaskAnswered, TaskFailed, TimerFired
from stepwell.runtime.explain import BRANCHES_MAX, Facts, events_needed, explain, next_heartbeat
from stepwell.values import JsonObject, JsonValue
from tests.runtime.waiting import PREFIX, START, Waiting, ask, child, work

RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 30, "MaxAttempts": 2}]
CHILD = f"{PREFIX}:execution:child:abc"


def asked(**fields: object) -> Waiting:
    """A task whose message is out and whose token is open."""
    return Waiting({"Ask": ask(**fields)}).tell(TaskAnswered(0, 3, {"MessageId": "m"}))


def called(resource: str, **parameters: JsonValue) -> Waiting:
    """A task that calls this with these parameters."""
    arn = f"arn:aws:states:::{resource}"
    task: JsonObject = {"Type": "Task", "Resource": arn, "Parameters": parameters, "End": True}
    return Waiting({"Call": task})


def retrying() -> Waiting:
    """A task whose first attempt failed after ten seconds."""
    failed = TaskFailed(0, 3, "Rejected", "no", "request")
    return asked(Retry=RETRY).tell(failed, after_seconds=10)


def taken(worker: str | None) -> Waiting:
    """An activity task a worker has taken after five seconds."""
    return Waiting({"Act": work(TimeoutSeconds=60)}).tell(
        ActivityTaken(0, 3, worker), after_seconds=5
    )


SENTENCES: dict[str, tuple[Callable[[], Waiting], str, str]] = {
    "token, message out": (
        asked,
        "token",
        "Ask waits for an answer to its task token, which went out in a message to the queue "
        "approvals.",
    ),
    "token, published": (
        lambda: called(
            "sns:publish.waitForTaskToken",
            TopicArn="arn:aws:sns:us-east-1:000000000000:approvals",
            **{"Message.$": "$$.Task.Token"},
        ).tell(TaskAnswered(0, 3, {"MessageId": "m"})),
        "token",
        "Call waits for an answer to its task token, which was published to the topic approvals.",
    ),
    "token, in an event": (
        lambda: called(
            "events:putEvents.waitForTaskToken",
            Entries=[{"Source": "s", "DetailType": "t", "Detail": {"token.$": "$$.Task.Token"}}],
        ).tell(TaskAnswered(0, 3, {"FailedEntryCount": 0})),
        "token",
        "Call waits for an answer to its task token, which went out in an event.",
    ),
    "function that is invoked": (
        lambda: called("lambda:invoke", FunctionName="greet"),
        "call",
        "Call waits for the function greet to answer its call.",
    ),
    "activity nobody asked for": (
        lambda: Waiting({"Act": work()}),
        "activity",
        "Act waits for a worker: none has asked the activity review for work yet.",
    ),
    "activity with a named worker": (
        lambda: taken("eve"),
        "worker",
        "Act waits for the worker eve, who took its task from the activity review.",
    ),
    "activity with a worker without a name": (
        lambda: taken(None),
        "worker",
        "Act waits for the worker who took its task from the activity review.",
    ),
    "child execution": (
        lambda: Waiting({"Run": child()}).tell(TaskAnswered(0, 3, {"ExecutionArn": CHILD})),
        "child",
        f"Run waits for the end of the execution {CHILD}.",
    ),
    "job of another service": (
        lambda: called("ecs:runTask.sync", TaskDefinition="report").tell(
            TaskAnswered(0, 3, {"Tasks": []})
        ),
        "job",
        "Call waits for the end of what ecs:runTask started.",
    ),
    "child that is not started yet": (
        lambda: Waiting({"Run": child()}),
        "call",
        "Run waits for states:startExecution to answer its call.",
    ),
    "wait": (
        lambda: Waiting({"Nap": {"Type": "Wait", "Seconds": 5, "End": True}}),
        "wait",
        "Nap waits until its time has come, and then goes on by itself.",
    ),
    "retry": (
        retrying,
        "retry",
        "Ask failed with Rejected and waits before it is tried again: attempt 2 follows by itself.",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_wait_has_its_sentence(name: str) -> None:
    """An open branch says in one sentence what it waits for."""
    make, kind, sentence = SENTENCES[name]
    [entry] = explain(make().facts)
    assert (entry.kind, entry.sentence) == (kind, sentence)


HINTS: dict[str, tuple[Callable[[], Waiting], tuple[str, ...]]] = {
    "a timeout": (lambda: asked(TimeoutSeconds=9), ()),
    "no timeout anywhere": (
        asked,
        ("Neither the state nor the machine has TimeoutSeconds: this can wait for ever.",),
    ),
    "only the machine's timeout": (
        lambda: Waiting({"Ask": ask()}, timeout_seconds=60),
        ("The state has no TimeoutSeconds: only the execution's own timeout ends this.",),
    ),
    "beats that nobody counts": (
        lambda: asked(TimeoutSeconds=9).beat(3, after_seconds=1),
        (
            "Heartbeats arrive (1 so far), but the state declares no HeartbeatSeconds: nobody "
            "would notice if they stopped.",
        ),
    ),
    "no beat yet": (
        lambda: asked(TimeoutSeconds=9, HeartbeatSeconds=5),
        ("No heartbeat has come yet.",),
    ),
    "a beat that came": (
        lambda: asked(TimeoutSeconds=9, HeartbeatSeconds=5).beat(3, after_seconds=1),
        (),
    ),
    "a second attempt": (
        lambda: (
            asked(TimeoutSeconds=90, Retry=RETRY)
            .tell(TaskFailed(0, 3, "Rejected", "no"))
            .tell(TimerFired(0, "retry", 6), after_seconds=30)
        ),
        ("This is attempt 2: tokens of earlier ones are refused.",),
    ),
}


@pytest.mark.parametrize("name", HINTS)
def test_hints_tell_what_is_wrong(name: str) -> None:
    """What makes a wait last is said, and nothing where all is well."""
    make, hints = HINTS[name]
    [entry] = explain(make().facts)
    assert entry.hints == hints


def limits_of(facts: Facts) -> list[tuple[str, int]]:
    """The limits of the only open branch: kind and seconds after the start."""
    [entry] = explain(facts)
    return [(limit.kind, (limit.at - START) // 1000) for limit in entry.limits]


def test_limits_come_nearest_first() -> None:
    """Heartbeat, timeout and the execution's own timeout are told in the order of their time."""
    waiting = Waiting({"Ask": ask(TimeoutSeconds=50, HeartbeatSeconds=20)}, timeout_seconds=90)
    assert limits_of(waiting.facts) == [("heartbeat", 20), ("timeout", 50), ("execution", 90)]


def test_a_heartbeat_moves_its_limit() -> None:
    """The next heartbeat is due from the last one, though its timer lags behind."""
    waiting = asked(TimeoutSeconds=50, HeartbeatSeconds=20).beat(3, after_seconds=15)
    assert limits_of(waiting.facts) == [("heartbeat", 35), ("timeout", 50)]


def test_an_activity_counts_from_when_it_is_taken() -> None:
    """Until a worker takes the task no clock of the state runs."""
    assert limits_of(Waiting({"Act": work(TimeoutSeconds=60)}).facts) == []
    assert limits_of(taken("eve").facts) == [("timeout", 65)]


def test_since_when() -> None:
    """A wait is counted from the attempt, a retry from the failure."""
    [entry] = explain(asked().facts)
    assert entry.since == START
    [entry] = explain(retrying().facts)
    assert entry.since == START + 10_000


COMMANDS: dict[str, tuple[Callable[[], Waiting], str]] = {
    "token": (asked, "aws stepfunctions send-task-success --task-token $TOKEN --task-output '{}'"),
    "activity": (
        lambda: Waiting({"Act": work()}),
        f"aws stepfunctions get-activity-task --activity-arn {PREFIX}:activity:review",
    ),
    "child": (
        lambda: Waiting({"Run": child()}).tell(TaskAnswered(0, 3, {"ExecutionArn": CHILD})),
        f"stepwell explain {CHILD}",
    ),
    "retry": (
        retrying,
        f"aws stepfunctions stop-execution --execution-arn {PREFIX}:execution:machine:one",
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_wait_has_a_command(name: str) -> None:
    """There is always a command that frees it, or the best that can be done."""
    make, command = COMMANDS[name]
    [entry] = explain(make().facts)
    assert entry.command == command


def test_only_what_a_token_frees_names_its_token() -> None:
    """The event whose token would be answered is told for tokens and workers only."""
    assert [entry.token_event for entry in explain(asked().facts)] == [3]
    assert [entry.token_event for entry in explain(taken("eve").facts)] == [3]
    assert [entry.token_event for entry in explain(retrying().facts)] == [None]


def test_parallel_is_told_by_its_branches() -> None:
    """Each branch that waits has an entry with its place; one that is done has none."""
    inner: JsonObject = {
        "Type": "Parallel",
        "Branches": [{"StartAt": "Deep", "States": {"Deep": ask(TimeoutSeconds=9)}}],
        "End": True,
    }
    done: JsonObject = {"Type": "Pass", "End": True}
    both: JsonObject = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "Quick", "States": {"Quick": done}},
            {"StartAt": "Nap", "States": {"Nap": {"Type": "Wait", "Seconds": 5, "End": True}}},
            {"StartAt": "Inner", "States": {"Inner": inner}},
        ],
        "End": True,
    }
    entries = explain(Waiting({"Both": both}).facts)
    assert [(e.state, e.inside) for e in entries] == [
        ("Nap", ("Both, branch 2 of 3",)),
        ("Deep", ("Both, branch 3 of 3", "Inner, branch 1 of 1")),
    ]


def test_missing_facts_make_it_shorter_not_wrong() -> None:
    """Without events, tokens and timers there is still a sentence."""
    [entry] = explain(Facts(asked().execution))
    assert entry.sentence == (
        "Ask waits for an answer to its task token, which went out with sqs:sendMessage."
    )
    assert (entry.since, entry.limits) == (None, ())


def test_the_events_that_are_asked_for_are_enough() -> None:
    """With nothing but `events_needed` the explanation is the same."""
    for make, _, _ in SENTENCES.values():
        waiting = make()
        facts = waiting.facts
        needed = events_needed(facts.execution, facts.timers)
        few = {number: event for number, event in waiting.events.items() if number in needed}
        assert explain(Facts(facts.execution, facts.tokens, facts.timers, few)) == explain(facts)


def test_the_next_heartbeat_of_a_closed_token_is_none() -> None:
    """Nobody waits for heartbeats of a token that is closed, or that declares none."""
    token = asked(TimeoutSeconds=50, HeartbeatSeconds=20).tokens[3]
    assert next_heartbeat(token, START + 20_000) == START + 20_000
    assert next_heartbeat(token._replace(closed_at=START), START + 20_000) is None
    assert next_heartbeat(token._replace(heartbeat_seconds=None), START + 20_000) is None


def test_many_branches_are_bounded() -> None:
    """However many branches wait, an explanation has an end."""
    nap: JsonObject = {"Type": "Wait", "Seconds": 5, "End": True}
    branches: list[JsonValue] = [
        {"StartAt": f"Nap{number}", "States": {f"Nap{number}": nap}}
        for number in range(BRANCHES_MAX + 1)
    ]
    wide: JsonObject = {"Type": "Parallel", "Branches": branches, "End": True}
    assert len(explain(Waiting({"Wide": wide}).facts)) == BRANCHES_MAX
