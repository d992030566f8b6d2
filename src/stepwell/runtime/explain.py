"""What a running execution waits for, in words a tired person understands.

`explain` is a pure function of facts read at one moment: the execution, its tokens, its timers and
the events that say how each wait began. One entry per line of control that is open; a Parallel
state is told by its branches. Facts that are missing make a sentence shorter, never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from stepwell.engine.callbacks import OPEN_PHASES, has_token
from stepwell.engine.events import HistoryEvent
from stepwell.engine.execution import Branch, Execution
from stepwell.language.program import ParallelState, TaskState
from stepwell.runtime.records import TimerRow, TokenRow
from stepwell.values import BadJson, JsonObject, decode

BRANCHES_MAX = 200
"""Nobody reads more sentences than that."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A time after which something happens by itself. `kind` is a timer's kind."""

    kind: str
    at: int
    then: str
    """What happens then."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one open line of control waits for.

    `kind` is `token`, `activity`, `worker`, `child`, `call`, `wait`, `retry` or `turn`.
    `command` frees it, with `$TOKEN` in place of the token, or is the best that can be done.
    """

    state: str
    inside: tuple[str, ...]
    """The Parallel states around it, outermost first, each with the number of the branch."""
    kind: str
    sentence: str
    since: int | None
    limits: tuple[Limit, ...]
    """The nearest first."""
    command: str
    hints: tuple[str, ...] = ()
    token_event: int | None = None
    """The event whose token would be answered."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an execution: read at one moment, at least roughly."""

    execution: Execution
    tokens: Mapping[int, TokenRow] = field(default_factory=dict)
    """By the event that scheduled the attempt."""
    timers: Iterable[TimerRow] = ()
    events: Mapping[int, HistoryEvent] = field(default_factory=dict)
    """Those that `events_needed` asks for."""


_JOINING = ("parallel", "mapping", "done")
"""Such a branch waits for other branches only."""


def open_branches(execution: Execution) -> list[Branch]:
    """The lines of control that wait for something themselves; no more than BRANCHES_MAX."""
    waiting = (b for b in execution.branches.values() if b.phase not in _JOINING)
    return list(islice(waiting, BRANCHES_MAX))


def events_needed(execution: Execution, timers: Iterable[TimerRow]) -> set[int]:
    """The events whose details make the sentences full."""
    needed = {event for b in open_branches(execution) for event in (b.entered, b.scheduled, b.last)}
    needed.update(timer.event for timer in timers)
    return needed - {0}


def explain(facts: Facts) -> list[Waiting]:
    """One entry per open line of control, in the order in which they began."""
    return [_explain_branch(facts, branch) for branch in open_branches(facts.execution)]


def next_heartbeat(token: TokenRow, due_at: int | None) -> int | None:
    """When a heartbeat must have come; `due_at` is what the timer says, which may lag behind."""
    if token.heartbeat_seconds is None or token.closed_at is not None:
        return None
    if token.beaten_at is None:
        return due_at
    return token.beaten_at + token.heartbeat_seconds * 1000


def _explain_branch(facts: Facts, branch: Branch) -> Waiting:
    if branch.phase in OPEN_PHASES:
        state = facts.execution.scope(branch).states[branch.state]
        if isinstance(state, TaskState):
            return _task(facts, branch, state)
    if branch.phase == "waiting" or branch.awaits == "wait":
        return _entry(
            facts,
            branch,
            "wait",
            f"{branch.state} waits until its time has come, and then goes on by itself.",
            since=branch.entered_at,
        )
    if branch.phase == "retrying":
        return _retry(facts, branch)
    if branch.phase == "map_run":
        return _map_run(facts, branch)
    where = branch.interrupted_before or branch.state or "The execution"
    return _entry(facts, branch, "turn", f"{where} is about to go on by itself.", since=None)


def _map_run(facts: Facts, branch: Branch) -> Waiting:
    event = facts.events.get(branch.scheduled)
    details = {} if event is None or event.details is None else event.details
    run = details.get("mapRunArn", "of its own")
    return _entry(
        facts,
        branch,
        "child",
        f"{branch.state} waits for the executions of its items, which are those of Map Run {run}.",
        since=None if event is None else event.at,
    )


