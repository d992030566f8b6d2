"""What the contract suite is made of: tables with every trait, rows at random, a naive model.

The model says by sorting and filtering what a scan must answer; it knows nothing of how stores do
it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from stepwell.runtime.ports import Store
from stepwell.runtime.records import LEASE
from stepwell.runtime.tables import Column, Index, Key, Table

Row = tuple[Any, ...]

INTEGERS = (-(2**63), -1, 0, 1, 2, 3, 10, 2**63 - 1)
TEXTS = (
    "", "a", "A", "b", "Z", "z", "a b", "a-b", "a_b", "-", "é", "e\u0301", "ß", "ı", "\uffff",
    "\U0001f600", "a\x00b", "a\x01b", "a\x00", "\x01", "'\"\\;--",
)  # fmt: skip
BLOBS = (b"", b"\x00", b"\x00\x01", b"a", b"A", b"\xff", b"\xff\x00")


class PlainRow(NamedTuple):
    """A counter-like row: one integer key, a unique text that may be missing, a fixed column."""

    id: int
    name: str | None
    born: int
    note: str | None


PLAIN = Table(
    "plain",
    PlainRow,
    ("id",),
    indexes=(Index("plain_name", ("name",), unique=True), Index("plain_note", ("note", "born"))),
    fixed=frozenset(("born",)),
)


class MixedRow(NamedTuple):
    """A key of every type, and indexes over columns that may be missing."""

    scope: str
    mark: bytes
    number: int
    due: int | None
    word: str | None
    data: bytes | None


MIXED = Table(
    "mixed",
    MixedRow,
    ("scope", "mark", "number"),
    indexes=(
        Index("mixed_due", ("due",)),
        Index("mixed_scope_word", ("scope", "word", "due")),
        Index("mixed_data", ("data", "scope")),
    ),
)


class BareRow(NamedTuple):
    """Nothing but a key, with names that are words of SQL."""

    group: str
    order: int


BARE = Table("select", BareRow, ("group", "order"))


class LogRow(NamedTuple):
    """A row that is put once."""

    owner: int
    number: int
    body: bytes
    text: str | None = None


LOG = Table("log", LogRow, ("owner", "number"), append_only=True)

TABLES: tuple[Table[Any], ...] = (PLAIN, MIXED, BARE, LOG, LEASE)


class Opener:
    """Opens stores on one place and closes what a test leaves open."""

    def __init__(self, make: Callable[[Sequence[Table[Any]]], Store]) -> None:
        self.make = make
        self._open: list[Store] = []

    async def open(self, tables: Sequence[Table[Any]] = TABLES) -> Store:
        """A new store on the place, opened."""
        store = self.make(tables)
        await store.open()
        self._open.append(store)
        return store

    async def close(self) -> None:
        """Close every store that was opened."""
        while self._open:
            await self._open.pop().close()


def random_value(column: Column, chance: random.Random) -> Any:
    """A value of the column's type, often an awkward one."""
    if column.nullable and chance.random() < 0.3:
        return None
    if column.kind is int:
        return chance.choice(INTEGERS) if chance.random() < 0.5 else chance.randint(0, 40)
    pool: Sequence[Any] = TEXTS if column.kind is str else BLOBS
    value = chance.choice(pool)
    return value if chance.random() < 0.7 else value + chance.choice(pool)


def random_row(table: Table[Any], chance: random.Random) -> Row:
    """A row of awkward values."""
    row: Row = table.row(*(random_value(column, chance) for column in table.columns))
    return row


class Model:
    """What a table must hold."""

    def __init__(self, table: Table[Any]) -> None:
        self.table = table
        self.names = [column.name for column in table.columns]
        self.rows: dict[Key, Row] = {}

    def accepts(self, row: Row) -> bool:
        """Whether the row may be put: append-only and unique rules allow it."""
        key = self.table.key_of(row)
        if self.table.append_only and key in self.rows:
            return False
        for index in self.table.indexes:
            values = self._values(row, index.columns)
            if index.unique and None not in values:
                others = (r for k, r in self.rows.items() if k != key)
                if any(self._values(other, index.columns) == values for other in others):
                    return False
        return True

    def put(self, row: Row) -> None:
        """Put a row: fixed columns keep their first value."""
        key = self.table.key_of(row)
        before = self.rows.get(key)
        if before is not None:
            values = zip(self.names, row, before, strict=True)
            row = self.table.row(*(b if n in self.table.fixed else r for n, r, b in values))
        self.rows[key] = row

    def order(self, index: str | None) -> tuple[str, ...]:
        """The columns a scan is ordered by."""
        first = self.table.index(index).columns if index else ()
        return first + tuple(k for k in self.table.key if k not in first)

    def scan(
        self,
        prefix: Key,
        *,
        index: str | None,
        after: Key | None,
        until: Key | None,
        limit: int,
        reverse: bool,
    ) -> list[Row]:
        """What a scan must answer."""
        names = self.order(index)
        found = []
        for row in sorted(self.rows.values(), key=lambda r: _ranks(self._values(r, names))):
            values = self._values(row, names)
            rest = _ranks(values[len(prefix) :])
            low, high = (until, after) if reverse else (after, until)
            if values[: len(prefix)] != prefix:
                continue
            if low is not None and not _over(rest[: len(low)], _ranks(low), reverse):
                continue
            if high is not None and not _over(_ranks(high), rest[: len(high)], not reverse):
                continue
            found.append(row)
        return (found[::-1] if reverse else found)[:limit]

    def _values(self, row: Row, names: Sequence[str]) -> Row:
        return tuple(row[self.names.index(name)] for name in names)


def _ranks(values: Row) -> tuple[tuple[int, Any], ...]:
    """Comparable values: None first, text by its UTF-8 bytes."""
    return tuple(
        (0, 0) if v is None else (1, v.encode() if isinstance(v, str) else v) for v in values
    )


def _over(greater: Any, smaller: Any, or_equal: bool) -> bool:
    return bool(greater >= smaller if or_equal else greater > smaller)
