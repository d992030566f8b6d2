"""What is told of a running execution before it becomes trouble: in the log, and on request.

A loop heads for a limit in two ways: its history gets long, or the data it hands on grows. Of both
the log speaks early and seldom: of a history when it gets long and whenever it is ten times as
long, of data once for each state machine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from stepwell.engine.execution import RUNNING, Execution
from stepwell.engine.limits import AWS_EVENTS_MAX, Limits
from stepwell.runtime.explain import open_branches
from stepwell.runtime.records import TokenRow

_log = logging.getLogger("stepwell.runtime")

MACHINES_REMEMBERED = 10_000
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def notices(execution: Execution, limits: Limits, now: int) -> Iterator[str]:
    """Sentences about a running execution that heads for a limit."""
    if execution.status != RUNNING:
        return
    if execution.last_event >= limits.history_events_noted:
        yield _history_notice(execution, limits, now)
    for branch in open_branches(execution):
        if limits.is_noted(size := _size(branch.text, limits)):
            yield _data_notice(branch.state, size, limits)
            return


def _size(text: str, limits: Limits) -> int:
    """The bytes of a text, if they can matter."""
    return len(text.encode()) if limits.is_noted(4 * len(text)) else 0


def _history_notice(execution: Execution, limits: Limits, now: int) -> str:
    events = execution.last_event
    took = max(now - execution.identity.started_at, 1)
    most = limits.history_events_max
    if most is not None:
        left = _roughly((most - events) * took // events)
        end = f"it fails at {most:,}, {left} from now if it goes on as it did so far"
    elif events < AWS_EVENTS_MAX:
        end = f"AWS would fail it at {AWS_EVENTS_MAX:,}, and here its history grows on"
    else:
        end = f"AWS would have failed it at {AWS_EVENTS_MAX:,}, and its history grows on"
    pace = "" if most is not None else f", {_pace(events, took)}"
    return (
        f"The history has {events:,} events{pace}: {end}. A loop that goes on should hand its work "
        "to a new execution now and then."
    )


def _data_notice(state: str, size: int, limits: Limits) -> str:
    return (
        f"The data of the state {state!r} has {size:,} bytes, and more than "
        f"{limits.payload_bytes_max:,} fail: what a loop gathers should be kept elsewhere, in a "
        "table or a bucket."
    )


def _pace(events: int, milliseconds: int) -> str:
    per_minute = events * 60_000 // milliseconds
    if per_minute >= 120:
        return f"{per_minute // 60:,} a second so far"
    return f"{per_minute:,} a minute so far" if per_minute >= 2 else "few of them lately"


def _roughly(milliseconds: int) -> str:
    """A time in its largest unit."""
    seconds = milliseconds // 1_000
    for size, name in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"about {count} {name}{'' if count == 1 else 's'}"
    return "less than a second"


class Notices:
    """Writes them into the log."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._large: set[str] = set()

    def history(self, execution: Execution, events_before: int, now: int) -> None:
        """One line when a history has just become long, and ten times as long, and so on."""
        noted = self._limits.history_events_noted
        if execution.last_event < noted or execution.status != RUNNING:
            return
        while noted <= events_before:
            noted *= 10
        if execution.last_event >= noted:
            sentence = _history_notice(execution, self._limits, now)
            _log.warning("execution %s: %s", execution.identity.arn, sentence)

    def data(self, execution: Execution, size: int) -> None:
        """One line for the first execution of a state machine that hands on much data."""
        machine = execution.identity.machine_arn
        if machine in self._large:
            return
        if len(self._large) >= MACHINES_REMEMBERED:
            self._large.clear()
        self._large.add(machine)
        sentence = _data_notice(execution.branches[0].state, size, self._limits)
        _log.warning("execution %s: %s", execution.identity.arn, sentence)


def log_heartbeat(token: TokenRow) -> None:
    """One line for the first heartbeat of a token whose state declares none."""
    if token.heartbeat_seconds is None and token.beats == 1:
        _log.warning(
            "execution %s: heartbeats arrive for the state %r, but it declares no "
            "HeartbeatSeconds: nobody would notice if they stopped",
            token.arn,
            token.state,
        )
