"""The open Map Runs in memory: by their number, and by the event of the parent that started them.

An open run is here always before one of its children or its parent is. What a bug, or a commit that
failed, left half-changed is dropped and read again.
"""

from __future__ import annotations

from collections.abc import Callable

from stepwell.runtime.live import Live
from stepwell.runtime.map_run import Run
from stepwell.runtime.map_run_counts import Counts, read_counts
from stepwell.runtime.map_run_redrives import is_pending
from stepwell.runtime.map_run_results import children_of
from stepwell.runtime.map_run_turns import MapRunTurns
from stepwell.runtime.outbox import Outbox
from stepwell.runtime.parts import Parts
from stepwell.runtime.records import (
    ABORTED,
    EXECUTION,
    FAILED,
    MAP_RUN,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    ExecutionRow,
    MapRunRow,
)

_PAGE = 1_000


class OpenMapRuns:
    """See the module. `move_on` is told the number of every run that may have something to do."""

    def __init__(self, parts: Parts, outbox: Outbox, move_on: Callable[[int], None]) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._outbox = outbox
        self._move_on = move_on
        self._open: dict[int, Run] = {}
        self._places: dict[tuple[int, int], int] = {}
        self._broken: set[int] = set()
        self._turns = MapRunTurns(parts.limits.map_runs_open_max)

    def get(self, number: int) -> Run | None:
        """The run, if it is in memory."""
        return self._open.get(number)

    def at(self, execution: int, event: int) -> Run | None:
        """The run that this event of the parent started, if it is in memory."""
        number = self._places.get((execution, event))
        return None if number is None else self._open.get(number)

    async def load(self) -> None:
        """Pick up the open runs."""
        after: tuple[int, ...] | None = None
        while True:
            rows = await self._store.scan(
                MAP_RUN, (1,), index="map_run_open", after=after, limit=_PAGE
            )
            for row in rows:
                if row.id not in self._open:
                    self.keep(row)
                self._move_on(row.id)
            if len(rows) < _PAGE:
                return
            after = (rows[-1].id,)

    def forget(self) -> None:
        """A commit failed: what is in memory never happened."""
        self._open.clear()
        self._places.clear()
        self._turns.clear()

    async def ready_for(self, live: Live) -> None:
        """Have in memory what an execution that was just read from the store belongs to."""
        if live.row.extra is not None and '"mapRunArn"' in live.row.extra:
            await self.have(live.row.machine)
        for branch in live.execution.branches.values():
            if branch.phase == "map_run" and (live.row.id, branch.scheduled) not in self._places:
                await self._have_run_of(live.row.id, branch.scheduled)

    async def _have_run_of(self, execution: int, event: int) -> None:
        last: tuple[int, ...] | None = None
        while True:
            rows = await self._store.scan(
                MAP_RUN,
                (execution,),
                index="map_run_list",
                after=last,
                limit=_PAGE,
                reverse=True,
            )
            for row in rows:
                if row.event == event:
                    return await self.have(row.id)
            if len(rows) < _PAGE:
                return None
            last = (rows[-1].id,)

    async def have(self, number: int) -> None:
        """Have a run in memory, if it is open."""
        while number not in self._open:
            if number in self._broken:
                self._broken.discard(number)
                await self._ledger.committed()
            row = await self._store.get(MAP_RUN, (number,))
            if row is None or not row.open:
                return
            row = await self._recounted(row)
            # A child that ended meanwhile may be counted or not: count again.
            if number not in self._broken and number not in self._open:
                self.keep(row)
                self._move_on(number)

    async def _recounted(self, row: MapRunRow) -> MapRunRow:
        """The row with the ends of children that nobody counted because of a bug."""
        running = await self._store.count(EXECUTION, (row.id, RUNNING), index="execution_list")
        known = read_counts(row.ended)
        if row.children - known.children_ended - known.pending == running:
            return row
        counts = Counts()
        for status in (SUCCEEDED, FAILED, TIMED_OUT, ABORTED):
            async for child in children_of(self._store, row.id, status):
                (counts.expect if is_pending(child, row) else counts.add)(child)
        return row._replace(ended=counts.text())

    def keep(self, row: MapRunRow) -> Run:
        """Put a run in."""
        run = self._open[row.id] = Run(row)
        self._places[row.execution, row.event] = row.id
        return run

    def drop(self, run: Run) -> None:
        """The run is over, or must be read again; another one may take its turn."""
        self._open.pop(run.row.id, None)
        self._places.pop((run.row.execution, run.row.event), None)
        for number in self._turns.leave(run.row):
            self._move_on(number)

    def may_go(self, run: Run) -> bool:
        """Whether it is the run's turn. What is over already needs none to wind up; nor does a
        run inside of another, which would wait for it for ever."""
        row = run.row
        return row.status != RUNNING or row.machine in self._open or self._turns.take(row)

    def machine_of(self, holder: int) -> int:
        """The machine itself, where an execution's `machine` is a run; runs may be nested."""
        while (run := self._open.get(holder)) is not None:
            holder = run.row.machine
        return holder

    def give_up(self, execution: ExecutionRow) -> None:
        """A bug left this execution half-changed: its runs must be read again."""
        found = [n for (parent, _), n in self._places.items() if parent == execution.id]
        if execution.machine in self._open:
            found.append(execution.machine)
        for number in found:
            self.drop(self._open[number])
            self.have_again(number)

    def have_again(self, number: int) -> None:
        """What the run had in memory may never have happened: read it once that is on disk."""
        self._broken.add(number)
        self._outbox.insist(("map run is read", number), lambda: self.have(number))
