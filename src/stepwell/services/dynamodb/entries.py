"""Entries of secondary indexes, kept in the turn that changes the item."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.attribute_values import Item, item_size
from stepwell.services.dynamodb.items import stored
from stepwell.services.dynamodb.keys import place
from stepwell.services.dynamodb.records import ENTRY, EntryRow
from stepwell.services.dynamodb.schema import Expiry, Index, TableSchema

Place = tuple[bytes, bytes]


def stage_entries(
    turn: Turn, table: TableSchema, where: Place, before: Item | None, after: Item | None
) -> None:
    """Replace what the indexes of a table have of one item."""
    for index in table.indexes:
        _replace(turn, entry(index, where, before), entry(index, where, after))
    if table.expiry is not None:
        old, new = (expiry_entry(table.expiry, where, item) for item in (before, after))
        _replace(turn, old, new)


def _replace(turn: Turn, old: EntryRow | None, new: EntryRow | None) -> None:
    if old == new:
        return
    if old is not None:
        turn.delete(ENTRY, ENTRY.key_of(old))
    if new is not None:
        turn.put(ENTRY, new)


def entry(index: Index, where: Place, item: Item | None) -> EntryRow | None:
    """What an index keeps of an item; None when the item lacks the index's key."""
    if item is None or any(name not in item for name in index.keys.names):
        return None
    shown = index.shown(item)
    return EntryRow(index.id, *place(index.keys, item), *where, item_size(shown), stored(shown))


def expires_at(expiry: Expiry, item: Item) -> str | None:
    """The number of seconds at which an item expires; None when it does not."""
    value = item.get(expiry.attribute)
    return None if value is None else value.get("N")


def expiry_entry(expiry: Expiry, where: Place, item: Item | None) -> EntryRow | None:
    """The entry in the order of expiry."""
    seconds = None if item is None else expires_at(expiry, item)
    if seconds is None:
        return None
    return EntryRow(expiry.id, b"", numbers.sortable(seconds) + b"\0", *where, 0, b"")