def _task(facts: Facts, branch: Branch, state: TaskState) -> Waiting:
    resource = state.resource
    if resource.kind == "activity":
        return _activity(facts, branch, state)
    event = facts.events.get(branch.scheduled)
    since = None if event is None else event.at
    if resource.pattern == "waitForTaskToken":
        sentence = f"{branch.state} waits for an answer to its task token, {_carrier(state, event)}"
        return _with_token(facts, branch, state, "token", f"{sentence}.")
    if resource.pattern.startswith("sync") and branch.phase == "submitted":
        if resource.service != "states":
            return _job(facts, branch, state, since)
        child = _answer_member(facts.events.get(branch.last), "ExecutionArn") or "it started"
        return _entry(
            facts,
            branch,
            "child",
            f"{branch.state} waits for the end of the execution {child}.",
            since=since,
            command=f"stepwell explain {child}" if child.startswith("arn:") else "",
            hints=_timeout_hints(facts, state),
        )
    sentence = f"{branch.state} waits for {_callee(state, event)} to answer its call."
    return _entry(facts, branch, "call", sentence, since=since)


def _job(facts: Facts, branch: Branch, state: TaskState, since: int | None) -> Waiting:
    """A task that waits for the end of a job of a service that is not embedded."""
    called = f"{state.resource.service}:{state.resource.action}"
    sentence = f"{branch.state} waits for the end of what {called} started."
    hints = _timeout_hints(facts, state)
    return _entry(facts, branch, "job", sentence, since=since, hints=hints)


def _callee(state: TaskState, event: HistoryEvent | None) -> str:
    """Who was called: a function by its name, anything else by the action."""
    resource = state.resource
    if resource.kind == "lambda":
        return f"the function {resource.arn.partition(':function:')[2]}"
    function = _object(event.text("parameters") if event is not None else "").get("FunctionName")
    if resource.service == "lambda" and isinstance(function, str):
        return f"the function {function.rpartition(':function:')[2]}"
    return f"{resource.service}:{resource.action}"


def _carrier(state: TaskState, event: HistoryEvent | None) -> str:
    """How the token travelled."""
    resource = state.resource
    parameters = _object(event.text("parameters") if event is not None else "")
    queue = parameters.get("QueueUrl")
    if resource.service == "sqs" and isinstance(queue, str):
        return f"which went out in a message to the queue {queue.rpartition('/')[2]}"
    machine = parameters.get("StateMachineArn")
    if resource.service == "states" and isinstance(machine, str):
        return f"which was given to an execution of {machine.rpartition(':')[2]}"
    function = parameters.get("FunctionName")
    if resource.service == "lambda" and isinstance(function, str):
        return f"which was given to the function {function.rpartition(':function:')[2]}"
    topic = parameters.get("TopicArn")
    if resource.service == "sns" and isinstance(topic, str):
        return f"which was published to the topic {topic.rpartition(':')[2]}"
    if resource.service == "events":
        return "which went out in an event"
    return f"which went out with {resource.service}:{resource.action}"


def _activity(facts: Facts, branch: Branch, state: TaskState) -> Waiting:
    arn = state.resource.arn
    name = arn.rpartition(":")[2]
    if branch.phase == "scheduled":
        return _entry(
            facts,
            branch,
            "activity",
            f"{branch.state} waits for a worker: none has asked the activity {name} for work yet.",
            since=_opened_at(facts, branch),
            command=f"aws stepfunctions get-activity-task --activity-arn {arn}",
            hints=(
                "TimeoutSeconds and HeartbeatSeconds count from when a worker takes the task: "
                "until then only a limit of the whole execution ends this.",
            ),
        )
    taken = facts.events.get(branch.last)
    details = (taken.details if taken is not None else None) or {}
    worker = details.get("workerName")
    who = f"the worker {worker}," if worker else "the worker"
    sentence = f"{branch.state} waits for {who} who took its task from the activity {name}."
    return _with_token(facts, branch, state, "worker", sentence)


def _with_token(
    facts: Facts, branch: Branch, state: TaskState, kind: str, sentence: str
) -> Waiting:
    return _entry(
        facts,
        branch,
        kind,
        sentence,
        since=_opened_at(facts, branch),
        command="aws stepfunctions send-task-success --task-token $TOKEN --task-output '{}'",
        hints=(*_timeout_hints(facts, state), *_token_hints(facts.tokens.get(branch.scheduled))),
        token_event=branch.scheduled if has_token(state) else None,
    )


