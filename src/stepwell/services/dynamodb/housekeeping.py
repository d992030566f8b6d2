"""What DynamoDB does in the background, when its worker (`chores.py`) finds that it is time.

It clears what deleted tables left, fills new indexes, deletes expired items, and forgets stream
records of yesterday and old tokens of transactions. Every step may be repeated after a crash.
"""

from __future__ import annotations

from typing import Any

from stepwell.runtime.tables import Table
from stepwell.services.dynamodb import indexing
from stepwell.services.dynamodb.chores import NEVER
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.records import (
    ABANDONED,
    BY_EXPIRY,
    ENTRY,
    ITEM,
    STREAM_RECORD,
    TRANSACTION,
)
from stepwell.services.dynamodb.streams import RETENTION_MS

PAGE = 500
_KINDS: dict[str, Table[Any]] = {"items": ITEM, "entries": ENTRY, "records": STREAM_RECORD}


async def do_what_is_due(dynamodb: DynamoDb) -> int:
    """The time (epoch milliseconds) of what is due next."""
    await dynamodb.ready()
    await dynamodb.ledger.committed()
    await _clear(dynamodb)
    await indexing.fill(dynamodb)
    times = [await indexing.expire(dynamodb)]
    times += [await _trim(dynamodb, row.id) for row in dynamodb.streams.shelf.everything()]
    times.append(await _forget_transactions(dynamodb))
    return min(times)


async def _clear(dynamodb: DynamoDb) -> None:
    store, ledger = dynamodb.store, dynamodb.ledger
    for abandoned in await store.scan(ABANDONED, (0,), limit=PAGE):
        table = _KINDS[abandoned.kind]
        while rows := await store.scan(table, (abandoned.id,), limit=PAGE):
            with ledger.stage() as turn:
                for row in rows:
                    turn.delete(table, table.key_of(row))
            await ledger.committed()
        with ledger.stage() as turn:
            turn.delete(ABANDONED, ABANDONED.key_of(abandoned))
        await ledger.committed()


async def _trim(dynamodb: DynamoDb, stream: int) -> int:
    """Forget records older than a day; when the next one is."""
    store, ledger = dynamodb.store, dynamodb.ledger
    oldest = dynamodb.parts.clock.now() - RETENTION_MS
    while rows := await store.scan(STREAM_RECORD, (stream,), limit=PAGE):
        old = [row for row in rows if row.at <= oldest]
        if not old:
            return rows[0].at + RETENTION_MS
        with ledger.stage() as turn:
            for row in old:
                turn.delete(STREAM_RECORD, (row.stream, row.sequence))
        await ledger.committed()
    return await _forget_stream(dynamodb, stream)


async def _forget_stream(dynamodb: DynamoDb, stream: int) -> int:
    shelf = dynamodb.streams.shelf
    row = next((each for each in shelf.everything() if each.id == stream), None)
    if row is None or not row.ended_at:
        return NEVER
    if row.ended_at + RETENTION_MS > dynamodb.parts.clock.now():
        return row.ended_at + RETENTION_MS
    with dynamodb.parts.ledger.stage() as turn:
        shelf.delete(turn, row.scope, row.id)
    await dynamodb.parts.ledger.committed()
    return NEVER


async def _forget_transactions(dynamodb: DynamoDb) -> int:
    store, ledger = dynamodb.store, dynamodb.ledger
    now = dynamodb.parts.clock.now()
    while rows := await store.scan(TRANSACTION, index=BY_EXPIRY.name, limit=PAGE):
        old = [row for row in rows if row.expires_at <= now]
        if not old:
            return rows[0].expires_at
        with ledger.stage() as turn:
            for row in old:
                dynamodb.transactions.delete(turn, (row.scope, row.token))
        await ledger.committed()
    return NEVER
