"""Timers: what is set, cleared and read at the same time, and what memory they cost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell.errors import StorageTrouble
from stepwell.runtime import timers as module
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.records import TIMER, TimerRow
from stepwell.runtime.timers import WINDOW_MS, Timers
from stepwell.stores.memory import MemoryDisk
from stepwell.testing.virtual import VirtualClock
from tests.runtime.bench import HeldStore

HOUR = WINDOW_MS


class Ringing:
    """Timers over a store that can be held up; what rang, and who is told before it is taken."""

    def __init__(self) -> None:
        self.store = HeldStore(MemoryDisk())
        self.clock = VirtualClock()
        self.ledger = Ledger(self.store)
        self.timers = Timers(self.store, self.ledger, self.clock, self.clock, self._fire)
        self.rang: list[tuple[int, int]] = []
        self.before_taking: Any = lambda row: None
        self._tasks: set[asyncio.Future[None]] = set()

    async def _fire(self, rows: list[TimerRow]) -> None:
        for row in rows:
            try:
                self.before_taking(row)
            except StorageTrouble:
                self.timers.again(row)
                continue
            if self.timers.take(row):
                with self.ledger.stage() as turn:
                    turn.delete(TIMER, TIMER.key_of(row))
                self.rang.append((row.execution, row.event))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> Ringing:
        await self.store.open()
        await self.timers.load(self._spawn)
        return self

    def set(self, execution: int, seconds: float, event: int = 1) -> TimerRow:
        due_at = self.clock.now() + round(seconds * 1000)
        row = TimerRow(0, execution, 0, "wait", due_at, event)
        with self.ledger.stage() as turn:
            self.timers.set(turn, row)
        return row

    def clear(self, execution: int) -> None:
        with self.ledger.stage() as turn:
            self.timers.clear(turn, execution, 0, "wait")

    async def stored(self) -> list[tuple[int, int]]:
        await self.settle()
        return [(r.execution, r.event) for r in await self.store.scan(TIMER, limit=100_000)]

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        until = self.clock.now() + round(seconds * 1000)
        await self.settle()
        while (at := self.clock.next_alarm()) is not None and at <= until:
            self.clock.advance(at)
            await self.settle()
        self.clock.advance(until)
        await self.settle()


async def test_near_and_far() -> None:
    """Timers ring at their times, also those that were too far away to be remembered."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    ringing.set(2, 5)
    ringing.set(3, 3 * 3600)
    await ringing.wait(20)
    assert ringing.rang == [(2, 1), (1, 1)]
    assert len(ringing.timers) == 0, "the far one is on disk only"
    await ringing.wait(3 * 3600)
    assert ringing.rang[2:] == [(3, 1)]
    assert await ringing.stored() == []


async def test_set_anew_and_cleared() -> None:
    """The last setting counts; a cleared timer does not ring."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    ringing.set(1, 20, event=2)
    ringing.set(2, 10)
    ringing.clear(2)
    ringing.set(3, 10)
    ringing.set(3, 7200, event=2)
    await ringing.wait(15)
    assert ringing.rang == []
    await ringing.wait(10)
    assert ringing.rang == [(1, 2)]
    await ringing.wait(7200)
    assert ringing.rang == [(1, 2), (3, 2)]


async def test_set_anew_while_due() -> None:
    """A timer that is due but set anew before its turn comes rings at its new time only."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    ringing.set(2, 10)

    def set_anew(row: TimerRow) -> None:
        if row.execution == 1:
            ringing.set(2, 7200, event=2)

    ringing.before_taking = set_anew
    await ringing.wait(15)
    assert ringing.rang == [(1, 1)]
    assert await ringing.stored() == [(2, 2)], "its row must survive"
    await ringing.wait(7200)
    assert ringing.rang == [(1, 1), (2, 2)]


