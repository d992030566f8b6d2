"""A crash at every commit: what was acknowledged is kept, what was not may be either way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import pytest

from stepwell.services.sqs import TABLES
from stepwell.stores.faulty import FaultyStore, StoreCrashed
from stepwell.stores.memory import MemoryDisk, MemoryStore
from tests.services.sqs.world import World


@dataclass
class Known:
    """What clients know for certain."""

    sent: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    """Deletes that were begun; without an answer they may have happened."""


async def produce(world: World, url: str, known: Known, name: str) -> None:
    """Send six messages one after the other."""
    for number in range(6):
        body = f"{name}{number}"
        await world.send(url, body)
        known.sent.add(body)


async def consume(world: World, url: str, known: Known) -> None:
    """Receive and delete as long as something comes."""
    for _ in range(12):
        for message in await world.receive(url, 2):
            known.tried.add(message["Body"])
            await world.delete(url, message)
            known.deleted.add(message["Body"])


async def work(world: World, url: str, known: Known) -> None:
    """Producers and consumers together, so that commits are shared."""
    await asyncio.gather(
        produce(world, url, known, "a"),
        produce(world, url, known, "b"),
        consume(world, url, known),
        consume(world, url, known),
    )


async def run_until_crash(disk: MemoryDisk, known: Known, moment: str, number: int) -> bool:
    """Whether the crash happened before the work was done."""
    died = asyncio.Event()
    # The task that commits dies with nobody waiting for it; that is no news here.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)

    def open_store() -> FaultyStore:
        store = MemoryStore(TABLES, disk)
        if moment == "before":
            return FaultyStore(store, crash_before=number, on_crash=died.set)
        return FaultyStore(store, crash_after=number, on_crash=died.set)

    world = await World(open_store=open_store).start()
    url = await world.queue()
    working = asyncio.create_task(work(world, url, known))
    dying = asyncio.create_task(died.wait())
    await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
    crashed = died.is_set()
    for task in (working, dying):
        task.cancel()
        with suppress(asyncio.CancelledError, StoreCrashed):
            await task
    await world.store.close()
    return crashed


async def left_over(disk: MemoryDisk) -> list[str]:
    """Every message that the next process finds, in flight or not."""
    world = await World(open_store=lambda: MemoryStore(TABLES, disk)).start()
    url = await world.queue()
    await world.time.advance(60)
    bodies: list[str] = []
    while more := await world.bodies(url):
        bodies += more
    await world.stop()
    return bodies


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_crash_at_any_commit_loses_nothing_acknowledged(moment: str) -> None:
    """Acknowledged sends are there once unless deleted; acknowledged deletes stay deleted."""
    for number in count(2):
        disk, known = MemoryDisk(), Known()
        crashed = await run_until_crash(disk, known, moment, number)
        bodies = await left_over(disk)
        assert len(bodies) == len(set(bodies))
        assert known.sent - known.tried <= set(bodies)
        assert not known.deleted & set(bodies)
        if not crashed:
            assert number > 10
            return
