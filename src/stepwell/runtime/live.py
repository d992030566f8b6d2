"""Executions in memory: a bounded cache over the store.

An execution is here while something of it is not on disk yet, and as long as there is room. What is
dropped is folded again from its history when somebody asks for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from itertools import islice

from stepwell.engine.callbacks import OPEN_PHASES
from stepwell.engine.events import HistoryEvent, read_event
from stepwell.engine.execution import Execution, Identity, fold
from stepwell.language.program import Program
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.runtime.programs import Programs
from stepwell.runtime.records import EVENT, EXECUTION, TOKEN, ExecutionRow, RevisionRow, TokenRow
from stepwell.values import decode

CACHED_MAX = 4_000
_PAGE = 1_000


class Live:
    """One execution in memory.

    `turn` is the last turn that holds something of it: 0 for a new one that was told nothing yet,
    -1 for one that is on disk as it is. `transitions` is how many states it entered in that turn.
    """

    __slots__ = ("execution", "row", "settings", "tokens", "transitions", "turn")

    def __init__(self, row: ExecutionRow, execution: Execution, settings: str) -> None:
        self.row = row
        self.execution = execution
        self.settings = settings
        """Those of the machine's revision, as they are stored."""
        self.tokens: dict[int, TokenRow] = {}
        self.turn = 0
        self.transitions = 0

    @property
    def region(self) -> str:
        """The region the execution belongs to."""
        return self.execution.identity.region

    @property
    def account(self) -> str:
        """The account the execution belongs to."""
        return self.row.arn.split(":", 5)[4]


def identity_of(row: ExecutionRow, revision: RevisionRow, *, synchronous: bool = False) -> Identity:
    """What never changes of an execution."""
    through: dict[str, str] = {}
    if row.extra is not None:
        extra = decode(row.extra)
        if isinstance(extra, dict):
            through = {
                k: str(extra[k])
                for k in ("stateMachineVersionArn", "stateMachineAliasArn")
                if extra.get(k)
            }
    return Identity(
        id=row.id,
        arn=row.arn,
        name=row.name,
        role_arn=row.role_arn,
        machine_arn=revision.arn,
        machine_name=revision.name,
        region=row.arn.split(":", 4)[3],
        started_at=row.started_at,
        seed=row.seed,
        started_through=through,
        express=":express:" in row.arn,
        synchronous=synchronous,
    )


async def _ready(live: Live) -> None:
    """Nothing is needed."""


