"""How a state ends: it exits with an output, or it fails and is retried, caught or passed on."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from stepwell.engine.callbacks import abandon
from stepwell.engine.context import StepEnvironment, chance
from stepwell.engine.events import Details, Note
from stepwell.engine.execution import Branch
from stepwell.engine.limits import CAUSE_CHARACTERS_MAX, ERROR_CHARACTERS_MAX
from stepwell.engine.retries import Failure, choose_catcher, choose_retrier, delay_ms
from stepwell.engine.step import EngineBug, Entry, Step
from stepwell.engine.variables import show_variables
from stepwell.language.budget import DATA_LIMIT_EXCEEDED
from stepwell.language.program import (
    QUERY_EVALUATION,
    ChoiceRule,
    ChoiceState,
    EvaluationFailed,
    FailState,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from stepwell.values import NESTING_MAX, JsonObject, JsonValue, encode_text, nests_too_deep

Retriable: TypeAlias = TaskState | ParallelState | MapState
"""The states that can be retried and caught: what they do may fail."""

TYPE_NAMES: dict[type[State], str] = {
    PassState: "Pass",
    TaskState: "Task",
    ChoiceState: "Choice",
    WaitState: "Wait",
    SucceedState: "Succeed",
    FailState: "Fail",
    ParallelState: "Parallel",
    MapState: "Map",
}
ENTERED = {kind: f"{name}StateEntered" for kind, name in TYPE_NAMES.items()}
EXITED = {kind: f"{name}StateExited" for kind, name in TYPE_NAMES.items()}
"""The events of entering and leaving a state."""
WHOLE: JsonObject = {"truncated": False}
"""What events say of data that they show whole. Nobody changes it."""


def state_of(step: Step, branch: Branch) -> State:
    """The state a branch stands in."""
    return branch.scope.states[branch.state]


def exceeds(step: Step, text: str) -> bool:
    """Whether a payload is too large. Counts UTF-8 bytes, but only where it could matter; what is
    large is remembered."""
    limits = step.limits
    if len(text) * 5 <= limits.payload_bytes_max:
        return False
    size = len(text.encode())
    if limits.is_noted(size):
        step.largest_bytes = max(step.largest_bytes, size)
    return size > limits.payload_bytes_max


def payload_text(value: JsonValue) -> str:
    """The JSON of what a state makes. Raises EvaluationFailed when it nests too deeply."""
    try:
        text = encode_text(value)
    except RecursionError:
        raise _nested_too_deep() from None
    if nests_too_deep(text):
        raise _nested_too_deep()
    return text


def _nested_too_deep() -> EvaluationFailed:
    return EvaluationFailed(f"The data nests arrays and objects deeper than {NESTING_MAX} levels.")


def too_large(name: str) -> Failure:
    """AWS's sentence for a result over the limit; `name` is the service, function or state."""
    return Failure(
        "States.DataLimitExceeded",
        f"The state/task '{name}' returned a result with a size exceeding the maximum number of"
        " bytes service limit.",
    )


def exit_state(
    step: Step,
    branch: Branch,
    state: State,
    value: JsonValue,
    *,
    next_state: str | None,
    text: str | None = None,
    assigned: JsonObject | None = None,
    caught: bool = False,
) -> None:
    """The state is over and this is its output. `next_state` None ends the scope.

    `assigned` are the variables it leaves behind. What fails once a failure was `caught` is met by
    no catcher of the state again.

    `text` is the output's JSON where it is known already. An input that is handed on unchanged
    keeps the text it came with, spaces and all, as on AWS.
    """
    if text is None:
        text = branch.text if value is branch.value else payload_text(value)
    if exceeds(step, text):
        fail_state(step, branch, state, too_large(branch.state))
        return
    details: Details = {"name": branch.state, "output": text, "outputDetails": WHOLE}
    if assigned is not None:
        failure = show_variables(branch, assigned, details)
        if failure is not None:
            (_fail_around if caught else _fail_here)(step, branch, failure)
            return
    exited = EXITED[type(state)]
    if next_state is None:
        note: Note | None = None if branch.parent is None else {"end": 1}
        step.emit(branch, exited, details, value=(value,), note=note, assigned=assigned)
        step.finished.append(branch)
    else:
        event = step.emit(branch, exited, details, value=(value,), assigned=assigned)
        go_on(step, branch, next_state, value, text)
        if branch.interrupted_before:
            event.annotate({"next": next_state})


