"""Map Runs: the items of distributed Map states, run as executions of their own, some at a time.

A run is a row that says how far it is; its children are executions whose `machine` is the run. A
child begins in the turn that moves the run on, and ends in the turn that counts its end, so after a
crash nothing is lost and nothing begins twice. A run moves on in turns of bounded size, each after
the commit of the one before.

    reading (items -1) -> starting children, counting their ends -> SUCCEEDED, parent told
                                                                 -> FAILED: children stopped, told
    ABORTED by the parent's end: children stopped

Which runs are in memory, and when, `map_runs_open` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from stepwell.engine.commands import RedriveMapRun, StartMapRun, StopMapRun
from stepwell.engine.endings import too_large
from stepwell.engine.inputs import MapRunEnded, Started, StopRequested
from stepwell.engine.map_items import ChildInput, Item, MapItems
from stepwell.engine.retries import Failure
from stepwell.engine.states.map_run import THRESHOLD_EXCEEDED
from stepwell.errors import StorageTrouble
from stepwell.language.program import EvaluationFailed, EvaluationPending, MapState, Program
from stepwell.runtime.live import Live
from stepwell.runtime.map_run import Run
from stepwell.runtime.map_run_counts import Counts, is_exceeded
from stepwell.runtime.map_run_items import MapRunItems, ReadingFailed
from stepwell.runtime.map_run_paces import MapRunPaces
from stepwell.runtime.map_run_redrives import MapRunRedrives, generation_extra
from stepwell.runtime.map_run_results import MapRunResults, WritingFailed
from stepwell.runtime.map_runs_open import OpenMapRuns
from stepwell.runtime.outbox import Outbox
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Beginning
from stepwell.runtime.records import (
    ABORTED,
    EXECUTION,
    FAILED,
    MAP_RUN,
    RUNNING,
    SUCCEEDED,
    ExecutionRow,
    MapRunRow,
    RevisionRow,
)
from stepwell.runtime.telling import Telling
from stepwell.runtime.turn import Turn
from stepwell.values import JsonObject

_log = logging.getLogger("stepwell.runtime")

CHILDREN_PER_TURN = 100
"""So many children begin, or are stopped, before others get their turn."""


class MapRuns:
    """See the module."""

    def __init__(
        self,
        parts: Parts,
        outbox: Outbox,
        executions: Telling,
    ) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._ids = parts.ids
        self._programs = parts.programs
        self._limits = parts.limits
        self._outbox = outbox
        self._executions = executions
        self._poisoned: set[int] = set()
        """Runs that a bug stopped; they are not tried again before the next start."""
        self.objects = parts.objects
        self._paces = MapRunPaces(
            parts.limits.map_run_rates, parts.clock, parts.alarm, self._move_on
        )
        self.open = OpenMapRuns(parts, outbox, self._move_on)
        self._items = MapRunItems(parts.store, parts.ledger)
        self._results = MapRunResults(parts.store, parts.limits, self._items)
        self.redrives = MapRunRedrives(parts, executions)

    # -- what executions ask for

    def start(self, turn: Turn, live: Live, command: StartMapRun) -> None:
        """Begin a run; its children begin after the commit."""
        percentage = command.tolerated_percentage
        row = MapRunRow(
            id=self._ids.next_id(),
            arn=command.arn,
            execution=live.row.id,
            execution_arn=live.row.arn,
            branch=command.branch,
            event=command.event,
            machine=live.row.machine,
            revision=live.row.revision,
            label=command.label,
            express=int(command.express),
            started_at=self._clock.now(),
            status=RUNNING,
            open=1,
            max_concurrency=command.max_concurrency,
            tolerated_count=command.tolerated_count,
            tolerated_percentage=None if percentage is None else repr(percentage),
            items=-1 if command.items is None else command.items,
            taken=0,
            children=0,
            ended=Counts().text(),
        )
        self.open.keep(row)
        turn.put(MAP_RUN, row)
        turn.after_commit(lambda: self._move_on(row.id))

    def redrive(self, turn: Turn, live: Live, command: RedriveMapRun) -> None:
        """Open a run again that had not succeeded; its children go on after the commit."""
        run = self.open.keep(self.redrives.begin(command, live))
        run.stage(turn)
        turn.after_commit(lambda: self._move_on(run.row.id))

    def stop(self, turn: Turn, live: Live, command: StopMapRun) -> None:
        """Nobody waits for the run any more."""
        run = self.open.at(live.row.id, command.event)
        if run is None or run.row.status != RUNNING:
            return
        run.end(ABORTED, None, self._clock.now())
        run.stage(turn)
        self._wake(turn, run)

    def child_ended(self, turn: Turn, child: ExecutionRow) -> None:
        """Count the end of an execution if it is a child of a run."""
        run = self.open.get(child.machine)
        if run is None:
            if child.extra is not None and '"mapRunArn"' in child.extra:
                self.open.have_again(child.machine)
            return
        run.counts.add(child)
        if run.row.status == RUNNING and is_exceeded(run.row, run.counts):
            run.end(FAILED, THRESHOLD_EXCEEDED, self._clock.now())
        run.stage(turn)
        if run.can_move:
            self._wake(turn, run)

    async def update(
        self,
        number: int,
        *,
        max_concurrency: int | None,
        tolerated_count: int | None,
        tolerated_percentage: float | None,
    ) -> bool:
        """Change a running run; False when it no longer runs."""
        await self.open.have(number)
        run = self.open.get(number)
        if run is None or run.row.status != RUNNING:
            return False
        row = run.row
        if max_concurrency is not None:
            row = row._replace(max_concurrency=max_concurrency)
        if tolerated_count is not None:
            row = row._replace(tolerated_count=tolerated_count)
        if tolerated_percentage is not None:
            row = row._replace(tolerated_percentage=repr(float(tolerated_percentage)))
        run.row = row
        with self._ledger.stage() as turn:
            if is_exceeded(run.row, run.counts):
                run.end(FAILED, THRESHOLD_EXCEEDED, self._clock.now())
            run.stage(turn)
            self._wake(turn, run)
        await self._ledger.committed()
        return True

    # -- moving on

    def _wake(self, turn: Turn, run: Run) -> None:
        if not run.busy:
            number = run.row.id
            turn.after_commit(lambda: self._move_on(number))

    def _move_on(self, number: int) -> None:
        if number not in self._poisoned:
            self._outbox.insist(("map run", number), lambda: self._advance(number))

    async def _advance(self, number: int) -> None:
        """Do what there is to do until only children can move the run."""
        while True:
            run = self.open.get(number)
            if run is None or self._paces.holds_back(run):
                return
            if not run.can_move or not self.open.may_go(run):
                return
            run.busy = True
            try:
                await self._step(run)
            except Exception as error:
                # What the run has in memory may never have happened.
                if not isinstance(error, StorageTrouble):
                    self._poisoned.add(number)
                if self.open.get(number) is run:
                    self.open.drop(run)
                    self.open.have_again(number)
                raise
            finally:
                run.busy = False
            await self._ledger.committed()
            await self.open.have(number)

    async def _step(self, run: Run) -> None:
        row = run.row
        try:
            if row.status != RUNNING:
                await self._wind_up(run)
                return
            items = await self._map_items(run)
            if items is None:
                self._fail(run, ABORTED, None)
            elif row.items < 0:
                await self._read(run, items)
            elif run.counts.pending and run.room > 0:
                await self.redrives.go_on(run)
            elif run.given_out and run.running == 0:
                await self._succeed(run, items)
            else:
                await self._start_children(run, items)
        except EvaluationFailed as failed:
            failure = Failure(failed.error, failed.cause)
            self._fail(run, FAILED, failure if run.items is None else run.items.failure(failed))
        except (ReadingFailed, WritingFailed) as failed_io:
            self._fail(run, FAILED, Failure(failed_io.error, failed_io.cause))

    def _is_current(self, run: Run) -> bool:
        """Whether nothing happened to the run while something was waited for."""
        return self.open.get(run.row.id) is run and run.row.status == RUNNING

    def _fail(self, run: Run, status: int, failure: Failure | None) -> None:
        if self._is_current(run):
            with self._ledger.stage() as turn:
                run.end(status, failure, self._clock.now())
                run.stage(turn)

    async def _map_items(self, run: Run) -> MapItems | None:
        """What makes the children's inputs; None when the parent does not wait for the run."""
        if run.items is None:
            live = await self._executions.live.get(run.row.execution)
            branch = None if live is None else live.execution.branches.get(run.row.branch)
            if live is None or branch is None or branch.phase != "map_run":
                return None
            state = branch.scope.states[branch.state]
            if branch.scheduled != run.row.event or not isinstance(state, MapState):
                return None
            beside = self._limits.expressions_beside
            now = self._clock.now()
            run.items = MapItems(live.execution, branch, state, now, beside=beside)
        return run.items

    async def _map_items_as_begun(self, run: Run) -> MapItems | None:
        """The same of a parent that waits no more, from its history up to the run's beginning."""
        row = run.row
        parent = await self._executions.live.as_of(row.execution, row.event)
        branch = None if parent is None else parent.branches.get(row.branch)
        if parent is None or branch is None:
            return None
        state = branch.scope.states[branch.state]
        return (
            MapItems(parent, branch, state, row.started_at) if isinstance(state, MapState) else None
        )

    async def _read(self, run: Run, items: MapItems) -> None:
        """Read the items into pages of our own: what they are read from may change."""
        count = await self._items.read(run.row.id, items, self.objects)
        if self._is_current(run):
            with self._ledger.stage() as turn:
                run.row = run.row._replace(items=count)
                run.stage(turn)

    async def _start_children(self, run: Run, items: MapItems) -> None:
        row = run.row
        program = await self._programs.get(row.id, row.revision)
        revision = await self._programs.revision(row.id, row.revision)
        wanted = run.window if items.batching is not None else min(run.window, run.room)
        window = await self._items.window(row.id, items, row.taken, wanted)
        if not self._is_current(run) or run.row.taken != row.taken:
            return
        last = row.taken + len(window) >= row.items
        items.now = self._clock.now()
        awaited: EvaluationPending | None = None
        with self._ledger.stage() as turn:
            try:
                self._fill(turn, run, items, window, revision, program, last=last)
            except EvaluationFailed as failed:
                run.end(FAILED, items.failure(failed), self._clock.now())
            except EvaluationPending as pending:
                awaited = pending
            if awaited is None and run.row.taken == row.taken and run.room > 0:
                run.window *= 4
            run.stage(turn)
        if awaited is not None:
            await asyncio.wrap_future(awaited.begin())

    def _fill(
        self,
        turn: Turn,
        run: Run,
        items: MapItems,
        window: Sequence[Item],
        revision: RevisionRow,
        program: Program,
        *,
        last: bool,
    ) -> None:
        """Begin children while there is room, as far as the window goes."""
        begun = offset = 0
        first = run.row.taken
        while begun < CHILDREN_PER_TURN and offset < len(window) and run.room > 0:
            if run.row.status != RUNNING:
                return
            child = items.next_child(window, offset, first + offset, last=last)
            if child is None:
                return
            if self._is_too_large(child.text):
                run.end(FAILED, too_large(items.name), self._clock.now())
                return
            offset += child.items
            begun += 1
            self._begin(turn, run, child, revision, program)

    def _is_too_large(self, text: str) -> bool:
        size_max = self._limits.payload_bytes_max
        return len(text) * 4 > size_max and len(text.encode()) > size_max

    def _begin(
        self, turn: Turn, run: Run, child: ChildInput, revision: RevisionRow, program: Program
    ) -> None:
        row = run.row
        run.row = row._replace(taken=row.taken + child.items, children=row.children + 1)
        run.begin_child(self._clock.now())
        name = self._ids.uuid()
        extra: JsonObject = {"mapRunArn": row.arn}
        if child.items != 1:
            extra["items"] = child.items
        extra |= generation_extra(row)
        arn = None
        if row.express:
            machine = revision.arn.replace(":stateMachine:", ":express:", 1)
            arn = f"{machine}:{name}:{self._ids.uuid()}"
        live = self._executions.begin(
            turn,
            Beginning(revision, program, name, child.text, child.value, extra, arn=arn),
        )
        self._executions.deliver(turn, live, Started(child.text, child.value))

    # -- the end

    async def _succeed(self, run: Run, items: MapItems) -> None:
        text = await self._results.output(run.row, items, self.objects)
        if not self._is_current(run):
            return
        ended = MapRunEnded(run.row.branch, run.row.event, text, too_large=text is None)
        await self._tell_parent(run, ended, succeeded=True)

    async def _wind_up(self, run: Run) -> None:
        """Stop the children; when the last one has ended, the run has."""
        if run.running:
            await self._ledger.committed()
            rows = await self._store.scan(
                EXECUTION, (run.row.id, RUNNING), index="execution_list", limit=CHILDREN_PER_TURN
            )
            for child in rows:
                live = await self._executions.live.get(child.id)
                if live is not None:
                    with self._ledger.stage() as turn:
                        self._executions.deliver(turn, live, StopRequested(None, None))
            if rows:
                return
            _log.warning("map run %s: %d children are not to be found", run.row.arn, run.running)
        row = run.row
        with contextlib.suppress(EvaluationFailed):
            items = await self._map_items(run) or await self._map_items_as_begun(run)
            if items is not None:
                await self._results.write_unfinished(row, items, self.objects)
        await self._tell_parent(run, MapRunEnded(row.branch, row.event, None, row.error, row.cause))

    async def _tell_parent(self, run: Run, ended: MapRunEnded, *, succeeded: bool = False) -> None:
        """Close the run and tell its parent, in one turn."""
        number, status = run.row.id, run.row.status
        parent = await self._executions.live.get(run.row.execution)
        pages = 0
        if (run.items is None or run.items.items is None) and (succeeded or run.given_out):
            # What was not given out may still be needed, should the run be redriven.
            pages = await self._items.pages(number)
        if self.open.get(number) is not run or run.row.status != status:
            return
        with self._ledger.stage() as turn:
            if succeeded:
                run.end(SUCCEEDED, None, self._clock.now())
            run.row = run.row._replace(open=0)
            run.stage(turn)
            self._items.delete(turn, number, pages)
            turn.after_commit(lambda: self.open.drop(run))
            if parent is not None and status != ABORTED:
                self._executions.deliver(turn, parent, ended)
