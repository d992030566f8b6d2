"""Deleting executions whose end is long ago, with everything that is kept of them.

Ids rise with time, so a sweep goes through the executions from the oldest on and stops at the first
one that began too late to be due. Everything is deleted in turns of bounded size; the name goes
first, so that nobody finds half an execution, and the row last, so that after a crash the next
sweep finds what is left.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from stepwell.runtime.live import LiveExecutions
from stepwell.runtime.parts import Parts
from stepwell.runtime.records import (
    CHILD,
    EVENT,
    EXECUTION,
    EXECUTION_NAME,
    MAP_ITEMS,
    MAP_RUN,
    RUNNING,
    TOKEN,
    ExecutionRow,
)
from stepwell.runtime.rounds import Rounds
from stepwell.runtime.tables import Key, Table

_log = logging.getLogger("stepwell.runtime")

DAY_MS = 24 * 3_600 * 1_000
FIRST_SWEEP_MS = 60_000
SWEEP_MS = 3_600_000
_PAGE = 100
ROWS_PER_TURN = 500


class Retention:
    """Sweeps now and then, beside the loop, if executions are kept for so many days only."""

    def __init__(self, parts: Parts, live: LiveExecutions) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._live = live
        days = parts.limits.executions_kept_days
        self._kept_ms = None if days is None else days * DAY_MS
        self._rounds = Rounds(
            "deleting old executions",
            parts.clock,
            parts.alarm,
            self.sweep,
            SWEEP_MS,
            goes_on=lambda: self._kept_ms is not None,
        )

    def arm(self, after_ms: int = FIRST_SWEEP_MS) -> None:
        """Sweep in a while, and again and again."""
        self._rounds.arm(after_ms)

    async def close(self) -> None:
        """Stop; what is left is found by the next sweep."""
        await self._rounds.close()

    async def sweep(self) -> int:
        """Delete what is due; how many executions that were."""
        count = await self._delete_old()
        if count:
            _log.info("%d executions that ended long ago are deleted", count)
        return count

    async def _delete_old(self) -> int:
        until = self._clock.now() - (self._kept_ms or 0)
        after: Key | None = None
        count = 0
        while self._kept_ms is not None:
            rows = await self._store.scan(EXECUTION, after=after, limit=_PAGE)
            for row in rows:
                if row.started_at >= until:
                    return count
                if _is_due(row, until):
                    count += await self._delete(row)
            if len(rows) < _PAGE:
                return count
            after = (rows[-1].id,)
        return count

    async def _delete(self, row: ExecutionRow) -> bool:
        """Delete one execution; False when it was redriven meanwhile."""
        if not self._stage([(EXECUTION_NAME, (row.arn,))], row):
            return False
        await self._delete_events(row)
        await self._delete_runs(row)
        for table in (TOKEN, CHILD):
            await self._delete_all(table, row)
        if not self._stage([(EXECUTION, (row.id,))], row):
            return False
        await self._ledger.committed()
        return True

    def _stage(self, keys: Sequence[tuple[Table[Any], Key]], row: ExecutionRow) -> bool:
        """Delete rows of an execution, unless somebody has it in memory and running."""
        live = self._live.cached(row.id)
        if live is not None and live.row.status == RUNNING:
            return False
        with self._ledger.stage() as turn:
            for table, key in keys:
                turn.delete(table, key)
        return True

    async def _delete_events(self, row: ExecutionRow) -> None:
        """From the last one down: numbers run from 1 without a gap, so none needs to be read."""
        while True:
            last = await self._store.scan(EVENT, (row.id,), limit=1, reverse=True)
            if not last:
                return
            lowest = max(last[0].id - ROWS_PER_TURN, 0)
            numbers = range(lowest + 1, last[0].id + 1)
            self._stage([(EVENT, (row.id, number)) for number in numbers], row)
            await self._ledger.committed()

    async def _delete_all(self, table: Table[Any], row: ExecutionRow) -> None:
        while True:
            found = await self._store.scan(table, (row.id,), limit=ROWS_PER_TURN)
            if not found:
                return
            self._stage([(table, table.key_of(one)) for one in found], row)
            await self._ledger.committed()

    async def _delete_runs(self, row: ExecutionRow) -> None:
        """Its Map Runs; their children are executions, and due themselves."""
        while True:
            runs = await self._store.scan(MAP_RUN, (row.id,), index="map_run_list", limit=_PAGE)
            if not runs:
                return
            for run in runs:
                while pages := await self._store.scan(MAP_ITEMS, (run.id,), limit=10):
                    self._stage([(MAP_ITEMS, (run.id, page.page)) for page in pages], row)
                    await self._ledger.committed()
            self._stage([(MAP_RUN, (run.id,)) for run in runs], row)
            await self._ledger.committed()


def _is_due(row: ExecutionRow, until: int) -> bool:
    return row.status != RUNNING and row.stopped_at is not None and row.stopped_at < until
