"""The process that is killed: commits numbered batches and prints each number once it is committed.

    python -m tests.contract.crash_child ADDRESS

Batch n holds n % 5 + 1 log rows, moves the plain row 0 to n and deletes the plain row of batch
n - 3. Several commits are always under way.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Store
from stepwell.runtime.records import LEASE
from stepwell.runtime.tables import Table
from stepwell.stores.migrations import generated
from stepwell.stores.postgres import PostgresStore
from stepwell.stores.sqlite import SqliteStore
from tests.contract.kit import LOG, PLAIN, LogRow, PlainRow

TABLES: tuple[Table[Any], ...] = (LOG, PLAIN, LEASE)
UNDER_WAY = 3
BATCHES_MAX = 100_000


def store_at(address: str) -> Store:
    """The store of an address, with the tables of this test."""
    if address.startswith("postgresql:"):
        return PostgresStore(address, TABLES, migrations=generated(TABLES, "postgres"))
    return SqliteStore(Path(address), TABLES, migrations=generated(TABLES, "sqlite"))


def batch(number: int) -> dict[Table[Any], dict[Any, Any]]:
    """The changes of that number."""
    rows = {(number, i): LogRow(number, i, b"x" * 300) for i in range(number % 5 + 1)}
    plain: dict[Any, Any] = {
        (0,): PlainRow(0, "last", 0, str(number)),
        (number,): PlainRow(number, f"name {number}", number, None),
    }
    if number > 3:
        plain[(number - 3,)] = None
    return {LOG: rows, PLAIN: plain}


async def last_batch(store: Store) -> int:
    """The number of the last batch the store holds."""
    row = await store.get(PLAIN, (0,))
    return int(row.note or 0) if row is not None else 0


async def work(address: str) -> None:
    """Commit until killed."""
    store = store_at(address)
    await store.open()
    first = await last_batch(store) + 1
    waiting: deque[tuple[int, Awaitable[None]]] = deque()
    try:
        for number in range(first, first + BATCHES_MAX):
            waiting.append((number, store.commit(batch(number))))
            if len(waiting) == UNDER_WAY:
                done, commit = waiting.popleft()
                await commit
                sys.stdout.write(f"{done}\n")
                sys.stdout.flush()
    finally:
        await asyncio.gather(*(commit for _, commit in waiting), return_exceptions=True)
        await store.close()


if __name__ == "__main__":
    try:
        asyncio.run(work(sys.argv[1]))
    except StorageTrouble as trouble:
        sys.exit(str(trouble))
