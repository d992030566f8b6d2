"""Rows in memory, after commits that failed."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.tables import Table
from stepwell.services.shelf import Shelf, all_ready
from stepwell.stores.memory import MemoryDisk, MemoryStore


class Row(NamedTuple):
    """One name."""

    name: str


FIRST = Table("first_name", Row, ("name",))
SECOND = Table("second_name", Row, ("name",))


class SlowStore(MemoryStore):
    """Reads of the second table wait until they are let go; those of the first take a while."""

    def __init__(self) -> None:
        super().__init__((FIRST, SECOND), MemoryDisk())
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()

    async def scan(self, table: Table[Any], *given: Any, **named: Any) -> Any:
        """As ever, but slow."""
        if table is SECOND:
            self.asked.set()
            await self.let_go.wait()
        else:
            for _ in range(10):
                await asyncio.sleep(0)
        return await super().scan(table, *given, **named)


async def test_all_shelves_agree_with_the_store_at_the_same_moment() -> None:
    """One that has to be read again while another one is waited for is waited for again."""
    store = SlowStore()
    await store.open()
    ledger = Ledger(store)
    shelves = (Shelf(FIRST, store, ledger), Shelf(SECOND, store, ledger))
    waiting = asyncio.ensure_future(all_ready(*shelves))
    await store.asked.wait()
    assert shelves[0].is_ready
    # What a failed commit does to a shelf.
    shelves[0]._forget()
    store.let_go.set()
    await waiting
    assert all(shelf.is_ready for shelf in shelves)
    await store.close()
