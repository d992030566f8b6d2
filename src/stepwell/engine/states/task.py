"""Task: scheduled, started, (submitted,) answered or failed; retried with a new token each time.

request-response   TaskScheduled TaskStarted TaskSucceeded|TaskFailed
token, job         TaskScheduled TaskStarted TaskSubmitted TaskSucceeded|TaskFailed|TaskTimedOut
activity           ActivityScheduled ActivityStarted
                   ActivitySucceeded|ActivityFailed|ActivityTimedOut
function's ARN     LambdaFunctionScheduled LambdaFunctionStarted
                   LambdaFunctionSucceeded|LambdaFunctionFailed|LambdaFunctionTimedOut
"""

from __future__ import annotations

import re

from stepwell.engine.callbacks import OPEN_PHASES, abandon_attempt, has_token, release_attempt
from stepwell.engine.commands import CallService, OfferActivity, OpenToken, StartClock
from stepwell.engine.context import StepEnvironment, token_text
from stepwell.engine.endings import (
    WHOLE,
    exceeds,
    fail_state,
    failure_details,
    leave_state,
    payload_text,
    too_large,
)
from stepwell.engine.events import Details
from stepwell.engine.execution import Branch
from stepwell.engine.inputs import (
    ActivityTaken,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TaskRefused,
    TimerFired,
)
from stepwell.engine.retries import TIMEOUT, Failure
from stepwell.engine.step import Step
from stepwell.language.program import EvaluationFailed, Seconds, TaskState
from stepwell.values import JsonValue, encode_text

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.")


def schedule(step: Step, branch: Branch, state: TaskState) -> None:
    """Begin an attempt: the first one, or a retry."""
    token = None
    if has_token(state):
        execution = step.execution
        token = token_text(execution.identity.id, execution.identity.seed, execution.last_event + 1)
    shown = token if state.resource.kind == "service" else None
    env = step.environment(branch, token=shown, may_wait=True)
    timeout = _seconds(state.timeout, branch.value, env)
    heartbeat = _seconds(state.heartbeat, branch.value, env)
    value = branch.value
    role = None if state.credentials is None else _role(state.credentials(value, env))
    arguments = value if state.arguments is None else state.arguments(value, env)
    text = branch.text if arguments is value else payload_text(arguments)
    if exceeds(step, text):
        fail_state(step, branch, state, too_large(branch.state), retriable=False)
    elif state.resource.kind == "activity":
        _schedule_activity(step, branch, state, text, timeout, heartbeat)
    else:
        _schedule_call(step, branch, state, (arguments, text, token, role), timeout, heartbeat)


def _seconds(seconds: Seconds | None, value: JsonValue, env: StepEnvironment) -> int | None:
    if seconds is None:
        return None
    return seconds.fixed if seconds.read is None else seconds.read(value, env)


def _schedule_call(
    step: Step,
    branch: Branch,
    state: TaskState,
    call: tuple[JsonValue, str, str | None, str | None],
    timeout: int | None,
    heartbeat: int | None,
) -> None:
    arguments, text, token, role = call
    if state.resource.kind == "lambda":
        details = _function_scheduled(state, text, timeout, role)
        scheduled = step.emit(branch, "LambdaFunctionScheduled", details)
        step.emit(branch, "LambdaFunctionStarted")
    else:
        details = {
            **_resource(state),
            "region": step.execution.identity.region,
            "parameters": text,
        }
        _add_seconds(details, timeout, heartbeat)
        _add_role(details, role)
        scheduled = step.emit(branch, "TaskScheduled", details)
        step.emit(branch, "TaskStarted", _resource(state))
    if token is not None:
        _open_token(step, branch, state, timeout, heartbeat, started=True)
    _set_timers(step, branch, timeout, heartbeat)
    account = None if role is None else role.split(":")[4]
    step.command(CallService(branch.id, scheduled.id, state.resource, arguments, token, account))


def _role(credentials: JsonValue) -> str:
    """The role in whose account the service is called."""
    role = credentials.get("RoleArn") if isinstance(credentials, dict) else None
    if not isinstance(role, str) or _ROLE.match(role) is None:
        shown = role if isinstance(role, str) else encode_text(role)
        raise EvaluationFailed(
            f"The RoleArn of Credentials is not the ARN of a role: {shown}", location="Credentials"
        )
    return role


def _add_role(details: Details, role: str | None) -> None:
    if role is not None:
        details["taskCredentials"] = {"roleArn": role}


def _function_scheduled(
    state: TaskState, text: str, timeout: int | None, role: str | None
) -> Details:
    details: Details = {
        "resource": state.resource.arn,
        "input": text,
        "inputDetails": WHOLE,
    }
    _add_seconds(details, timeout, None)
    _add_role(details, role)
    return details


def _schedule_activity(
    step: Step,
    branch: Branch,
    state: TaskState,
    text: str,
    timeout: int | None,
    heartbeat: int | None,
) -> None:
    if not step.world.activity_exists(state.resource.arn):
        raise EvaluationFailed(f"The activity {state.resource.arn} does not exist.")
    details: Details = {
        "resource": state.resource.arn,
        "input": text,
        "inputDetails": WHOLE,
    }
    _add_seconds(details, timeout, heartbeat)
    scheduled = step.emit(branch, "ActivityScheduled", details)
    _open_token(step, branch, state, timeout, heartbeat, started=False)
    step.command(OfferActivity(branch.id, scheduled.id, state.resource.arn, text))


