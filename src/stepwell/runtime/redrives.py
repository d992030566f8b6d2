"""Redrives of executions: whether one is possible, what is kept of it, and what it is told again.

The count follows from the history; the row's `extra` repeats it with the time of the last redrive,
so that listing executions reads no history, and keeps the client tokens of the last ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from stepwell.engine.limits import Limits
from stepwell.runtime.records import RUNNING, STATUSES, SUCCEEDED, ExecutionRow
from stepwell.values import JsonObject, JsonValue, decode, encode_text

REDRIVABLE_MS = 14 * 24 * 3_600 * 1_000
"""So long after its end an execution can be redriven."""
TOKEN_MS = 15 * 60 * 1_000
TOKENS_MAX = 10
"""The tokens of so many last redrives are answered again, for so long."""

_KEY = "redrives"


@dataclass(frozen=True, slots=True)
class Redrives:
    """How often an execution was redriven, when last, and with which client tokens."""

    count: int = 0
    at: int = 0
    tokens: tuple[tuple[str, int, int], ...] = ()
    """(token, when it came, the redriveDate it was answered with), oldest first."""

    def answered(self, token: str | None, now: int) -> int | None:
        """The redriveDate that this client token was answered with, if it still counts."""
        for known, at, date in self.tokens:
            if known == token and now - at <= TOKEN_MS:
                return date
        return None

    def and_one(self, token: str | None, now: int) -> Redrives:
        """After one more."""
        tokens = self.tokens if token is None else (*self.tokens, (token, now, now))
        return Redrives(self.count + 1, now, tokens[-TOKENS_MAX:])


def redrives_of(row: ExecutionRow) -> Redrives:
    """What the row says of its redrives."""
    if row.extra is None or f'"{_KEY}"' not in row.extra:
        return Redrives()
    extra = decode(row.extra)
    found = extra.get(_KEY) if isinstance(extra, dict) else None
    if not isinstance(found, list):
        return Redrives()
    count, at, tokens = cast("tuple[int, int, list[tuple[str, int, int]]]", tuple(found))
    return Redrives(count, at, tuple((t, came, date) for t, came, date in tokens))


def redriven_row(row: ExecutionRow, token: str | None, now: int) -> ExecutionRow:
    """The row of an execution that runs again. Who had waited for its end, waits no more."""
    known = decode(row.extra) if row.extra is not None else {}
    extra: JsonObject = dict(known) if isinstance(known, dict) else {}
    extra.pop("waiter", None)
    after = redrives_of(row).and_one(token, now)
    tokens: list[JsonValue] = [[*one] for one in after.tokens]
    extra[_KEY] = [after.count, after.at, tokens]
    return row._replace(
        status=RUNNING,
        stopped_at=None,
        output=None,
        error=None,
        cause=None,
        extra=encode_text(extra),
    )


def why_not_redrivable(
    row: ExecutionRow,
    *,
    events: int,
    now: int,
    limits: Limits,
    machine_deleted: bool,
    redrivable_ms: int | None = REDRIVABLE_MS,
) -> str | None:
    """AWS's reason why an execution can't be redriven; None when it can. `events` is how long its
    history is."""
    if row.status in (RUNNING, SUCCEEDED):
        return f"Execution is {STATUSES[row.status]} and cannot be redriven"
    if machine_deleted:
        return "State machine is in DELETING status"
    if limits.history_events_max is not None and events >= limits.history_events_max - 1:
        return "Execution history event limit exceeded"
    life = limits.execution_seconds_max
    if life is not None and now - row.started_at >= life * 1_000:
        return "Execution has exceeded the max execution time"
    ended_at = row.stopped_at or row.started_at
    if redrivable_ms is not None and now - ended_at > redrivable_ms:
        return "Execution redrivable period exceeded"
    return None