def leave_state(
    step: Step,
    branch: Branch,
    state: State,
    result: JsonValue,
    *,
    arguments: JsonValue,
    env: StepEnvironment,
    next_state: str | None,
    text: str | None = None,
    rule: ChoiceRule | None = None,
) -> None:
    """The work is done: assign variables and make the output, both from what there is now.

    `text` is the JSON of the result, where it is known; `rule` says what holds instead of the
    state.
    """
    held = state if rule is None else rule
    assigned = None
    if held.assign is not None:
        assigned = held.assign(branch.value, arguments, result, env)
    if held.output is not None:
        result = held.output(branch.value, arguments, result, env)
        text = None
    exit_state(step, branch, state, result, next_state=next_state, text=text, assigned=assigned)


def fail_evaluation(step: Step, branch: Branch, failed: EvaluationFailed) -> Failure:
    """The failure of an evaluation. That of an expression stands in the history for itself.

    AWS lets the event of an expression that fails on entry point to where the state was entered
    from.
    """
    failure = runtime_failure(branch, failed)
    if failed.error == QUERY_EVALUATION:
        details = failure_details(failure)
        if failed.location:
            details["location"] = failed.location
        details["state"] = branch.state
        on_entry = failed.from_entry and branch.last == branch.entered
        previous = branch.entered_from if on_entry else None
        step.emit(branch, "EvaluationFailed", details, previous=previous)
    return failure


def _fail_here(step: Step, branch: Branch, failure: Failure) -> None:
    fail_state(step, branch, state_of(step, branch), failure)


def go_on(step: Step, branch: Branch, next_state: str, value: JsonValue, text: str) -> None:
    """Enter the next state now, in the next turn when this one has done enough, or when the rate
    of all executions allows it."""
    step.transitions += 1
    due_at = step.now if step.pace is None else step.pace.turn_at(step.now)
    if step.transitions > step.limits.transitions_per_turn_max or due_at > step.now:
        branch.interrupted_before = next_state
        step.set_timer(branch, "continue", due_at, step.execution.last_event)
        return
    step.ready.append(Entry(branch, next_state, value, text))


def succeed_execution(step: Step, root: Branch) -> None:
    """The root branch is done: its output is the execution's."""
    step.emit(
        root,
        "ExecutionSucceeded",
        {"output": root.text, "outputDetails": WHOLE},
    )
    end_execution(step, reason="aborted")


def end_execution(step: Step, *, reason: str) -> None:
    """Whatever still waits, waits no more."""
    dropped = list(step.ready)
    step.ready.clear()
    step.finished.clear()
    root = step.execution.branches[0]
    abandon(step, root, reason=reason)
    for entry in dropped:
        interrupt(step, entry)
    bounds = (step.execution.program.timeout_seconds, step.limits.execution_seconds_max)
    if bounds != (None, None):
        step.clear_timer(root, "execution")


def interrupt(step: Step, entry: Entry) -> None:
    """The branch will not enter that state now; should there be a redrive, it goes on with it."""
    branch = entry.branch
    if branch.phase != "exited" or branch.interrupted_before:
        return
    for event in reversed(step.events):
        if event.branch == branch.id and event.type.endswith("Exited"):
            event.annotate({"next": entry.state})
            branch.interrupted_before = entry.state
            return


def runtime_failure(branch: Branch, failed: EvaluationFailed) -> Failure:
    """An evaluation that failed, in AWS's words, which name the state and where it was entered."""
    if failed.error == DATA_LIMIT_EXCEEDED:
        return too_large(branch.state)
    return Failure(
        failed.error,
        f"An error occurred while executing the state '{branch.state}'"
        f" (entered at the event id #{branch.entered}). {failed.cause}",
    )


def fail_state(
    step: Step, branch: Branch, state: State, failure: Failure, *, retriable: bool = True
) -> None:
    """The state failed: retry it, hand on to a catcher, or fail what it stands in.

    Not `retriable` is what can't come out otherwise when it is tried again.
    """
    if isinstance(state, Retriable):
        if retriable and _retry(step, branch, state, failure):
            return
        inside = branch.phase in ("parallel", "mapping", "map_run_over")
        if inside or _fails_before_items(branch, state, failure):
            _fail_with_children(step, branch, state)
        if _catch(step, branch, state, failure):
            return
    _fail_around(step, branch, failure)


def _fails_before_items(branch: Branch, state: State, failure: Failure) -> bool:
    """A Map whose items cannot be evaluated is said to have failed although it never started."""
    entering = branch.phase in ("entered", "retrying")
    return isinstance(state, MapState) and entering and failure.error == QUERY_EVALUATION


def _fail_around(step: Step, branch: Branch, failure: Failure) -> None:
    """Nobody here catches it: what the state stands in fails."""
    if branch.parent is None:
        _fail_execution(step, branch, failure)
    else:
        _fail_parent(step, branch, failure)