async def test_cleared_while_due() -> None:
    """A timer that is due but cleared before its turn comes does not ring."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    ringing.set(2, 10)
    ringing.before_taking = lambda row: ringing.clear(2)
    await ringing.wait(15)
    assert ringing.rang == [(1, 1)]


async def test_changed_while_read() -> None:
    """What is set or cleared while the near future is read is what it was made last."""
    ringing = await Ringing().open()
    for execution in (1, 2, 3):
        ringing.set(execution, 5400)
    await ringing.settle()
    reading, go_on = asyncio.Event(), asyncio.Event()
    real = ringing.store.scan

    async def slow(*given: Any, **more: Any) -> Any:
        rows = await real(*given, **more)
        reading.set()
        await go_on.wait()
        return rows

    ringing.store.scan = slow  # type: ignore[method-assign]
    ringing.clock.advance(ringing.clock.now() + HOUR)
    await reading.wait()
    ringing.set(1, 10 * 3600, event=2)
    ringing.clear(2)
    ringing.set(4, 60)
    go_on.set()
    ringing.store.scan = real  # type: ignore[method-assign]
    await ringing.wait(7200)
    assert sorted(ringing.rang) == [(3, 1), (4, 1)]
    assert await ringing.stored() == [(1, 2)]
    await ringing.wait(10 * 3600)
    assert ringing.rang[-1] == (1, 2)


async def test_trouble_while_reading() -> None:
    """A read that fails is tried again, and no timer is forgotten over it."""
    ringing = await Ringing().open()
    ringing.set(1, 5400)
    await ringing.settle()
    failures = 3

    async def fail(table: str) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise StorageTrouble("no")

    ringing.store.on_read = fail
    await ringing.wait(HOUR / 1000)
    await ringing.wait(1800)
    assert ringing.rang == [(1, 1)]


async def test_trouble_while_firing() -> None:
    """A timer that could not be handled rings again a little later."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    failures = 2

    def fail(row: TimerRow) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise StorageTrouble("no")

    ringing.before_taking = fail
    await ringing.wait(10)
    assert ringing.rang == []
    await ringing.wait(3)
    assert ringing.rang == [(1, 1)]


async def test_forget() -> None:
    """After a commit failed, memory is what is on disk."""
    ringing = await Ringing().open()
    ringing.set(1, 10)
    await ringing.settle()
    with ringing.ledger.stage() as turn:
        ringing.timers.clear(turn, 1, 0, "wait")
        turn.changes.clear()  # it does not get to disk
    ringing.timers.forget()
    await ringing.wait(11)
    assert ringing.rang == [(1, 1)]


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many timers are set, the nearest ones are in memory, and all ring in their order."""
    monkeypatch.setattr(module, "WINDOW_TIMERS_MAX", 100)
    ringing = await Ringing().open()
    ringing.timers._shorten_at = 200
    for number in range(1_000):
        ringing.set(number + 1, 100 + (number * 7 % 1_000))
    assert len(ringing.timers) <= 201
    await ringing.wait(2_000)
    assert [event for event, _ in ringing.rang] == sorted(
        range(1, 1_001), key=lambda number: (number - 1) * 7 % 1_000
    )
    assert await ringing.stored() == []


async def test_cleared_timers_cost_nothing() -> None:
    """Timers that are set and cleared again leave nothing behind in memory."""
    ringing = await Ringing().open()
    for _ in range(10_000):
        ringing.set(1, 1_000)
    for number in range(10_000):
        ringing.set(number, 1_000)
        ringing.clear(number)
    assert len(ringing.timers._heap) <= 2_000


async def test_many_of_one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """More timers of one instant than are read at a time all ring."""
    monkeypatch.setattr(module, "WINDOW_TIMERS_MAX", 10)
    ringing = await Ringing().open()
    at = ringing.clock.now() + 2 * HOUR
    for number in range(55):
        with ringing.ledger.stage() as turn:
            ringing.timers.set(turn, TimerRow(0, number, 0, "wait", at, 1))
    await ringing.wait(3 * 3600)
    assert sorted(number for number, _ in ringing.rang) == list(range(55))
