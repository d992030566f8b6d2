"""A redrive: an execution goes on with the steps that did not succeed.

What succeeded stays as it is: states that were left, branches and iterations that are done. A
branch that failed or was aborted begins its state again, with the input it had and with all its
retries. A Parallel or Map state that failed goes on with its unfinished branches; one whose result
was too large begins anew, because its branches have no results that could be kept.

An express execution, the child of a Map Run, begins all over again, as AWS starts a new one then.

Task, Choice and Pass states, and those that begin anew, are not entered again: what they do follows
ExecutionRedriven. Wait and Fail states are entered again.
"""

from __future__ import annotations

from stepwell.engine.commands import RedriveMapRun
from stepwell.engine.endings import fail_evaluation, fail_state, payload_text, state_of
from stepwell.engine.execution import Branch
from stepwell.engine.retries import RUNTIME, Failure
from stepwell.engine.states import map_
from stepwell.engine.step import EngineBug, Entry, Step
from stepwell.language.program import (
    EvaluationFailed,
    FailState,
    MapState,
    ParallelState,
    State,
    WaitState,
)
from stepwell.values import JsonValue


def resume(step: Step, branch: Branch) -> None:
    """Let the branch, and what is unfinished below it, go on. The fold has taken them back."""
    if not branch.state:
        _begin(step, branch)
        return
    if branch.phase == "exited":
        if not branch.interrupted_before:
            raise EngineBug(f"nobody knows what comes after {branch.state}")
        _enter(step, branch, branch.interrupted_before)
        return
    state = state_of(step, branch)
    if branch.phase in ("parallel", "mapping"):
        _resume_children(step, branch, state)
    elif branch.map_run is not None and isinstance(state, MapState):
        _redrive_map_run(step, branch, *branch.map_run)
    elif isinstance(state, WaitState | FailState):
        _enter(step, branch, branch.state)
    else:
        step.ready.append(Entry(branch, branch.state, branch.value, branch.text, resumed=True))


def _enter(step: Step, branch: Branch, state: str) -> None:
    step.ready.append(Entry(branch, state, branch.value, branch.text))


def _begin(step: Step, branch: Branch) -> None:
    """It was aborted before it entered its first state."""
    if branch.parent is None:
        _enter(step, branch, branch.scope.start_at)
        return
    parent = step.execution.branches[branch.parent]
    state = state_of(step, parent)
    value: JsonValue = parent.value
    text = parent.text
    if isinstance(state, MapState):
        value, text = map_.iteration_input(step, parent, state, branch.position)
    elif isinstance(state, ParallelState) and state.arguments is not None:
        value = state.arguments(value, step.environment(parent))
        text = payload_text(value)
    step.ready.append(Entry(branch, branch.scope.start_at, value, text))


def _resume_children(step: Step, branch: Branch, state: State) -> None:
    """Those that are done, but were not told to the state, are told now."""
    if isinstance(state, ParallelState) and not branch.unfinished:
        step.finished.append(branch.children[-1])
        return
    try:
        for child in branch.children:
            if child.phase != "done":
                resume(step, child)
            elif isinstance(state, MapState):
                step.finished.append(child)
        if isinstance(state, MapState):
            map_.resume_map(step, branch, state)
    except EvaluationFailed as failed:
        fail_state(step, branch, state, fail_evaluation(step, branch, failed))


def _redrive_map_run(step: Step, branch: Branch, event: int, arn: str, redrives: int) -> None:
    """The run goes on with the children that did not succeed, and with the items left over."""
    most = step.limits.map_run_redrives_max
    if most is not None and redrives >= most:
        cause = f"The Map Run reached the maximum number of redrives ({most})."
        fail_state(step, branch, state_of(step, branch), Failure(RUNTIME, cause))
        return
    step.emit(branch, "MapRunRedriven", {"mapRunArn": arn, "redriveCount": redrives + 1})
    step.command(RedriveMapRun(branch.id, event))
