"""What waits in memory is called off after a failed commit and armed anew from the store."""

from __future__ import annotations

import asyncio

from stepwell.errors import StorageTrouble
from stepwell.runtime.ledger import Ledger
from stepwell.services.alarms import Alarms
from stepwell.services.reading_again import ReadingAgain
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.testing.virtual import VirtualClock


class Waiting:
    """Something that arms one alarm, from a store that may be in trouble at first."""

    def __init__(self, troubles: int = 0) -> None:
        self.troubles = troubles
        self.loads = 0
        self.rung: list[str] = []
        self.clock = VirtualClock()
        self.alarms: Alarms[str] = Alarms(self.clock)
        self.again = ReadingAgain(
            "tests",
            Ledger(MemoryStore((), MemoryDisk())),
            self.clock,
            self.clock,
            forget=self.alarms.call_off_all,
            load=self.load,
        )

    async def load(self) -> None:
        """Arm it, if the store answers."""
        if self.troubles:
            self.troubles -= 1
            raise StorageTrouble("not now")
        self.loads += 1
        self.alarms.set("a", self.clock.now() + 5_000, lambda: self.rung.append("a"))

    async def settled(self) -> None:
        """Wait for what reads now."""
        await asyncio.gather(*self.again.under_way)


async def test_what_was_armed_is_called_off_and_armed_once() -> None:
    """After the failed commit the alarm of before does not ring; the one that was read does."""
    waiting = Waiting()
    waiting.alarms.set("gone", waiting.clock.now() + 1, lambda: waiting.rung.append("gone"))
    waiting.again.begin()
    await waiting.settled()
    assert "a" in waiting.alarms
    assert "gone" not in waiting.alarms
    waiting.clock.advance(waiting.clock.now() + 10_000)
    assert waiting.rung == ["a"]
    assert "a" not in waiting.alarms


async def test_a_store_in_trouble_is_asked_again() -> None:
    """A second later, as often as it takes."""
    waiting = Waiting(troubles=2)
    waiting.again.begin()
    for loads in (0, 0, 1):
        await waiting.settled()
        assert waiting.loads == loads
        waiting.clock.advance(waiting.clock.now() + 1_000)
    await waiting.settled()
    assert waiting.loads == 1


async def test_nothing_is_read_once_it_is_closed() -> None:
    """Neither what was under way nor a failed commit afterwards arms anything."""
    waiting = Waiting()
    waiting.again.begin()
    waiting.again.close()
    waiting.again.begin()
    await asyncio.gather(*waiting.again.under_way, return_exceptions=True)
    assert waiting.loads == 0
    assert "a" not in waiting.alarms


def test_an_alarm_that_is_set_again_rings_once() -> None:
    """At the later time."""
    clock, rung = VirtualClock(), []
    alarms: Alarms[str] = Alarms(clock)
    start = clock.now()
    alarms.set("a", start + 1, lambda: rung.append("first"))
    alarms.set("a", start + 2, lambda: rung.append("second"))
    clock.advance(start + 3)
    assert rung == ["second"]
