"""A store in memory, as strict as the real ones; for tests and simulation.

Rules: a commit is applied in a later step of the event loop, wholly or not at all, in the order in
which commits were made; reads see applied commits only. What was applied lives on the
MemoryDisk, which another store can open after this one is abandoned: that is a crash.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Index, Key, Table
from stepwell.stores.order import Bounds, bounds_of, check_lengths, order_columns
from stepwell.stores.rows import check_row

R = TypeVar("R", bound=tuple[Any, ...])
Row = tuple[Any, ...]


def _sortable(key: Key) -> Key:
    """The key with None made comparable: before every value."""
    return tuple((0, 0) if part is None else (1, part) for part in key)


class _Order:
    """The rows' keys in one order: pairs of what is sorted by and the key."""

    __slots__ = ("entries", "positions", "unique_length")

    def __init__(self, table: Table[Any], index: Index | None) -> None:
        names = [column.name for column in table.columns]
        columns = order_columns(table, index.name if index else None)
        self.positions = tuple(names.index(column.name) for column in columns)
        self.unique_length = len(index.columns) if index and index.unique else 0
        self.entries: list[tuple[Key, Key]] = []

    def entry(self, row: Row, key: Key) -> tuple[Key, Key]:
        return _sortable(tuple(row[i] for i in self.positions)), key

    def add(self, row: Row, key: Key) -> None:
        insort(self.entries, self.entry(row, key))

    def discard(self, row: Row, key: Key) -> None:
        at = bisect_left(self.entries, self.entry(row, key))
        del self.entries[at]

    def taken(self, row: Row, key: Key) -> bool:
        """Whether another row has the same unique values; NULL is equal to nothing."""
        values = tuple(row[i] for i in self.positions[: self.unique_length])
        if not values or None in values:
            return False
        low, high = self.span(values, Bounds(None, False, None, False))
        return any(entry[1] != key for entry in islice(self.entries, low, high))

    def span(self, prefix: Key, bounds: Bounds) -> tuple[int, int]:
        """The slice of entries with that prefix within those bounds."""
        low, high = self._side(prefix, False), self._side(prefix, True)
        if bounds.lower is not None:
            low = max(low, self._side(prefix + bounds.lower, not bounds.lower_inclusive))
        if bounds.upper is not None:
            high = min(high, self._side(prefix + bounds.upper, bounds.upper_inclusive))
        return low, max(low, high)

    def _side(self, cut: Key, behind: bool) -> int:
        """Where rows that start with `cut` begin, or end."""
        length = len(cut)
        find = bisect_right if behind else bisect_left
        return find(self.entries, _sortable(cut), key=lambda entry: entry[0][:length])


class _Rows:
    """One table's rows and their orders."""

    def __init__(self, table: Table[Any]) -> None:
        self.table = table
        self.rows: dict[Key, Row] = {}
        self.orders: dict[str | None, _Order] = {None: _Order(table, None)}
        for index in table.indexes:
            self.orders[index.name] = _Order(table, index)
        self.fixed = tuple(
            i for i, column in enumerate(table.columns) if column.name in table.fixed
        )

    def replace(self, key: Key, row: Row | None) -> Row | None:
        """Put or take out a row; the one that was there before."""
        before = self.rows.pop(key, None)
        for order in self.orders.values():
            if before is not None:
                order.discard(before, key)
            if row is not None:
                order.add(row, key)
        if row is not None:
            self.rows[key] = row
        return before

    def merged(self, key: Key, row: Row) -> Row:
        """The row to store: fixed columns stay as they were put first."""
        before = self.rows.get(key)
        if before is None:
            return row
        if self.table.append_only:
            raise StorageTrouble(f"table {self.table.name}: {key} was put twice")
        values = list(row)
        for i in self.fixed:
            values[i] = before[i]
        return tuple(values)

    def check_unique(self, key: Key, row: Row) -> None:
        for name, order in self.orders.items():
            if order.unique_length and order.taken(row, key):
                raise StorageTrouble(f"table {self.table.name}: unique index {name} is violated")


