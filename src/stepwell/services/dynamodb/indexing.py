"""Filling new indexes with the items that were there before, and deleting expired items."""

from __future__ import annotations

from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.chores import NEVER, milliseconds
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.entries import entry, expires_at, expiry_entry
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.records import ENTRY, ITEM, EntryRow, ItemRow
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.services.dynamodb.streams import EXPIRED_BY
from stepwell.services.dynamodb.writes import Outcome, Write
from stepwell.values import encode_text

PAGE = 100
_TOO_OLD_SECONDS = 5 * 365 * 86_400
"""Items that seem to have expired longer ago than this stay, as on AWS."""


async def fill(dynamodb: DynamoDb) -> None:
    """Fill every index that is not ready."""
    for row in dynamodb.tables.everything():
        table = dynamodb.schema(row)
        if not (all(index.is_ready for index in table.indexes) and _expiry_ready(table)):
            await _fill(dynamodb, table)


def _expiry_ready(table: TableSchema) -> bool:
    return table.expiry is None or table.expiry.is_ready


async def _fill(dynamodb: DynamoDb, table: TableSchema) -> None:
    after: tuple[bytes, bytes] | None = None
    while True:
        rows = await dynamodb.store.scan(ITEM, (table.id,), after=after, limit=PAGE)
        current = await dynamodb.items.fetch([ITEM.key_of(row) for row in rows])
        if not dynamodb.is_ready or not dynamodb.is_current(table):
            dynamodb.chores.kick()
            return
        with dynamodb.ledger.stage() as turn:
            for item in current.values():
                if item is not None:
                    for made in _entries(table, item):
                        turn.put(ENTRY, made)
        await dynamodb.ledger.committed()
        if len(rows) < PAGE:
            break
        after = (rows[-1].hash, rows[-1].range)
    _filled(dynamodb, table)
    await dynamodb.ledger.committed()


def _entries(table: TableSchema, row: ItemRow) -> list[EntryRow]:
    item, where = loaded(row.item), (row.hash, row.range)
    made = [entry(index, where, item) for index in table.indexes if not index.is_ready]
    if table.expiry is not None and not table.expiry.is_ready:
        made.append(expiry_entry(table.expiry, where, item))
    return [each for each in made if each is not None]


def _filled(dynamodb: DynamoDb, table: TableSchema) -> None:
    if not dynamodb.is_ready or not dynamodb.is_current(table):
        dynamodb.chores.kick()
        return
    settings = dict(table.settings)
    settings["global"] = [each | {"ready": True} for each in settings.get("global", ())]
    if settings.get("ttl"):
        settings["ttl"] = settings["ttl"] | {"ready": True}
    with dynamodb.ledger.stage() as turn:
        dynamodb.tables.put(turn, table.row._replace(settings=encode_text(settings)))


async def expire(dynamodb: DynamoDb) -> int:
    """Delete what has expired; when the next item does."""
    times = [NEVER]
    for row in dynamodb.tables.everything():
        table = dynamodb.schema(row)
        if table.expiry is not None and table.expiry.is_ready:
            times.append(await _expire(dynamodb, table))
    return min(times)


async def _expire(dynamodb: DynamoDb, table: TableSchema) -> int:
    assert table.expiry is not None
    while True:
        now = dynamodb.parts.clock.now() // 1000
        after = (numbers.sortable(str(now - _TOO_OLD_SECONDS)),)
        entries = await dynamodb.store.scan(ENTRY, (table.expiry.id, b""), after=after, limit=PAGE)
        places = [(each.item_hash, each.item_range) for each in entries]
        rows = await dynamodb.items.fetch([(table.id, *where) for where in places])
        if not dynamodb.is_ready or not dynamodb.is_current(table):
            dynamodb.chores.kick()
            return NEVER
        nearest, deleted = NEVER, 0
        with dynamodb.ledger.stage() as turn:
            for where in places:
                held = rows[table.id, *where]
                item = None if held is None else loaded(held.item)
                seconds = None if item is None else expires_at(table.expiry, item)
                if item is None or seconds is None:
                    continue
                if milliseconds(seconds) > now * 1000:
                    nearest = min(nearest, milliseconds(seconds))
                    continue
                gone = Write(table, table.keys.of(item), where, None, lambda before: None)
                dynamodb.stage(turn, gone, Outcome(item, None), by=EXPIRED_BY)
                deleted += 1
        await dynamodb.ledger.committed()
        if not deleted:
            if entries and nearest == NEVER:
                # What was just read is being changed: look again once that is on disk.
                dynamodb.chores.kick()
            return nearest
