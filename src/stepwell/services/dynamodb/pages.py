"""One page of a table or an index: at most so many items, and at most 1 MB of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stepwell.runtime.ports import Store
from stepwell.services.dynamodb.attribute_values import Item, checked_item
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.keys import place
from stepwell.services.dynamodb.records import ENTRY, ITEM, EntryRow, ItemRow
from stepwell.services.dynamodb.schema import Index, TableSchema

PAGE_BYTES_MAX = 1024 * 1024
_FIRST, _MOST = 64, 1_000

Row = ItemRow | EntryRow
Start = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read: the bounds are the store's, behind the table's or index's id and `prefix`."""

    table: TableSchema
    index: Index | None
    prefix: tuple[bytes, ...]
    after: tuple[bytes, ...] | None
    until: tuple[bytes, ...] | None
    reverse: bool
    limit: int | None

    def from_there(self, after: tuple[bytes, ...] | None) -> Reading:
        """The same from another place on."""
        return replace(self, after=after)

    def at_most(self, limit: int) -> Reading:
        """The same with another limit."""
        return replace(self, limit=limit)

    def place_of(self, row: Row) -> tuple[bytes, bytes]:
        """Where the item of a row lies in its table."""
        if isinstance(row, EntryRow):
            return row.item_hash, row.item_range
        return row.hash, row.range


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order. `last` is the LastEvaluatedKey when there may be more."""

    rows: list[Row]
    size: int
    last: Item | None


async def read_page(store: Store, reading: Reading) -> Page:
    """The page that begins there."""
    rows: list[Row] = []
    size = 0
    after = reading.after
    wanted = _FIRST
    while True:
        left = wanted if reading.limit is None else min(wanted, reading.limit - len(rows))
        batch = await _scan(store, reading, after, left)
        for row in batch:
            rows.append(row)
            size += row.size
            if size >= PAGE_BYTES_MAX:
                return Page(rows, size, _last(reading, row))
        if reading.limit is not None and len(rows) >= reading.limit:
            return Page(rows, size, _last(reading, rows[-1]))
        if len(batch) < left:
            return Page(rows, size, None)
        after = _position(reading, batch[-1])
        wanted = min(_MOST, max(1, PAGE_BYTES_MAX * len(rows) // max(size, 1)))


async def _scan(
    store: Store, reading: Reading, after: tuple[bytes, ...] | None, limit: int
) -> list[Any]:
    if reading.index is None:
        prefix = (reading.table.id, *reading.prefix)
        return await store.scan(
            ITEM, prefix, after=after, until=reading.until, limit=limit, reverse=reading.reverse
        )
    prefix = (reading.index.id, *reading.prefix)
    return await store.scan(
        ENTRY, prefix, after=after, until=reading.until, limit=limit, reverse=reading.reverse
    )


def _position(reading: Reading, row: Row) -> tuple[bytes, ...]:
    """Where a row stands in the order, behind the prefix."""
    order = row[1:5] if isinstance(row, EntryRow) else row[1:3]
    return tuple(order[len(reading.prefix) :])


def _last(reading: Reading, row: Row) -> Item:
    item = loaded(row.item)
    names = dict.fromkeys(reading.table.keys.names)
    if reading.index is not None:
        names |= dict.fromkeys(reading.index.keys.names)
    return {name: item[name] for name in names}


def start_of(
    table: TableSchema, index: Index | None, given: Mapping[str, Any] | None
) -> Start | None:
    """Where an ExclusiveStartKey stands in the order of the table or index."""
    if given is None:
        return None
    key = checked_item(given)
    attributes = {each.name: each.kind for each in table.keys.attributes}
    if index is not None:
        attributes |= {each.name: each.kind for each in index.keys.attributes}
    if len(key) != len(attributes):
        raise _wrong_start(
            "The provided starting key is invalid: The provided key element does not match the"
            " schema"
            if index is None
            else "The provided starting key is invalid"
        )
    for name, kind in attributes.items():
        if name not in key or kind not in key[name]:
            raise _wrong_start(
                "The provided starting key is invalid: The provided key element does not match the"
                " schema"
            )
    where = place(table.keys, key)
    return where if index is None else (*place(index.keys, key), *where)


def _wrong_start(message: str) -> Exception:
    return invalid(message)


def segment_bounds(segment: int, total: int) -> tuple[bytes | None, bytes | None]:
    """The checksums a segment of a parallel scan lies between (see `keys`)."""

    def edge(number: int) -> bytes | None:
        if number in (0, total):
            return None
        return (number * 2**32 // total).to_bytes(4, "big")

    return edge(segment), edge(segment + 1)