def _opened_at(facts: Facts, branch: Branch) -> int | None:
    token = facts.tokens.get(branch.scheduled)
    event = facts.events.get(branch.scheduled)
    if token is not None:
        return token.opened_at
    return None if event is None else event.at


def _timeout_hints(facts: Facts, state: TaskState) -> tuple[str, ...]:
    if state.timeout is not None:
        return ()
    if facts.execution.program.timeout_seconds is not None:
        return ("The state has no TimeoutSeconds: only the execution's own timeout ends this.",)
    return ("Neither the state nor the machine has TimeoutSeconds: this can wait for ever.",)


def _token_hints(token: TokenRow | None) -> tuple[str, ...]:
    if token is None:
        return ()
    hints = []
    if token.beats and token.heartbeat_seconds is None:
        hints.append(
            f"Heartbeats arrive ({token.beats} so far), but the state declares no "
            "HeartbeatSeconds: nobody would notice if they stopped."
        )
    if token.heartbeat_seconds is not None and not token.beats:
        hints.append("No heartbeat has come yet.")
    if token.attempt > 1:
        hints.append(f"This is attempt {token.attempt}: tokens of earlier ones are refused.")
    return tuple(hints)


def _retry(facts: Facts, branch: Branch) -> Waiting:
    timer = next((t for t in _timers(facts, branch) if t.kind == "retry"), None)
    event = facts.events.get(timer.event) if timer is not None else None
    details = (event.details if event is not None else None) or {}
    failed = f" with {details['error']}" if details.get("error") else ""
    again = f"attempt {branch.retry_count + 1} follows by itself"
    return _entry(
        facts,
        branch,
        "retry",
        f"{branch.state} failed{failed} and waits before it is tried again: {again}.",
        since=None if event is None else event.at,
    )


_THEN = {
    "timeout": "the task fails with States.Timeout",
    "heartbeat": "without a heartbeat until then the task fails with States.HeartbeatTimeout",
    "wait": "the execution goes on",
    "retry": "the state is tried again",
    "continue": "the execution goes on",
    "again": "its expressions are evaluated",
    "leave": "its expressions are evaluated",
    "execution": "the whole execution times out",
}


def _entry(
    facts: Facts,
    branch: Branch,
    kind: str,
    sentence: str,
    *,
    since: int | None,
    command: str = "",
    hints: tuple[str, ...] = (),
    token_event: int | None = None,
) -> Waiting:
    stop = f"aws stepfunctions stop-execution --execution-arn {facts.execution.identity.arn}"
    return Waiting(
        state=branch.state,
        inside=_inside(facts.execution, branch),
        kind=kind,
        sentence=sentence,
        since=since,
        limits=_limits(facts, branch),
        command=command or stop,
        hints=hints,
        token_event=token_event,
    )


def _limits(facts: Facts, branch: Branch) -> tuple[Limit, ...]:
    limits = []
    for timer in _timers(facts, branch):
        due_at = timer.due_at
        token = facts.tokens.get(timer.event)
        if timer.kind == "heartbeat" and token is not None:
            due_at = next_heartbeat(token, due_at) or due_at
        limits.append(Limit(timer.kind, due_at, _THEN.get(timer.kind, "it goes on")))
    return tuple(sorted(limits, key=lambda limit: limit.at))


def _timers(facts: Facts, branch: Branch) -> list[TimerRow]:
    """The timers of the branch, and the execution's own."""
    return [t for t in facts.timers if t.branch == branch.id or t.kind == "execution"]


def _inside(execution: Execution, branch: Branch) -> tuple[str, ...]:
    """Where a branch lies: `Both, branch 2`."""
    places: list[str] = []
    while branch.parent is not None:
        parent = execution.branches[branch.parent]
        state = execution.scope(parent).states.get(parent.state)
        of = f" of {len(state.branches)}" if isinstance(state, ParallelState) else ""
        places.insert(0, f"{parent.state}, branch {branch.position + 1}{of}")
        branch = parent
    return tuple(places)


def _answer_member(event: HistoryEvent | None, name: str) -> str:
    """A member of what a call answered."""
    if event is None or event.type != "TaskSubmitted":
        return ""
    value = _object(event.text("output")).get(name)
    return value if isinstance(value, str) else ""


def _object(text: str) -> JsonObject:
    try:
        value = decode(text)
    except BadJson:
        return {}
    return value if isinstance(value, dict) else {}
