"""Rows on disk with what is on its way there: changes never lose each other."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from stepwell.errors import StorageTrouble
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.tables import Table
from stepwell.services.overlay import CACHED_MAX, Overlay
from stepwell.services.shelf import Shelf
from stepwell.stores.faulty import FaultyStore
from stepwell.stores.memory import MemoryDisk, MemoryStore


class CountRow(NamedTuple):
    """A counter."""

    name: str
    total: int


COUNT = Table("count", CountRow, ("name",))
KEY = ("a",)


async def world() -> tuple[MemoryStore, Ledger, Overlay[CountRow]]:
    """A store, a ledger and rows over them."""
    store = MemoryStore((COUNT,), MemoryDisk())
    await store.open()
    ledger = Ledger(store)
    return store, ledger, Overlay(COUNT, store, ledger)


async def add_one(ledger: Ledger, rows: Overlay[CountRow]) -> None:
    """Read, change, write, and wait for the disk."""
    found = (await rows.fetch([KEY]))[KEY]
    with ledger.stage() as turn:
        rows.put(turn, CountRow("a", 1 + (found.total if found else 0)))
    await ledger.committed()


async def test_changes_at_the_same_time_all_count() -> None:
    """A hundred read-modify-writes of one row make a hundred."""
    store, ledger, rows = await world()
    await asyncio.gather(*(add_one(ledger, rows) for _ in range(100)))
    assert await store.get(COUNT, KEY) == CountRow("a", 100)


async def test_a_deleted_row_is_gone_at_once() -> None:
    """Who fetches after the delete was staged finds nothing, before it is on disk too."""
    _, ledger, rows = await world()
    await add_one(ledger, rows)
    with ledger.stage() as turn:
        rows.delete(turn, KEY)
    assert await rows.fetch([KEY]) == {KEY: None}
    await ledger.committed()
    assert await rows.fetch([KEY]) == {KEY: None}


async def test_known_tells_only_what_was_read() -> None:
    """Without waiting there is an answer for what was fetched or staged, and for nothing else."""
    _, ledger, rows = await world()
    assert rows.known([KEY]) is None
    await add_one(ledger, rows)
    assert rows.known([KEY]) == {KEY: CountRow("a", 1)}


async def test_memory_is_bounded() -> None:
    """Rows that nobody uses are forgotten, the oldest first."""
    _, _, rows = await world()
    await rows.fetch([(f"k{n}",) for n in range(CACHED_MAX + 10)])
    assert rows.known([("k0",)]) is None
    assert rows.known([(f"k{CACHED_MAX}",)]) == {(f"k{CACHED_MAX}",): None}


async def test_after_a_failed_commit_the_disk_is_right() -> None:
    """What was staged in vain is read again, by overlay and shelf."""
    inner = MemoryStore((COUNT,), MemoryDisk())
    store = FaultyStore(inner, fail_at=2)
    await store.open()
    ledger = Ledger(store)
    rows, shelf = Overlay(COUNT, store, ledger), Shelf(COUNT, store, ledger)
    await add_one(ledger, rows)
    await shelf.ready()
    with ledger.stage() as turn:
        rows.put(turn, CountRow("a", 9))
        shelf.put(turn, CountRow("b", 9))
    with pytest.raises(StorageTrouble):
        await ledger.committed()
    await shelf.ready()
    assert await rows.fetch([KEY]) == {KEY: CountRow("a", 1)}
    assert shelf.get("b") is None
    assert shelf.get("a") == CountRow("a", 1)
