"""Wait: entered, due at a time, exited."""

from __future__ import annotations

from stepwell.engine.endings import leave_state
from stepwell.engine.execution import Branch
from stepwell.engine.step import Step
from stepwell.language.program import WaitState


def enter_wait(step: Step, branch: Branch, state: WaitState) -> None:
    """Ask to be told when the time has come; a time that has passed is now."""
    env = step.environment(branch, may_wait=True)
    value = branch.value
    arguments = value if state.arguments is None else state.arguments(value, env)
    due_at = state.due_at(arguments, env, step.now)
    if due_at <= step.now:
        leave_wait(step, branch, state)
        return
    if step.events and step.events[-1].id == branch.entered:
        branch.phase = "waiting"
        step.events[-1].annotate({"due": due_at})
    else:
        branch.awaits = "wait"  # Its expression took its time: the event is written already.
    step.set_timer(branch, "wait", due_at, branch.entered)


def is_due(branch: Branch, event: int) -> bool:
    """Whether the branch still waits. One that had to wait for its expression first does not say
    so in its history."""
    return branch.phase in ("waiting", "entered") and branch.entered == event


def leave_wait(step: Step, branch: Branch, state: WaitState) -> None:
    """The time has come."""
    value = branch.value
    env = step.environment(branch, may_wait=True)
    arguments = value if state.arguments is None else state.arguments(value, env)
    leave_state(step, branch, state, arguments, arguments=arguments, env=env, next_state=state.next)
