"""Timers by absolute deadline.

All timers are rows; only those of the near future are in memory too. So a million waiting
executions cost a million rows, and the time to the next one is always known.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Store
from stepwell.runtime.records import TIMER, TimerRow
from stepwell.runtime.tables import Key
from stepwell.runtime.turn import Turn

WINDOW_TIMERS_MAX = 10_000
"""How many timers are read ahead at a time."""
WINDOW_MS = 3_600_000
"""How far ahead they are read."""
SHARD = 0
"""One node owns everything, for now."""


class Timers:
    """The timers of a node.

    `fire` is told which are due, and must clear each one it has handled.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        alarm: Alarm,
        fire: Callable[[list[TimerRow]], Awaitable[None]],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._alarm = alarm
        self._fire = fire
        self._heap: list[tuple[int, Key]] = []
        self._rows: dict[Key, TimerRow] = {}
        self._horizon = 0
        self._ring_at: int | None = None
        self._call_off: Callable[[], None] | None = None
        self._spawn: Callable[[Awaitable[None]], None] | None = None

    async def load(self, spawn: Callable[[Awaitable[None]], None]) -> None:
        """Read the near future. `spawn` runs the work of firing."""
        self._spawn = spawn
        self.stop()
        self._heap.clear()
        self._rows.clear()
        self._ring_at = None
        await self._read_ahead()

    async def _read_ahead(self) -> None:
        # From here on new timers are remembered; those set before are on disk after the wait.
        self._horizon = horizon = self._clock.now() + WINDOW_MS
        await self._ledger.committed()
        rows = await self._store.scan(
            TIMER, (SHARD,), index="timer_due", until=(horizon,), limit=WINDOW_TIMERS_MAX
        )
        if len(rows) == WINDOW_TIMERS_MAX:
            self._horizon = rows[-1].due_at
        for row in rows:
            key = TIMER.key_of(row)
            if key not in self._rows:
                self._remember(key, row)
        self._wind()

    def set(self, turn: Turn, row: TimerRow) -> None:
        """Set a timer, or set it anew."""
        turn.put(TIMER, row)
        key = TIMER.key_of(row)
        if row.due_at <= self._horizon:
            self._remember(key, row)
            self._wind()
        else:
            self._rows.pop(key, None)

    def clear(self, turn: Turn, execution: int, branch: int, kind: str) -> None:
        """Forget a timer, if it is set."""
        key = (SHARD, execution, branch, kind)
        turn.delete(TIMER, key)
        self._rows.pop(key, None)

    def _remember(self, key: Key, row: TimerRow) -> None:
        self._rows[key] = row
        heapq.heappush(self._heap, (row.due_at, key))

    def next_due(self) -> int:
        """When there is something to do next: a timer, or reading ahead."""
        while self._heap:
            due_at, key = self._heap[0]
            row = self._rows.get(key)
            if row is not None and row.due_at == due_at:
                return min(due_at, self._horizon)
            heapq.heappop(self._heap)
        return self._horizon

    def _wind(self) -> None:
        """Have the alarm ring when the next timer is due."""
        due_at = self.next_due()
        if self._ring_at is not None and self._ring_at <= due_at:
            return
        if self._call_off is not None:
            self._call_off()
        self._ring_at = due_at
        self._call_off = self._alarm.call_at(due_at, self._ring)

    def _ring(self) -> None:
        self._ring_at = self._call_off = None
        if self._spawn is not None:
            self._spawn(self._run_due())

    async def _run_due(self) -> None:
        now = self._clock.now()
        due: list[TimerRow] = []
        while self._heap and self._heap[0][0] <= now:
            due_at, key = heapq.heappop(self._heap)
            row = self._rows.get(key)
            if row is not None and row.due_at == due_at:
                del self._rows[key]
                due.append(row)
        try:
            if due:
                await self._fire(due)
            if now >= self._horizon:
                await self._read_ahead()
        finally:
            self._wind()

    def stop(self) -> None:
        """Ring no more."""
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
