"""Letting an execution that ended badly go on: looked at first, then told, in one turn."""

from __future__ import annotations

from stepwell.engine.inputs import RedriveRequested
from stepwell.errors import ServiceError
from stepwell.runtime.live import Live
from stepwell.runtime.map_run_redrives import MapRunRedrives, NotYetOver
from stepwell.runtime.parts import Parts
from stepwell.runtime.records import EVENT, EXECUTION, RUNNING, ExecutionRow
from stepwell.runtime.redrives import redriven_row, redrives_of, why_not_redrivable
from stepwell.runtime.telling import Telling


class Redriving:
    """See the module."""

    def __init__(self, parts: Parts, executions: Telling, map_runs: MapRunRedrives) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._limits = parts.limits
        self._executions = executions
        self._map_runs = map_runs

    async def why_not_redrivable(
        self, execution: ExecutionRow, *, machine_deleted: bool
    ) -> str | None:
        """AWS's reason why an execution can't be redriven; None when it can."""
        last = await self._store.scan(EVENT, (execution.id,), limit=1, reverse=True)
        return why_not_redrivable(
            execution,
            events=last[0].id if last else 0,
            now=self._clock.now(),
            limits=self._limits,
            machine_deleted=machine_deleted,
        )

    async def redrive(
        self, execution: ExecutionRow, *, client_token: str | None, machine_deleted: bool
    ) -> int:
        """Let an execution that ended badly go on; the time of the redrive, in epoch ms.

        Raises ServiceError ExecutionNotRedrivable.
        """
        live = await self._ready(execution.id)
        now = self._clock.now()
        known = redrives_of(live.row).answered(client_token, now)
        if known is not None:
            await self._ledger.committed()
            return known
        reason = why_not_redrivable(
            live.row,
            events=live.execution.last_event,
            now=now,
            limits=self._limits,
            machine_deleted=machine_deleted,
        )
        if reason is not None:
            # Whoever hears that it runs, or how it ended, may rely on it.
            await self._ledger.committed()
            if live.row.status != RUNNING:
                self._executions.live.closed(live)
            raise ServiceError("ExecutionNotRedrivable", reason)
        self._executions.open.check(live.row.arn)
        with self._ledger.stage() as turn:
            live.row = redriven_row(live.row, client_token, now)
            turn.put(EXECUTION, live.row)
            self._executions.open.began(turn, live.row)
            self._executions.deliver(turn, live, RedriveRequested())
        self._map_runs.forget(live)
        await self._ledger.committed()
        return now

    async def _ready(self, execution: int) -> Live:
        """The execution in memory, with what is needed of its Map Runs."""
        while True:
            live = await self._executions.live.get_closed(execution)
            if live is None:
                raise ServiceError("ExecutionNotRedrivable", "The execution was deleted")
            if live.row.status == RUNNING:
                return live
            try:
                await self._map_runs.prepare(live)
            except NotYetOver:
                raise ServiceError(
                    "ExecutionNotRedrivable", "A Map Run of the execution still stops its children"
                ) from None
            if await self._executions.live.get_closed(execution) is live:
                return live
