"""Timers by absolute deadline.

All timers are rows; only those of the near future are in memory too. So a million waiting
executions cost a million rows, and the time to the next one is always known.

Rules: memory never knows of fewer timers than are due before the horizon. A timer that is set or
cleared while it is read from the store, or while it waits to be fired, is what it was made last.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable

from stepwell.errors import StorageTrouble
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Store
from stepwell.runtime.records import TIMER, TimerRow
from stepwell.runtime.tables import Key
from stepwell.runtime.turn import Turn

_log = logging.getLogger("stepwell.runtime")

WINDOW_TIMERS_MAX = 10_000
"""How many timers are read ahead at a time; twice as many may be in memory."""
WINDOW_MS = 3_600_000
"""How far ahead they are read."""
RETRY_MS = 1_000
"""How long after trouble with the store it is tried again."""
SHARD = 0
"""One node owns everything, for now."""


class Timers:
    """The timers of a node. `fire` is told which are due, and must take each one it handles."""

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
        self._due: dict[Key, TimerRow] = {}
        """Handed to `fire`, but not taken yet."""
        self._changed: set[Key] | None = None
        """What was set, cleared or fired since the read that is under way began."""
        self._reads = 0
        self._horizon = 0
        self._shorten_at = 2 * WINDOW_TIMERS_MAX
        self._ring_at: int | None = None
        self._call_off: Callable[[], None] | None = None
        self._spawn: Callable[[Awaitable[None]], None] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    async def load(self, spawn: Callable[[Awaitable[None]], None]) -> None:
        """Read the near future. `spawn` runs the work of firing."""
        self._spawn = spawn
        self._clear()
        await self._read_ahead()

    def forget(self) -> None:
        """What is in memory can't be trusted any more: read it again."""
        self._clear()
        self._horizon = self._clock.now()
        self._wind()

    def _clear(self) -> None:
        self.stop()
        self._heap.clear()
        self._rows.clear()
        self._due.clear()
        self._ring_at = None

    async def _read_ahead(self) -> None:
        # From here on new timers are remembered; those set before are on disk after the wait.
        self._reads += 1
        number = self._reads
        self._changed = changed = set[Key]()
        self._horizon = self._clock.now() + WINDOW_MS
        try:
            await self._ledger.committed()
            rows = await self._store.scan(
                TIMER,
                (SHARD,),
                index="timer_due",
                until=(self._horizon,),
                limit=WINDOW_TIMERS_MAX,
            )
        except StorageTrouble as trouble:
            _log.warning("timers could not be read and are tried again: %s", trouble)
            rows, horizon = [], self._clock.now() + RETRY_MS
        else:
            horizon = rows[-1].due_at if len(rows) == WINDOW_TIMERS_MAX else self._horizon
        if number != self._reads:
            return
        self._changed = None
        self._horizon = min(self._horizon, horizon)
        for row in rows:
            key = TIMER.key_of(row)
            if key not in changed and key not in self._rows and key not in self._due:
                self._remember(key, row)
        self._wind()

    # -- setting

    def set(self, turn: Turn, row: TimerRow) -> None:
        """Set a timer, or set it anew."""
        turn.put(TIMER, row)
        key = TIMER.key_of(row)
        self._touch(key)
        if row.due_at <= self._horizon:
            self._remember(key, row)
            self._wind()
        else:
            self._rows.pop(key, None)

    def clear(self, turn: Turn, execution: int, branch: int, kind: str) -> None:
        """Forget a timer, if it is set."""
        key = (SHARD, execution, branch, kind)
        turn.delete(TIMER, key)
        self._touch(key)
        self._rows.pop(key, None)

    def hurry(self, execution: int, branch: int, kind: str, event: int) -> None:
        """Ring a timer now, if it is still set for that event. On disk it stays what it is."""
        key = (SHARD, execution, branch, kind)
        row = self._rows.get(key)
        if row is not None and row.event == event:
            self._remember(key, row._replace(due_at=self._clock.now()))
            self._wind()

    def _touch(self, key: Key) -> None:
        if self._due:
            self._due.pop(key, None)
        if self._changed is not None:
            self._changed.add(key)

    def _remember(self, key: Key, row: TimerRow) -> None:
        self._rows[key] = row
        heapq.heappush(self._heap, (row.due_at, key))
        if len(self._rows) > self._shorten_at:
            self._shorten()
        elif len(self._heap) > 2 * len(self._rows) + 1_024:
            self._rebuild()

    def _shorten(self) -> None:
        """Too many for memory: keep the nearest ones, the others are read when their time comes."""
        nearest = heapq.nsmallest(WINDOW_TIMERS_MAX, (row.due_at for row in self._rows.values()))
        self._horizon = min(self._horizon, nearest[-1])
        self._rows = {k: row for k, row in self._rows.items() if row.due_at <= nearest[-1]}
        self._shorten_at = 2 * max(WINDOW_TIMERS_MAX, len(self._rows))
        self._rebuild()

    def _rebuild(self) -> None:
        """Rid the heap of timers that were cleared or set anew."""
        self._heap = [(row.due_at, key) for key, row in self._rows.items()]
        heapq.heapify(self._heap)

    # -- ringing

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
                self._due[key] = row
                due.append(row)
        try:
            if due:
                await self._fire(due)
            if now >= self._horizon:
                await self._read_ahead()
        finally:
            self._wind()

    def take(self, row: TimerRow) -> bool:
        """Whether a due timer still is what it was; whoever takes it must delete its row."""
        key = TIMER.key_of(row)
        if self._due.get(key) is not row:
            return False
        self._touch(key)
        return True

    def again(self, row: TimerRow) -> None:
        """A due timer could not be handled now: fire it again a little later."""
        key = TIMER.key_of(row)
        if key not in self._rows:
            later = row._replace(due_at=self._clock.now() + RETRY_MS)
            self._due.pop(key, None)
            self._remember(key, later)
            self._wind()

    def stop(self) -> None:
        """Ring no more."""
        if self._call_off is not None:
            self._call_off()
            self._call_off = None
