"""Redrives of Map Runs: the children that did not succeed go on, some in each turn.

What is to be redriven is counted as pending and follows from the children's rows: those that ended
badly and do not carry the number of this redrive. `redrive_place` says how far the run has got with
them: `[status, id]`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from stepwell.engine.commands import RedriveMapRun
from stepwell.engine.inputs import RedriveRequested
from stepwell.engine.limits import Limits
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.live import Live
from stepwell.runtime.map_run import Run
from stepwell.runtime.map_run_counts import BAD_ENDS, read_counts
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Clock
from stepwell.runtime.records import EXECUTION, MAP_RUN, RUNNING, SUCCEEDED, ExecutionRow, MapRunRow
from stepwell.runtime.redrives import redriven_row, why_not_redrivable
from stepwell.runtime.telling import Telling
from stepwell.runtime.turn import Turn
from stepwell.values import JsonObject, decode, encode_text

CHILDREN_PER_TURN = 100
_PAGE = 1_000
_KEY = "generation"


class NotYetOver(Exception):
    """A Map Run of the execution still stops its children."""


class MapRunRedrives:
    """See the module."""

    def __init__(self, parts: Parts, executions: Telling) -> None:
        self._store = parts.store
        self._ledger: Ledger = parts.ledger
        self._clock: Clock = parts.clock
        self._limits: Limits = parts.limits
        self._executions = executions
        self._closed: dict[tuple[int, int], MapRunRow] = {}

    async def prepare(self, live: Live) -> None:
        """Have the rows at hand that a redrive of this execution will need.

        Raises NotYetOver.
        """
        found: dict[tuple[int, int], MapRunRow] = {}
        after: tuple[int, ...] | None = None
        while True:
            rows = await self._store.scan(
                MAP_RUN, (live.row.id,), index="map_run_list", after=after, limit=_PAGE
            )
            for row in rows:
                if row.open:
                    raise NotYetOver
                if row.status != SUCCEEDED:
                    found[row.execution, row.event] = row
            if len(rows) < _PAGE:
                break
            after = (rows[-1].id,)
        self._closed |= found

    def forget(self, live: Live) -> None:
        """The execution was redriven: what was at hand for that is of no use any more."""
        for place in [place for place in self._closed if place[0] == live.row.id]:
            del self._closed[place]

    def begin(self, command: RedriveMapRun, live: Live) -> MapRunRow:
        """The row of a run that is open again."""
        row = self._closed.pop((live.row.id, command.event))
        counts = read_counts(row.ended)
        counts.expect_redrives()
        return row._replace(
            status=RUNNING,
            open=1,
            stopped_at=None,
            error=None,
            cause=None,
            redrive_count=row.redrive_count + 1,
            redriven_at=self._clock.now(),
            redrive_place=encode_text([BAD_ENDS[0], 0]) if counts.pending else None,
            ended=counts.text(),
        )

    async def go_on(self, run: Run) -> None:
        """Redrive the next children."""
        place = run.row.redrive_place
        if place is None:
            # Their rows are gone: nobody will ever end them.
            self._forget_pending(run)
            return
        status, after = cast("list[int]", decode(place))
        wanted = min(CHILDREN_PER_TURN, run.room)
        rows = await self._store.scan(
            EXECUTION, (run.row.id, status), index="execution_list", after=(after,), limit=wanted
        )
        lives: list[tuple[Live, bool]] = []
        for row in rows:
            if generation_of(row) < run.row.redrive_count:
                live = await self._executions.live.get_closed(row.id)
                if live is not None:
                    lives.append((live, await self._is_ready(live)))
        if run.row.redrive_place != place or run.row.status != RUNNING:
            return
        following: str | None = encode_text([status, rows[-1].id]) if rows else place
        if len(rows) < wanted:
            later = [end for end in BAD_ENDS if end > status]
            following = encode_text([later[0], 0]) if later else None
        with self._ledger.stage() as turn:
            run.row = run.row._replace(redrive_place=following)
            for live, ready in lives:
                self._redrive(turn, run, live, ready=ready)
            run.stage(turn)

    async def _is_ready(self, live: Live) -> bool:
        """Whether a child that may have Map Runs of its own can go on."""
        try:
            await self.prepare(live)
        except NotYetOver:
            return False
        return True

    def _redrive(self, turn: Turn, run: Run, live: Live, *, ready: bool) -> None:
        now = self._clock.now()
        run.counts.redriven(live.row)
        reason = why_not_redrivable(
            live.row,
            events=live.execution.last_event,
            now=now,
            # How long ago it ended does not matter: its run was found to be redrivable.
            limits=replace(self._limits, execution_seconds_max=None),
            machine_deleted=False,
            redrivable_ms=None,
        )
        if reason is not None or not ready:
            live.row = _marked(live.row, run.row.redrive_count)
            turn.put(EXECUTION, live.row)
            run.counts.add(live.row)
            self._executions.live.closed(live)
            return
        run.begin_child(now)
        live.row = _marked(redriven_row(live.row, None, now), run.row.redrive_count)
        turn.put(EXECUTION, live.row)
        self._executions.deliver(turn, live, RedriveRequested())
        self.forget(live)

    def _forget_pending(self, run: Run) -> None:
        with self._ledger.stage() as turn:
            run.counts.give_up_redrives()
            run.stage(turn)


def generation_of(child: ExecutionRow) -> int:
    """The number of the redrive of its run in which a child began, or went on."""
    if child.extra is None or f'"{_KEY}"' not in child.extra:
        return 0
    extra = decode(child.extra)
    return int(extra.get(_KEY, 0)) if isinstance(extra, dict) else 0  # type: ignore[arg-type]


def is_pending(child: ExecutionRow, run: MapRunRow) -> bool:
    """Whether the child's run will redrive it and has not got to it yet."""
    return (
        run.status == RUNNING
        and child.status in BAD_ENDS
        and generation_of(child) < run.redrive_count
    )


def generation_extra(run: MapRunRow) -> JsonObject:
    """What the row of a child that begins now says of the redrives of its run."""
    return {_KEY: run.redrive_count} if run.redrive_count else {}


def _marked(row: ExecutionRow, generation: int) -> ExecutionRow:
    known = decode(row.extra) if row.extra is not None else {}
    extra: JsonObject = {**(known if isinstance(known, dict) else {}), _KEY: generation}
    return row._replace(extra=encode_text(extra))
