"""Expressions that take their time: the branch stands still where it is, and goes on when their
outcome is there.

Nothing has happened since the event that the branch stands at, so what was begun is done again from
there: a state's work, a retry, the end of a wait, the next iterations, the way out of a state. A
timer sees to it, as for anything else that waits; the runtime rings it as soon as it can. Where
that is forgotten (the process died), it rings by itself.
"""

from __future__ import annotations

from stepwell.engine.commands import AwaitExpression
from stepwell.engine.endings import Retriable, leave_state
from stepwell.engine.execution import Branch
from stepwell.engine.step import EngineBug, Step
from stepwell.language.program import EvaluationPending, State
from stepwell.values import decode

AWAITED_MS = 3_000
"""Longer than any evaluation lasts."""


def await_expression(step: Step, branch: Branch, pending: EvaluationPending) -> None:
    """Stand still until the expression has its outcome."""
    kind, event = _timer(step, branch)
    branch.awaits = kind
    step.set_timer(branch, kind, step.now + AWAITED_MS, event)
    step.command(AwaitExpression(branch.id, kind, event, pending))


def _timer(step: Step, branch: Branch) -> tuple[str, int]:
    """What rings for a branch of that phase, and for which event."""
    match branch.phase:
        case "entered":
            return "again", branch.entered
        case "retrying":
            return "retry", branch.planned
        case "waiting":
            return "wait", branch.entered
        case "mapping":
            return "continue", step.execution.last_event
        case "answered":
            return "leave", branch.last
    raise EngineBug(f"{branch.state} cannot wait for an expression in phase {branch.phase}")


def leave_again(step: Step, branch: Branch, state: State) -> None:
    """The work was done before; now the output can be made."""
    if branch.made is None or not isinstance(state, Retriable):
        raise EngineBug(f"{branch.state} has made nothing to leave with")
    text, parsed = branch.made
    leave_state(
        step,
        branch,
        state,
        decode(text) if parsed is None else parsed[0],
        arguments=None,
        env=step.environment(branch, may_wait=True),
        next_state=state.next,
        text=text or None,
    )
