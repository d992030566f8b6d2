"""The life of a token: opened with an attempt, beaten, closed with a reason.

Also what else an attempt holds while it waits (timers, an offer to workers, a job), because all of
it ends together.
"""

from __future__ import annotations

from stepwell.engine.commands import CloseToken, StopJob, StopMapRun, WithdrawActivity
from stepwell.engine.execution import Branch
from stepwell.engine.step import Step
from stepwell.language.program import TaskState, WaitState

OPEN_PHASES = frozenset({"scheduled", "started", "submitted"})


def has_token(state: TaskState) -> bool:
    """Whether an attempt of this task hands out a token."""
    return state.resource.kind == "activity" or state.resource.pattern != ""


def release_attempt(
    step: Step, branch: Branch, state: TaskState, *, reason: str, request_id: str = ""
) -> None:
    """The attempt is over: close its token, forget its timers and offers."""
    if state.timeout is not None:
        step.clear_timer(branch, "timeout")
    if state.heartbeat is not None:
        step.clear_timer(branch, "heartbeat")
    if has_token(state):
        step.command(CloseToken(branch.scheduled, reason, request_id))
    if state.resource.kind == "activity" and branch.phase == "scheduled":
        step.command(WithdrawActivity(branch.scheduled, state.resource.arn))


def abandon_attempt(step: Step, branch: Branch, state: TaskState, *, reason: str) -> None:
    """Nobody waits for the attempt any more: also stop its job, as far as that goes."""
    release_attempt(step, branch, state, reason=reason)
    if state.resource.pattern.startswith("sync"):
        step.command(StopJob(branch.scheduled, state.resource))


def abandon(step: Step, branch: Branch, *, reason: str) -> None:
    """The branch will not go on: end whatever it waits for, and the branches below it."""
    for child in branch.children:
        abandon(step, child, reason=reason)
    state = branch.scope.states.get(branch.state)
    if isinstance(state, TaskState) and branch.phase in OPEN_PHASES:
        abandon_attempt(step, branch, state, reason=reason)
    elif isinstance(state, WaitState) and branch.phase == "waiting":
        step.clear_timer(branch, "wait")
    elif branch.phase == "retrying":
        step.clear_timer(branch, "retry")
    elif branch.awaits:
        step.clear_timer(branch, branch.awaits)
    elif branch.phase == "map_run":
        step.command(StopMapRun(branch.scheduled))
    elif branch.interrupted_before or branch.phase == "mapping":
        step.clear_timer(branch, "continue")
