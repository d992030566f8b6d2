"""DynamoDB: the tables, and how a write of an item becomes part of a turn.

Operations are functions beside this module that take a `DynamoDb`. A write fetches its rows, then
is applied to them and staged without waiting in between, so that conditional writes are atomic
whoever else writes; the answer waits for the commit. Reads ask the store: what was acknowledged is
there. `write_now` is for tasks: the same without waiting, as part of the engine's turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ports import Caller
from stepwell.runtime.turn import Turn
from stepwell.services.dynamodb import writes
from stepwell.services.dynamodb.attribute_values import item_size, same_item
from stepwell.services.dynamodb.chores import Chores
from stepwell.services.dynamodb.counting import Counts
from stepwell.services.dynamodb.entries import expires_at, stage_entries
from stepwell.services.dynamodb.errors import invalid, not_found
from stepwell.services.dynamodb.items import stored
from stepwell.services.dynamodb.records import ITEM, TABLE, TRANSACTION, ItemRow, TableRow
from stepwell.services.dynamodb.schema import TableSchema, read_table
from stepwell.services.dynamodb.streams import RETENTION_MS, Streams
from stepwell.services.dynamodb.writes import Outcome, Write
from stepwell.services.overlay import Overlay
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready

Prepare = Callable[[TableSchema, Mapping[str, Any]], Write]

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):(\d{12}):table/([^/]+)(?:/.*)?")
_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
NAME_LENGTH_MIN, NAME_LENGTH_MAX = 3, 255


class DynamoDb:
    """All tables of a server."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self.store = parts.store
        self.ledger = parts.ledger
        self.tables = Shelf(TABLE, parts.store, parts.ledger)
        self.streams = Streams(parts)
        self.items = Overlay(ITEM, parts.store, parts.ledger)
        self.transactions = Overlay(TRANSACTION, parts.store, parts.ledger)
        self.counts = Counts(parts.store, parts.clock)
        self.chores = Chores(parts)
        self._schemas: dict[int, TableSchema] = {}

    # -- as long as the server lives

    async def load(self) -> None:
        """Read the tables; go on with what was under way."""
        await self.ready()
        self.chores.kick()

    def stop_waiting(self) -> None:
        """Nothing here waits for long."""

    async def close(self) -> None:
        """End what is done in the background."""
        await self.chores.close()

    # -- tables

    @property
    def is_ready(self) -> bool:
        """Whether tables can be looked up now."""
        return self.tables.is_ready and self.streams.shelf.is_ready

    async def ready(self) -> None:
        """Return once tables can be looked up."""
        await all_ready(self.tables, self.streams.shelf)

    def find(self, caller: Caller, name_or_arn: str, *, tell: bool = False) -> TableSchema:
        """The table of a name or ARN.

        Raises ResourceNotFoundException; with `tell` its text names the table, as that of
        operations on tables does.
        """
        scope, name = self.scope_and_name(caller, name_or_arn)
        row = self.tables.get(scope, name)
        if row is None:
            raise not_found(f"Table: {name} not found" if tell else "")
        return self.schema(row)

    def scope_and_name(self, caller: Caller, name_or_arn: str) -> tuple[str, str]:
        """Where a table belongs and what it is called. Raises ValidationException."""
        arn = _ARN.fullmatch(name_or_arn)
        if arn is not None:
            return f"{arn[2]}:{arn[1]}", arn[3]
        check_name(name_or_arn, "tableName")
        return f"{caller.account}:{caller.region}", name_or_arn

    def schema(self, row: TableRow) -> TableSchema:
        """The table of a row; the same object as long as the row is the same."""
        known = self._schemas.get(row.id)
        if known is None or known.row is not row:
            known = self._schemas[row.id] = read_table(row)
        return known

    def is_current(self, table: TableSchema) -> bool:
        """Whether a table is still there as it was when it was looked up."""
        return self.tables.get(table.row.scope, table.name) is table.row

    def forget(self, table: TableSchema) -> None:
        """A table is gone."""
        self._schemas.pop(table.id, None)

    # -- writes of items

    async def write(
        self,
        caller: Caller,
        params: Mapping[str, Any],
        prepare: Prepare,
        tell: Callable[[tuple[Write, Outcome]], None] = lambda done: None,
    ) -> dict[str, Any]:
        """Carry out a write of one item.

        The answer is that of its operation; `tell` gets what it was made of.
        """
        while True:
            await self.ready()
            write = prepare(self.find(caller, params["TableName"]), params)
            rows = await self.items.fetch([write.row_key])
            if self.is_ready and self.is_current(write.table):
                break
        try:
            with self.ledger.stage() as turn:
                answer = self._write(turn, write, rows[write.row_key], params, tell)
        except ServiceError:
            # What the refusal is based on may be on its way to the disk still.
            await self.ledger.committed()
            raise
        await self.ledger.committed()
        return answer

    def write_now(
        self, turn: Turn, caller: Caller, params: Mapping[str, Any], prepare: Prepare
    ) -> dict[str, Any] | None:
        """The same as part of a turn; None when the item must be fetched first (`fetch`)."""
        if not self.is_ready:
            return None
        write = prepare(self.find(caller, params["TableName"]), params)
        rows = self.items.known([write.row_key])
        if rows is None:
            return None
        return self._write(turn, write, rows[write.row_key], params, lambda done: None)

    async def fetch(self, caller: Caller, params: Mapping[str, Any], prepare: Prepare) -> None:
        """Bring the item of a write into memory. Refusals are left to the write itself."""
        await self.ready()
        try:
            write = prepare(self.find(caller, params["TableName"]), params)
        except ServiceError:
            return
        await self.items.fetch([write.row_key])

    def _write(
        self,
        turn: Turn,
        write: Write,
        row: ItemRow | None,
        params: Mapping[str, Any],
        tell: Callable[[tuple[Write, Outcome]], None],
    ) -> dict[str, Any]:
        wanted = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        outcome = write.outcome(row, tell_old=wanted)
        self.stage(turn, write, outcome)
        tell((write, outcome))
        return writes.answer(write, outcome, params)

    def stage(
        self, turn: Turn, write: Write, outcome: Outcome, *, by: Mapping[str, str] | None = None
    ) -> None:
        """Make an outcome part of a turn: the item, its indexes, its stream."""
        before, after = outcome.before, outcome.after
        if write.is_check or same_item(before, after):
            return
        table = write.table
        if after is None:
            self.items.delete(turn, write.row_key)
        else:
            row = ItemRow(*write.row_key, item_size(after), stored(after))
            self.items.put(turn, row)
        stage_entries(turn, table, write.place, before, after)
        if table.expiry is not None and after is not None:
            self.chores.item_expires(turn, expires_at(table.expiry, after))
        if table.stream is not None:
            self.streams.stage(turn, table, write.key, before, after, by=by)
            self.chores.due(turn, self.parts.clock.now() + RETENTION_MS)


def check_name(name: str, member: str) -> None:
    """Refuse what cannot be the name of a table or an index."""
    problems = []
    if _NAME.fullmatch(name) is None:
        problems.append("satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
    if len(name) < NAME_LENGTH_MIN:
        problems.append(f"have length greater than or equal to {NAME_LENGTH_MIN}")
    if len(name) > NAME_LENGTH_MAX:
        problems.append(f"have length less than or equal to {NAME_LENGTH_MAX}")
    if problems:
        plural = "" if len(problems) == 1 else "s"
        told = "; ".join(
            f"Value '{name}' at '{member}' failed to satisfy constraint: Member must {problem}"
            for problem in problems
        )
        raise invalid(f"{len(problems)} validation error{plural} detected: {told}")
