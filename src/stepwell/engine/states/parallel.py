"""Parallel: branches started, all done, results joined in their order."""

from __future__ import annotations

from stepwell.engine.endings import exceeds, fail_state, leave_state, payload_text, too_large
from stepwell.engine.execution import Branch
from stepwell.engine.step import Entry, Step
from stepwell.language.program import ParallelState
from stepwell.values import JsonValue


def enter_parallel(step: Step, branch: Branch, state: ParallelState) -> None:
    """Start every branch on its own copy of the effective input."""
    value = branch.value
    arguments = value
    if state.arguments is not None:
        arguments = state.arguments(value, step.environment(branch, may_wait=True))
    text = branch.text if arguments is value else payload_text(arguments)
    if exceeds(step, text):
        fail_state(step, branch, state, too_large(branch.state), retriable=False)
        return
    step.emit(branch, "ParallelStateStarted", note={"n": len(state.branches)})
    for child, scope in zip(branch.children, state.branches, strict=True):
        step.ready.append(Entry(child, scope.start_at, arguments, text))


def join(step: Step, parent: Branch, state: ParallelState, last_done: Branch) -> None:
    """A branch is done; when all are, the state has its result."""
    children = parent.children
    if parent.unfinished:
        return
    results: list[JsonValue] = [child.value for child in children]
    text = f"[{','.join(child.text for child in children)}]"
    step.emit(parent, "ParallelStateSucceeded", previous=last_done.last, value=(results,))
    if exceeds(step, text):
        fail_state(step, parent, state, too_large(parent.state))
        return
    env = step.environment(parent, may_wait=True)
    leave_state(
        step, parent, state, results, arguments=None, env=env, next_state=state.next, text=text
    )
