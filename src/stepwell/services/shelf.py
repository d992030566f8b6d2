"""Rows that live in memory as well as on disk: what a service configures, few and small.

Loaded at start and again after a failed commit. An operation first awaits `ready`, then looks up,
checks and changes without waiting in between; it raises before its first change or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Key, Table
from stepwell.runtime.turn import Turn

R = TypeVar("R", bound=tuple[Any, ...])

_PAGE = 1_000


class Shelf(Generic[R]):
    """All rows of one table, found by key, or by partition in the order of their keys."""

    def __init__(self, table: Table[R], store: Store, ledger: Ledger) -> None:
        self.table = table
        self._store = store
        self._ledger = ledger
        self._partitions: dict[Any, dict[Key, R]] = {}
        self._loaded = False
        self._loading: asyncio.Task[None] | None = None
        ledger.on_rollback(self._forget)

    async def ready(self) -> None:
        """Return once memory agrees with the store. Raises StorageTrouble if it cannot be read."""
        while not self._loaded:
            if self._loading is None or self._loading.done():
                self._loading = asyncio.ensure_future(self._load())
            loading = self._loading
            await asyncio.wait([loading])
            # Cancelled: another commit failed meanwhile. What was read is read once more.
            if not loading.cancelled():
                loading.result()

    @property
    def is_ready(self) -> bool:
        """Whether memory agrees with the store now, for whoever cannot wait."""
        return self._loaded

    def get(self, *key: Any) -> R | None:
        """The row of that key."""
        return self._partitions.get(key[0], {}).get(key)

    def of(self, partition: Any) -> list[R]:
        """The rows of a partition (the first column of the key), in the order of their keys."""
        rows = self._partitions.get(partition, {})
        return [rows[key] for key in sorted(rows)]

    def first(self, partition: Any, most: int) -> list[R]:
        """Up to so many rows of a partition, those put first in front."""
        return list(islice(self._partitions.get(partition, {}).values(), most))

    def everything(self) -> Iterator[R]:
        """Every row, in no order."""
        return iter([row for rows in self._partitions.values() for row in rows.values()])

    def put(self, turn: Turn, row: R) -> None:
        """Insert or replace a row, here now and on disk with the turn."""
        turn.put(self.table, row)
        key = self.table.key_of(row)
        self._partitions.setdefault(key[0], {})[key] = row

    def delete(self, turn: Turn, *key: Any) -> None:
        """Delete the row of that key, if there is one."""
        rows = self._partitions.get(key[0], {})
        if rows.pop(key, None) is not None:
            turn.delete(self.table, key)
            if not rows:
                del self._partitions[key[0]]

    def read_again(self) -> None:
        """Drop what a bug left half changed; what is staged comes to disk before all is read."""
        self._begin(self._load_after_commits())

    def _forget(self) -> None:
        # Begun at once: whoever looks things up without waiting must not wait for a request.
        self._begin(self._load())

    def _begin(self, load: Coroutine[Any, Any, None]) -> None:
        self._loaded = False
        if self._loading is not None:
            self._loading.cancel()
        self._loading = asyncio.ensure_future(load)
        self._loading.add_done_callback(_looked_at)

    async def _load_after_commits(self) -> None:
        await self._ledger.committed()
        await self._load()

    async def _load(self) -> None:
        partitions: dict[Any, dict[Key, R]] = {}
        after: Key | None = None
        while True:
            rows = await self._store.scan(self.table, after=after, limit=_PAGE)
            for row in rows:
                key = self.table.key_of(row)
                partitions.setdefault(key[0], {})[key] = row
            if len(rows) < _PAGE:
                break
            after = self.table.key_of(rows[-1])
        self._partitions = partitions
        self._loaded = True


async def all_ready(*shelves: Shelf[Any]) -> None:
    """Return once memory agrees with the store, for all of them at the same moment.

    A commit may fail while one is waited for, and the others have to be read again.
    """
    while not all(shelf.is_ready for shelf in shelves):
        for shelf in shelves:
            await shelf.ready()


def _looked_at(loading: asyncio.Task[None]) -> None:
    """Trouble is told to whoever waits; if nobody does, the next one to ask tries again."""
    if not loading.cancelled():
        loading.exception()