class MemoryDisk:
    """What survives a store: committed rows by table name."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row]] = {}
        self.holder: object | None = None

    def copy(self) -> MemoryDisk:
        """The same rows on another disk that nobody holds."""
        disk = MemoryDisk()
        disk.tables = {name: dict(rows) for name, rows in self.tables.items()}
        return disk


class MemoryStore:
    """Tables in memory. Give a used `disk` (better: its copy) to go on from there."""

    def __init__(self, tables: Iterable[Table[Any]], disk: MemoryDisk | None = None) -> None:
        self.disk = MemoryDisk() if disk is None else disk
        self._tables = {table.name: _Rows(table) for table in tables}
        self._trouble: StorageTrouble | None = None
        self._generation = 0
        self._opened = False

    async def open(self) -> None:
        """Take the disk. Raises StoreInUse if another open store has it."""
        if self.disk.holder not in (None, self):
            raise StoreInUse("the memory disk is held by another store that was not closed")
        self.disk.holder = self
        for name, rows in self._tables.items():
            kept = self.disk.tables.setdefault(name, {})
            for key, row in kept.items():
                rows.replace(key, row)
            rows.rows = kept
        self._opened = True

    def commit(self, changes: Changes) -> asyncio.Future[None]:
        """Apply the changes in a later step of the loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        loop.call_soon(self._apply, changes, future, self._generation)
        return future

    def reset(self) -> None:
        """Accept commits again after one failed."""
        if self._trouble is not None:
            self._trouble = None
            self._generation += 1

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""
        row = self._rows(table).rows.get(key)
        return None if row is None else table.row(*row)

    async def scan(
        self,
        table: Table[R],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[R]:
        """Rows in order; see the port."""
        rows = self._rows(table)
        bounds = bounds_of(after, until, reverse)
        check_lengths(table, order_columns(table, index), prefix, bounds)
        order = rows.orders[index]
        low, high = order.span(prefix, bounds)
        limit = max(limit, 0)
        if reverse:
            entries = order.entries[max(low, high - limit) : high][::-1]
        else:
            entries = order.entries[low : min(high, low + limit)]
        return [table.row(*rows.rows[key]) for _, key in entries]

    async def pick(
        self,
        table: Table[Any],
        columns: tuple[str, ...],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[Row]:
        """Some columns of rows in order; see the port."""
        found = await self.scan(
            table, prefix, index=index, after=after, until=until, limit=limit, reverse=reverse
        )
        names = [column.name for column in table.columns]
        places = [names.index(column) for column in columns]
        return [tuple(row[place] for place in places) for row in found]

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""
        low, high = self._rows(table).orders[index].span(prefix, Bounds(None, False, None, False))
        return high - low

    async def close(self) -> None:
        """Let go of the disk once every commit made so far is applied."""
        if self._opened:
            await asyncio.sleep(0)
            self._opened = False
            self.disk.holder = None

    def _rows(self, table: Table[Any]) -> _Rows:
        if not self._opened:
            raise StorageTrouble("the memory store is not open")
        rows = self._tables.get(table.name)
        if rows is None:
            raise StorageTrouble(f"table {table.name} was not given to the store")
        return rows

    def _apply(self, changes: Changes, future: asyncio.Future[None], generation: int) -> None:
        trouble: StorageTrouble | None = None
        if generation != self._generation or self._trouble is not None:
            trouble = StorageTrouble("an earlier commit failed")
        else:
            try:
                self._write(changes)
            except StorageTrouble as failure:
                trouble = self._trouble = failure
        if future.done():
            return
        if trouble is None:
            future.set_result(None)
        else:
            future.set_exception(trouble)

    def _write(self, changes: Changes) -> None:
        undo: list[tuple[_Rows, Key, Row | None]] = []
        try:
            for table, changed in changes.items():
                rows = self._rows(table)
                for key, row in changed.items():
                    if row is None:
                        undo.append((rows, key, rows.replace(key, None)))
                for key, row in changed.items():
                    if row is not None:
                        check_row(table, row)
                        merged = rows.merged(key, row)
                        rows.check_unique(key, merged)
                        undo.append((rows, key, rows.replace(key, merged)))
        except StorageTrouble:
            for rows, key, before in reversed(undo):
                rows.replace(key, before)
            raise
