"""What is told of a running execution before it becomes trouble: in the log, and on request."""

from __future__ import annotations

import logging

from stepwell.engine.execution import RUNNING, Execution
from stepwell.engine.limits import Limits
from stepwell.runtime.records import TokenRow

_log = logging.getLogger("stepwell.runtime")


def history_notice(execution: Execution, limits: Limits) -> str | None:
    """A sentence about a running execution whose history has become long, else None."""
    events = execution.last_event
    if events < limits.history_events_noted or execution.status != RUNNING:
        return None
    if limits.history_events_max is not None:
        end = f"it fails at {limits.history_events_max:,}"
    else:
        end = "AWS would have failed it at 25,000, and its history grows on"
    return (
        f"The history has {events:,} events: {end}. A loop that goes on should hand its work to a "
        "new execution now and then."
    )


def log_history(execution: Execution, events_before: int, limits: Limits) -> None:
    """One line when a history has just become long."""
    if events_before < limits.history_events_noted:
        notice = history_notice(execution, limits)
        if notice is not None:
            _log.warning("execution %s: %s", execution.identity.arn, notice)


def log_heartbeat(token: TokenRow) -> None:
    """One line for the first heartbeat of a token whose state declares none."""
    if token.heartbeat_seconds is None and token.beats == 1:
        _log.warning(
            "execution %s: heartbeats arrive for the state %r, but it declares no "
            "HeartbeatSeconds: nobody would notice if they stopped",
            token.arn,
            token.state,
        )