class LiveExecutions:
    """The cache."""

    def __init__(
        self, store: Store, ledger: Ledger, programs: Programs, *, cached_max: int = CACHED_MAX
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._programs = programs
        self._cached_max = cached_max
        self._live: OrderedDict[int, Live] = OrderedDict()
        self._by_arn: dict[str, Live] = {}
        self._broken: set[int] = set()
        self._folding: dict[int, asyncio.Future[None]] = {}
        self.make_ready: Callable[[Live], Awaitable[None]] = _ready
        """Brings into memory what an execution that was just read needs beside itself."""

    def __len__(self) -> int:
        return len(self._live)

    def cached(self, execution: int) -> Live | None:
        """The execution if it is in memory."""
        return self._live.get(execution)

    def named(self, arn: str) -> Live | None:
        """The execution of that ARN if it is in memory."""
        return self._by_arn.get(arn)

    def add(self, row: ExecutionRow, revision: RevisionRow, program: Program) -> Live:
        """Put a new execution in."""
        live = Live(row, Execution(identity_of(row, revision), program), revision.settings)
        self._keep(live)
        return live

    async def row(self, execution: int) -> ExecutionRow | None:
        """The row of an execution, from memory or the store."""
        live = self._live.get(execution)
        return live.row if live is not None else await self._store.get(EXECUTION, (execution,))

    async def get(self, execution: int) -> Live | None:
        """A running execution, folded from its history if need be. None if it is not running."""
        while True:
            live = self._live.get(execution)
            if live is not None:
                self._live.move_to_end(execution)
                return live
            folding = self._folding.get(execution)
            if folding is None:
                return await self._fold_alone(execution)
            # Two that fold at once could see it before and after a commit: one at a time.
            await asyncio.shield(folding)

    async def get_closed(self, execution: int) -> Live | None:
        """An execution whether it runs or not, folded from its history if need be."""
        live = await self.get(execution)
        return await self._fold_alone(execution, closed=True) if live is None else live

    async def _fold_alone(self, execution: int, *, closed: bool = False) -> Live | None:
        done = self._folding[execution] = asyncio.get_running_loop().create_future()
        try:
            live = await self._read(execution, closed=closed)
            if live is not None:
                self._keep(live)
            return live
        finally:
            del self._folding[execution]
            done.set_result(None)

    async def _read(self, execution: int, *, closed: bool) -> Live | None:
        if execution in self._broken:
            await self._ledger.committed()
            self._broken.discard(execution)
        row = await self._store.get(EXECUTION, (execution,))
        if row is None or (row.status != 0 and not closed):
            return None
        return await self._fold(row)

    async def _fold(self, row: ExecutionRow) -> Live:
        program = await self._programs.get(row.machine, row.revision)
        revision = await self._programs.revision(row.machine, row.revision)
        events = await self.history(row.id)
        live = Live(row, fold(identity_of(row, revision), program, events), revision.settings)
        live.turn = -1
        for branch in live.execution.branches.values():
            if branch.phase in OPEN_PHASES:
                token = await self._store.get(TOKEN, (row.id, branch.scheduled))
                if token is not None:
                    live.tokens[token.event] = token
        await self.make_ready(live)
        return live

    async def as_of(self, execution: int, event: int) -> Execution | None:
        """An execution as it was at one of its events; None if there is no such execution."""
        row = await self._store.get(EXECUTION, (execution,))
        if row is None:
            return None
        program = await self._programs.get(row.machine, row.revision)
        revision = await self._programs.revision(row.machine, row.revision)
        events = [known for known in await self.history(execution) if known.id <= event]
        return fold(identity_of(row, revision), program, events)

    async def history(self, execution: int) -> list[HistoryEvent]:
        """Every committed event of an execution."""
        events: list[HistoryEvent] = []
        last = 0
        while True:
            rows = await self._store.scan(EVENT, (execution,), after=(last,), limit=_PAGE)
            events.extend(read_event(r.body, r.note) for r in rows)
            if len(rows) < _PAGE:
                return events
            last = rows[-1].id

    def _keep(self, live: Live) -> None:
        self._live[live.row.id] = live
        self._by_arn[live.row.arn] = live
        if len(self._live) > self._cached_max:
            self._make_room()

    def _make_room(self) -> None:
        """Drop the least used ones, but none that is not wholly on disk, nor the newest."""
        safe = self._ledger.safe_number
        for execution, live in _first(self._live, min(16, len(self._live) - 1)):
            if live.turn <= safe and live.turn:
                self.drop(live)
            else:
                self._live.move_to_end(execution)

    def closed(self, live: Live) -> None:
        """A finished execution is on disk: nobody needs it in memory."""
        if live.turn <= self._ledger.safe_number:
            self.drop(live)

    def drop(self, live: Live) -> None:
        """Drop one."""
        if self._live.get(live.row.id) is live:
            del self._live[live.row.id]
        if self._by_arn.get(live.row.arn) is live:
            del self._by_arn[live.row.arn]

    def give_up(self, live: Live) -> None:
        """A bug left this one half-changed: fold it again, once its last turn is on disk."""
        self._broken.add(live.row.id)
        self.drop(live)

    def forget(self) -> None:
        """A commit failed: nothing in memory can be trusted."""
        self._live.clear()
        self._by_arn.clear()


def _first(live: OrderedDict[int, Live], count: int) -> list[tuple[int, Live]]:
    return list(islice(live.items(), count))