def _retry(step: Step, branch: Branch, state: Retriable, failure: Failure) -> bool:
    position = choose_retrier(failure, state.retry, branch.retries)
    if position is None:
        return False
    if not step.events:
        raise EngineBug(f"a retry of {branch.state} without an event that says why")
    retrier = state.retry[position]
    last = step.events[-1]
    drawn = chance(step.execution.identity.seed, f"retry:{last.id}:{branch.id}", 8)
    due_at = step.now + delay_ms(retrier, branch.retries.get(position, 0), drawn)
    if step.pace is not None:
        due_at = max(due_at, step.pace.turn_at(step.now))
    _abandon_children(step, branch)
    last.annotate({"r": position, "rb": branch.id, "due": due_at, "last": branch.last})
    step.execution.retry(branch.id, position, branch.last, last.id)
    if step.ready or step.finished:
        _drop_what_is_gone(step)
    step.set_timer(branch, "retry", due_at, last.id)
    return True


def _abandon_children(step: Step, branch: Branch) -> None:
    if branch.phase == "mapping":
        step.clear_timer(branch, "continue")
    for child in branch.children:
        abandon(step, child, reason="aborted")


def _catch(step: Step, branch: Branch, state: Retriable, failure: Failure) -> bool:
    """Whether a catcher dealt with it. What goes wrong in doing so, no catcher here meets again."""
    catcher = choose_catcher(failure, state.catch)
    if catcher is None:
        return False
    error: JsonValue = dict(failure.output())
    output, assigned = error, None
    try:
        env = step.environment(branch)
        if catcher.assign is not None:
            assigned = catcher.assign(branch.value, error, env)
        if catcher.output is not None:
            output = catcher.output(branch.value, error, env)
        text = branch.text if output is branch.value else payload_text(output)
    except EvaluationFailed as failed:
        _fail_around(step, branch, fail_evaluation(step, branch, failed))
        return True
    if exceeds(step, text):
        _fail_around(step, branch, too_large(branch.state))
        return True
    exit_state(
        step,
        branch,
        state,
        output,
        next_state=catcher.next,
        text=text,
        assigned=assigned,
        caught=True,
    )
    return True


def failure_details(failure: Failure) -> Details:
    """`error` and `cause` of an event: only those that are known, no longer than AWS keeps them."""
    details: Details = {}
    if failure.error is not None:
        details["error"] = failure.error[:ERROR_CHARACTERS_MAX]
    if failure.cause is not None:
        details["cause"] = failure.cause[:CAUSE_CHARACTERS_MAX]
    return details


def _fail_execution(step: Step, root: Branch, failure: Failure) -> None:
    step.emit(root, "ExecutionFailed", failure_details(failure))
    end_execution(step, reason="aborted")


def _fail_parent(step: Step, branch: Branch, failure: Failure) -> None:
    """A branch failed for good: its siblings are aborted and the Parallel state fails with it."""
    execution = step.execution
    parent = execution.branches[branch.parent or 0]
    parent.last = branch.last
    state = state_of(step, parent)
    if isinstance(state, MapState):
        _fail_iteration(step, parent, branch)
    else:
        for child in parent.children:
            _abort(step, child, previous=branch.last)
    fail_state(step, parent, state, failure)
    _drop_what_is_gone(step)


def _drop_what_is_gone(step: Step) -> None:
    """Branches below a state that failed do nothing more in this turn."""
    alive = step.execution.branches
    dropped = [e for e in step.ready if e.branch.id not in alive]
    step.ready = deque(e for e in step.ready if e.branch.id in alive)
    for entry in dropped:
        interrupt(step, entry)
    step.finished = deque(b for b in step.finished if b.id in alive)


def _fail_iteration(step: Step, parent: Branch, failed: Branch) -> None:
    """The first iteration that fails ends the others."""
    last = failed.last
    details: Details = {"name": parent.state, "index": failed.position}
    step.emit(failed, "MapIterationFailed", details)
    for child in parent.children:
        if child is not failed:
            _abort(step, child, previous=last)
            aborted: Details = {"name": parent.state, "index": child.position}
            step.emit(child, "MapIterationAborted", aborted, previous=last)


def _abort(step: Step, branch: Branch, *, previous: int) -> None:
    """Write that a branch's state is aborted, from the inside out."""
    if branch.phase == "done" or not branch.state:
        return
    for child in branch.children:
        _abort(step, child, previous=previous)
    kind = TYPE_NAMES[type(state_of(step, branch))]
    if kind in ("Task", "Wait", "Parallel", "Map") and branch.phase != "exited":
        if branch.phase == "map_run":
            step.emit(branch, "MapRunAborted", previous=previous)
        step.emit(branch, f"{kind}StateAborted", previous=previous)


def _fail_with_children(step: Step, branch: Branch, state: State) -> None:
    _abandon_children(step, branch)
    step.emit(branch, f"{TYPE_NAMES[type(state)]}StateFailed")
    if step.ready or step.finished:
        _drop_what_is_gone(step)
