"""Work that comes round again and again."""

from __future__ import annotations

import asyncio

from stepwell.errors import StorageTrouble
from stepwell.runtime.rounds import Rounds
from stepwell.testing.virtual import VirtualClock

EVERY_MS = 1_000


class Work:
    """Counts its rounds, and breaks when told to."""

    def __init__(self) -> None:
        self.rounds = 0
        self.trouble: Exception | None = None
        self.hold: asyncio.Event | None = None

    async def __call__(self) -> None:
        self.rounds += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble


async def _pass(clock: VirtualClock, rounds: Rounds, milliseconds: int) -> None:
    end = clock.now() + milliseconds
    while (at := clock.next_alarm()) is not None and at <= end:
        clock.advance(at)
        await asyncio.sleep(0)
        await rounds.settle()
    clock.advance(end)


async def test_rounds_come_at_their_pace_until_the_end() -> None:
    """The first comes after its own time, the others one by one, none after the end."""
    clock, work = VirtualClock(), Work()
    rounds = Rounds("work", clock, clock, work, EVERY_MS)
    rounds.arm(10)
    rounds.arm()
    await _pass(clock, rounds, 10 + 3 * EVERY_MS)
    assert work.rounds == 4
    await rounds.close()
    rounds.arm()
    await _pass(clock, rounds, 10 * EVERY_MS)
    assert work.rounds == 4


async def test_a_round_that_breaks_is_followed_by_another() -> None:
    """Neither trouble with the disk nor a bug ends the rounds."""
    clock, work = VirtualClock(), Work()
    rounds = Rounds("work", clock, clock, work, EVERY_MS)
    rounds.arm()
    for trouble in (StorageTrouble("no space"), ValueError("a bug"), None):
        work.trouble = trouble
        await _pass(clock, rounds, EVERY_MS)
    assert work.rounds == 3
    await rounds.close()


async def test_rounds_stop_when_there_is_nothing_left_and_begin_anew() -> None:
    """Nothing is armed while nothing goes on; `arm` begins again."""
    clock, work, something = VirtualClock(), Work(), [True]
    rounds = Rounds("work", clock, clock, work, EVERY_MS, goes_on=lambda: bool(something))
    rounds.arm()
    something.clear()
    await _pass(clock, rounds, 5 * EVERY_MS)
    assert work.rounds == 1
    assert clock.next_alarm() is None
    something.append(True)
    rounds.arm()
    await _pass(clock, rounds, EVERY_MS)
    assert work.rounds == 2
    await rounds.close()


async def test_no_second_round_while_one_is_under_way() -> None:
    """A slow round is not overtaken, and closing breaks it off."""
    clock, work = VirtualClock(), Work()
    work.hold = asyncio.Event()
    rounds = Rounds("work", clock, clock, work, EVERY_MS)
    rounds.arm()
    clock.advance(clock.now() + EVERY_MS)
    await asyncio.sleep(0)
    rounds.arm()
    assert (work.rounds, clock.next_alarm()) == (1, None)
    await rounds.close()
    assert work.rounds == 1
