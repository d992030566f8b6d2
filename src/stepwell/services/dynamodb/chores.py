"""What DynamoDB does in the background, by one worker that is told when there is work.

It clears what deleted tables left, fills new indexes, deletes expired items, and forgets stream
records of yesterday and old tokens of transactions. Every step may be repeated after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stepwell.errors import StorageTrouble
from stepwell.runtime.tables import Table
from stepwell.runtime.turn import Turn
from stepwell.services.dynamodb import indexing
from stepwell.services.dynamodb.records import (
    ABANDONED,
    BY_EXPIRY,
    ENTRY,
    ITEM,
    STREAM_RECORD,
    TRANSACTION,
    AbandonedRow,
)
from stepwell.services.dynamodb.streams import RETENTION_MS

if TYPE_CHECKING:
    from stepwell.services.dynamodb.dynamodb import DynamoDb

_log = logging.getLogger("stepwell.dynamodb")
PAGE = 500
_TROUBLE_MS = 1_000
_BROKEN_MS = 60_000
_NEVER = 1 << 62
_KINDS: dict[str, Table[Any]] = {"items": ITEM, "entries": ENTRY, "records": STREAM_RECORD}


class Chores:
    """The worker."""

    def __init__(self, dynamodb: DynamoDb) -> None:
        self._dynamodb = dynamodb
        self._parts = dynamodb.parts
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._closing = False
        self._armed_at = _NEVER
        self._call_off: Callable[[], None] = lambda: None
        dynamodb.parts.ledger.on_rollback(self.kick)

    def kick(self) -> None:
        """There may be work."""
        self._again = True
        if self._task is None and not self._closing:
            self._task = asyncio.ensure_future(self._run())

    def due(self, turn: Turn, at: int) -> None:
        """Once the turn is on disk there will be work at that time."""
        if at < self._armed_at:
            turn.after_commit(lambda: self._arm(at))

    def item_expires(self, turn: Turn, seconds: str | None) -> None:
        """An item that is written expires then."""
        if seconds is not None:
            self.due(turn, indexing.milliseconds(seconds))

    def abandon(self, turn: Turn, number: int, kind: str) -> None:
        """Nobody reads these rows any more. Call `kick` after the commit."""
        turn.put(ABANDONED, AbandonedRow(0, number, kind))
        turn.after_commit(self.kick)

    async def settle(self) -> None:
        """Return once there is no work left for now."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Stop. What is left is done after the next start."""
        self._closing = True
        self._call_off()
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _arm(self, at: int) -> None:
        if at < self._armed_at and not self._closing:
            self._call_off()
            self._armed_at = at
            self._call_off = self._parts.alarm.call_at(at, self._ring)

    def _ring(self) -> None:
        self._armed_at = _NEVER
        self.kick()

    async def _run(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._dynamodb.ready()
                await self._parts.ledger.committed()
                self._arm(await self._work())
        except StorageTrouble:
            self._arm(self._parts.clock.now() + _TROUBLE_MS)
        except Exception:
            _log.exception("what DynamoDB does in the background broke")
            self._arm(self._parts.clock.now() + _BROKEN_MS)
        finally:
            self._task = None

    async def _work(self) -> int:
        """Do what is due; the time of the next."""
        await self._clear()
        await indexing.fill(self._dynamodb)
        times = [await indexing.expire(self._dynamodb)]
        times += [await self._trim(row.id) for row in self._dynamodb.streams.shelf.everything()]
        times.append(await self._forget_transactions())
        return min(times)

    async def _clear(self) -> None:
        store, ledger = self._parts.store, self._parts.ledger
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

    async def _trim(self, stream: int) -> int:
        """Forget records older than a day; when the next one is."""
        store, ledger = self._parts.store, self._parts.ledger
        oldest = self._parts.clock.now() - RETENTION_MS
        while rows := await store.scan(STREAM_RECORD, (stream,), limit=PAGE):
            old = [row for row in rows if row.at <= oldest]
            if not old:
                return rows[0].at + RETENTION_MS
            with ledger.stage() as turn:
                for row in old:
                    turn.delete(STREAM_RECORD, (row.stream, row.sequence))
            await ledger.committed()
        return await self._forget_stream(stream)

    async def _forget_stream(self, stream: int) -> int:
        shelf = self._dynamodb.streams.shelf
        row = next((each for each in shelf.everything() if each.id == stream), None)
        if row is None or not row.ended_at:
            return _NEVER
        if row.ended_at + RETENTION_MS > self._parts.clock.now():
            return row.ended_at + RETENTION_MS
        with self._parts.ledger.stage() as turn:
            shelf.delete(turn, row.scope, row.id)
        await self._parts.ledger.committed()
        return _NEVER

    async def _forget_transactions(self) -> int:
        store, ledger = self._parts.store, self._parts.ledger
        now = self._parts.clock.now()
        while rows := await store.scan(TRANSACTION, index=BY_EXPIRY.name, limit=PAGE):
            old = [row for row in rows if row.expires_at <= now]
            if not old:
                return rows[0].expires_at
            with ledger.stage() as turn:
                for row in old:
                    self._dynamodb.transactions.delete(turn, (row.scope, row.token))
            await ledger.committed()
        return _NEVER
