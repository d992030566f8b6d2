"""Clearing events that are past their retention, and those of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence

from stepwell.runtime.rounds import Rounds
from stepwell.services.logs.logs import CLEARED_MAX, DAY_MS, SHARD, Logs
from stepwell.services.logs.records import LOG_EVENT, LogEventRow

SWEEP_MS = 3_600_000


def rounds(logs: Logs) -> Rounds:
    """Sweeps now and then, beside the loop."""
    parts = logs.parts
    return Rounds(
        "clearing old log events", parts.clock, parts.alarm, lambda: sweep(logs), SWEEP_MS
    )


async def sweep(logs: Logs) -> None:
    """One round over all groups, bounded for each."""
    await logs.ready()
    now = logs.parts.clock.now()
    for row in list(logs.groups.everything()):
        if row.retention_days is not None:
            until = (now - row.retention_days * DAY_MS,)
            await _clear(logs, (row.id,), None, until)
    for gone in logs.abandoned.of(SHARD):
        if gone.stream:
            left = await _clear(logs, (gone.stream,), "by_stream", None)
        else:
            left = await _clear(logs, (gone.group,), None, None)
        if not left:
            with logs.parts.ledger.stage() as turn:
                logs.abandoned.delete(turn, SHARD, gone.group, gone.stream)


async def _clear(
    logs: Logs, prefix: tuple[int], index: str | None, until: tuple[int] | None
) -> bool:
    """Delete some; whether more are left."""
    rows: Sequence[LogEventRow] = await logs.parts.store.scan(
        LOG_EVENT, prefix, index=index, until=until, limit=CLEARED_MAX
    )
    if rows:
        with logs.parts.ledger.stage() as turn:
            for row in rows:
                turn.delete(LOG_EVENT, (row.group, row.at, row.sequence))
        await logs.parts.ledger.committed()
    return len(rows) == CLEARED_MAX