def _add_seconds(details: Details, timeout: int | None, heartbeat: int | None) -> None:
    if timeout is not None:
        details["timeoutInSeconds"] = timeout
    if heartbeat is not None:
        details["heartbeatInSeconds"] = heartbeat


def _open_token(
    step: Step,
    branch: Branch,
    state: TaskState,
    timeout: int | None,
    heartbeat: int | None,
    *,
    started: bool,
) -> None:
    deadline = step.now + timeout * 1000 if timeout is not None and started else None
    step.command(
        OpenToken(
            branch.id,
            branch.scheduled,
            branch.state,
            branch.retry_count + 1,
            state.resource.arn,
            deadline,
            heartbeat,
        )
    )


def _set_timers(step: Step, branch: Branch, timeout: int | None, heartbeat: int | None) -> None:
    """Both clocks start when the work starts, and again with each attempt."""
    if timeout is not None:
        step.set_timer(branch, "timeout", step.now + timeout * 1000, branch.scheduled)
    if heartbeat is not None:
        step.set_timer(branch, "heartbeat", step.now + heartbeat * 1000, branch.scheduled)


def _resource(state: TaskState) -> Details:
    resource = state.resource
    action = f"{resource.action}.{resource.pattern}" if resource.pattern else resource.action
    return {"resource": action, "resourceType": resource.service}


def waits_for(branch: Branch, event: int) -> bool:
    """Whether the branch still waits for the attempt that this event scheduled."""
    return branch.scheduled == event and branch.phase in OPEN_PHASES


def take_activity(step: Step, branch: Branch, state: TaskState, taken: ActivityTaken) -> None:
    """A worker has the task: from now on the clocks run."""
    details: Details = {} if taken.worker_name is None else {"workerName": taken.worker_name}
    step.emit(branch, "ActivityStarted", details)
    env = step.environment(branch)
    timeout = _seconds(state.timeout, branch.value, env)
    heartbeat = _seconds(state.heartbeat, branch.value, env)
    _set_timers(step, branch, timeout, heartbeat)
    if timeout is not None:
        step.command(StartClock(branch.scheduled, step.now + timeout * 1000))


def answer(step: Step, branch: Branch, state: TaskState, answered: TaskAnswered) -> None:
    """The service answered the call."""
    text = payload_text(answered.result)
    if state.resource.pattern == "":
        release_attempt(step, branch, state, reason="succeeded")
        _succeed(step, branch, state, answered.result, text)
        return
    if exceeds(step, text):
        abandon_attempt(step, branch, state, reason="failed")
        _fail(step, branch, state, too_large(state.resource.service))
        return
    details: Details = {
        **_resource(state),
        "output": text,
        "outputDetails": WHOLE,
    }
    step.emit(branch, "TaskSubmitted", details)


def complete(step: Step, branch: Branch, state: TaskState, completed: TaskCompleted) -> None:
    """The result came: by the token, or because the job ended."""
    release_attempt(step, branch, state, reason="succeeded", request_id=completed.request_id)
    _succeed(step, branch, state, completed.value, completed.text)


def _succeed(step: Step, branch: Branch, state: TaskState, result: JsonValue, text: str) -> None:
    if exceeds(step, text):
        name = state.resource.service or state.resource.arn
        _fail(step, branch, state, too_large(name))
        return
    details: Details = {"output": text, "outputDetails": WHOLE}
    _emit_end(step, branch, state, "Succeeded", details)
    if branch.made is not None:
        branch.made = text, (result,)
    env = step.environment(branch, may_wait=True)
    leave_state(
        step, branch, state, result, arguments=None, env=env, next_state=state.next, text=text
    )


def refuse(step: Step, branch: Branch, state: TaskState, refused: TaskRefused | TaskFailed) -> None:
    """The call failed, the callback said so, or the job ended badly."""
    request_id = refused.request_id if isinstance(refused, TaskFailed) else ""
    release_attempt(step, branch, state, reason="failed", request_id=request_id)
    _fail(step, branch, state, Failure(refused.error, refused.cause))


def _fail(step: Step, branch: Branch, state: TaskState, failure: Failure) -> None:
    _emit_end(step, branch, state, "Failed", failure_details(failure))
    fail_state(step, branch, state, failure)


def _emit_end(step: Step, branch: Branch, state: TaskState, end: str, details: Details) -> None:
    """Succeeded, Failed or TimedOut, in the words of what was called."""
    kind = state.resource.kind
    if kind == "service":
        step.emit(branch, f"Task{end}", {**_resource(state), **details})
    else:
        step.emit(
            branch, f"Activity{end}" if kind == "activity" else f"LambdaFunction{end}", details
        )


def run_out(step: Step, branch: Branch, state: TaskState, fired: TimerFired) -> None:
    """The time is over, or no heartbeat came. A heartbeat that did come moves its own timer."""
    missed = fired.kind == "heartbeat"
    if missed and fired.beaten_at is not None:
        heartbeat = _seconds(state.heartbeat, branch.value, step.environment(branch))
        due_at = fired.beaten_at + (heartbeat or 0) * 1000
        if due_at > step.now:
            step.set_timer(branch, "heartbeat", due_at, branch.scheduled)
            return
    reason = "heartbeat_missed" if missed else "timed_out"
    abandon_attempt(step, branch, state, reason=reason)
    _emit_end(step, branch, state, "TimedOut", {"error": TIMEOUT})
    fail_state(step, branch, state, Failure(TIMEOUT, None, heartbeat_missed=missed))
