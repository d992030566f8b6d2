"""Streams: the changes of a table's items, in order, for a day.

A record is a row of the turn that changes the item. Whoever wants to know of new ones registers
with `on_record` and is called after the commit; reading is by `records`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, cast

from stepwell.runtime.turn import Turn
from stepwell.services.dynamodb.attribute_values import Item, item_size
from stepwell.services.dynamodb.records import (
    STREAM,
    STREAM_RECORD,
    StreamRecordRow,
    StreamRow,
)
from stepwell.services.dynamodb.schema import TableSchema, stream_arn
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf
from stepwell.values import decode, encode

RETENTION_MS = 24 * 3_600_000
SEQUENCE_BASE = 10**20
"""Added to ids, so that sequence numbers have the 21 digits that AWS's have at least."""
EXPIRED_BY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}

Listener = Callable[[], None]


class Streams:
    """All streams of a server."""

    def __init__(self, parts: ServiceParts) -> None:
        self._parts = parts
        self.shelf = Shelf(STREAM, parts.store, parts.ledger)
        self._listeners: dict[int, list[Listener]] = defaultdict(list)

    def on_record(self, arn: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` whenever the stream has new records on disk. The answer ends that."""
        row = self.find(arn)
        number = 0 if row is None else row.id
        self._listeners[number].append(listener)

        def leave() -> None:
            if listener in self._listeners[number]:
                self._listeners[number].remove(listener)

        return leave

    async def records(
        self, arn: str, *, after: int = 0, limit: int = 1_000
    ) -> list[tuple[int, dict[str, Any]]]:
        """Records of a stream behind a sequence number, as (sequence number, record).

        Records are as a function gets them: binary values in base 64.
        """
        row = self.find(arn)
        if row is None:
            return []
        rows = await self.read(row, after, limit)
        return [(each.sequence, cast("dict[str, Any]", decode(each.record))) for each in rows]

    async def read(self, row: StreamRow, after: int, limit: int) -> list[StreamRecordRow]:
        """Rows behind a sequence number that are not older than a day."""
        oldest = self._parts.clock.now() - RETENTION_MS
        while True:
            rows = await self._parts.store.scan(
                STREAM_RECORD, (row.id,), after=(after,), limit=limit
            )
            fresh = [each for each in rows if each.at > oldest]
            if fresh or len(rows) < limit:
                return fresh
            after = rows[-1].sequence

    def find(self, arn: str) -> StreamRow | None:
        """The stream of an ARN, if it is kept still."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return None
        scope = f"{parts[4]}:{parts[3]}"
        for row in self.shelf.of(scope):
            if stream_arn(scope, row.table_name, row.label) == arn and not self._is_over(row):
                return row
        return None

    def in_scope(self, scope: str) -> list[StreamRow]:
        """The streams of an account and region, oldest first."""
        return [row for row in self.shelf.of(scope) if not self._is_over(row)]

    def begin(self, turn: Turn, row: StreamRow) -> None:
        """A table gets a stream."""
        self.shelf.put(turn, row)

    def end(self, turn: Turn, scope: str, number: int) -> None:
        """The stream of a table takes no more."""
        row = self.shelf.get(scope, number)
        if row is not None:
            last = self._parts.ids.next_id()
            now = self._parts.clock.now()
            self.shelf.put(turn, row._replace(ended_at=now, last=last))
            turn.after_commit(lambda: self._tell(number))

    def stage(
        self,
        turn: Turn,
        table: TableSchema,
        key: Item,
        before: Item | None,
        after: Item | None,
        *,
        by: Mapping[str, str] | None = None,
    ) -> None:
        """Record a change in the stream of a table, if it has one."""
        if table.stream is None:
            return
        number = self._parts.ids.next_id()
        now = self._parts.clock.now()
        view = table.stream.view
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": now // 1000,
            "Keys": key,
            "SequenceNumber": str(SEQUENCE_BASE + number),
            "SizeBytes": item_size(key),
            "StreamViewType": view,
        }
        images = {"NewImage": (after, "NEW"), "OldImage": (before, "OLD")}
        for name, (image, word) in images.items():
            if image is not None and word in view:
                change[name] = image
                change["SizeBytes"] += item_size(image)
        record: dict[str, Any] = {
            "eventID": self._parts.ids.uuid().replace("-", ""),
            "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": table.row.scope.split(":")[1],
            "dynamodb": change,
        }
        if by is not None:
            record["userIdentity"] = by
        stream = table.stream.id
        turn.put(STREAM_RECORD, StreamRecordRow(stream, number, now, encode(record)))
        turn.after_commit(lambda: self._tell(stream))

    def _is_over(self, row: StreamRow) -> bool:
        return bool(row.ended_at) and row.ended_at + RETENTION_MS <= self._parts.clock.now()

    def _tell(self, number: int) -> None:
        for listener in tuple(self._listeners.get(number, ())):
            listener()
