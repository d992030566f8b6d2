"""What ends an execution from outside its definition: a full history, and too long a life."""

from __future__ import annotations

from stepwell.engine.commands import (
    CallService,
    CloseToken,
    Command,
    OfferActivity,
    OpenToken,
    StopJob,
    WithdrawActivity,
)
from stepwell.engine.endings import end_execution, failure_details
from stepwell.engine.retries import Failure
from stepwell.engine.step import Step

_OPENING: dict[type[Command], type[Command]] = {
    CloseToken: OpenToken,
    WithdrawActivity: OfferActivity,
    StopJob: CallService,
}
"""What takes back what."""


def end_full_history(step: Step) -> None:
    """Fail the execution with the last event it may have.

    The history may have become full between two events that belong together. What was not asked
    for then is not taken back, and what was taken back is not taken back again.
    """
    asked = set(map(_key, step.commands))
    new_from = step.events[0].id if step.events else step.execution.last_event + 1
    already = len(step.commands)
    cause = f"The execution reached the maximum number of history events ({step.events_max})."
    step.emit(
        step.execution.branches[0],
        "ExecutionFailed",
        failure_details(Failure("States.Runtime", cause)),
    )
    end_execution(step, reason="aborted")
    step.commands[already:] = [
        command for command in step.commands[already:] if _is_needed(command, asked, new_from)
    ]


def _key(command: Command) -> tuple[type[Command], int]:
    return type(command), getattr(command, "event", 0)


def _is_needed(command: Command, asked: set[tuple[type[Command], int]], new_from: int) -> bool:
    opening = _OPENING.get(type(command))
    if opening is None:
        return True
    kind, event = _key(command)
    return (kind, event) not in asked and (event < new_from or (opening, event) in asked)


def ends_by(step: Step) -> int | None:
    """When the execution times out: by its definition, whose clock a redrive starts anew, or by
    the longest life there is."""
    execution = step.execution
    started_at = execution.identity.started_at
    ends: list[int] = []
    if execution.program.timeout_seconds is not None:
        ends.append(
            (execution.redriven_at or started_at) + execution.program.timeout_seconds * 1000
        )
    if step.limits.execution_seconds_max is not None:
        ends.append(started_at + step.limits.execution_seconds_max * 1000)
    return min(ends) if ends else None


def postponed(step: Step) -> bool:
    """Whether the execution may live longer than when its timer was set: other quotas hold now."""
    due_at = ends_by(step)
    if due_at is not None and due_at <= step.now:
        return False
    if due_at is not None:
        step.set_timer(step.execution.branches[0], "execution", due_at, 1)
    return True
