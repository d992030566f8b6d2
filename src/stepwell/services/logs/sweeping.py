"""Clearing events that are past their retention, and those of what was deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from stepwell.errors import StorageTrouble
from stepwell.services.logs.logs import CLEARED_MAX, DAY_MS, SHARD, Logs
from stepwell.services.logs.records import LOG_EVENT, LogEventRow

_log = logging.getLogger("stepwell.logs")
SWEEP_MS = 3_600_000


class Sweeper:
    """Sweeps now and then, beside the loop."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._call_off: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    def arm(self) -> None:
        """Sweep in a while, and again and again."""
        parts = self._logs.parts
        self._call_off = parts.alarm.call_at(parts.clock.now() + SWEEP_MS, self._ring)

    async def close(self) -> None:
        """Stop."""
        if self._call_off is not None:
            self._call_off()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ring(self) -> None:
        self._task = asyncio.ensure_future(self._round())

    async def _round(self) -> None:
        try:
            await sweep(self._logs)
        except StorageTrouble as trouble:
            _log.warning("old log events are cleared later: %s", trouble)
        except Exception:
            # The next round may go better, and none at all lets the disk fill up.
            _log.exception("clearing old log events broke")
        self.arm()


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
