"""The task that writes: one connection, one transaction per batch, in the order of the calls.

Rules: a transaction passes the fence first, so a node that lost its lease writes nothing. A
transaction the database gave up on (serialisation, deadlock) or whose connection broke before it
was committed is made again, a bounded number of times; the fence's count says which it was. After
a failure every batch made before the next `reset` fails too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import asyncpg

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Column, Table
from stepwell.stores.postgres.database import LOST_CONNECTION, connect_writer, translated
from stepwell.stores.postgres.lease import PASS_FENCE, SHARD, Lease, commits_of, lost
from stepwell.stores.postgres.statements import delete_rows, insert_rows
from stepwell.stores.postgres.text import escaped_column

TRIES_MAX = 5
FIRST_PAUSE_SECONDS = 0.02
ROWS_PER_STATEMENT_MAX = 5_000
RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class _Batch(NamedTuple):
    changes: Changes
    future: asyncio.Future[None]
    generation: int


class Writer:
    """Owns the writing connection from construction to `close`."""

    def __init__(self, url: str, place: str, connection: Connection, lease: Lease) -> None:
        self._url = url
        self._place = place
        self._connection: Connection | None = connection
        self._lease = lease
        self._commits = lease.commits
        self._waiting: deque[_Batch] = deque()
        self._task: asyncio.Task[None] | None = None
        self._generation = 0
        self._broken_generation = -1
        self._statements: dict[Table[Any], tuple[str, str]] = {}
        self._recovering = asyncio.Lock()
        self.in_doubt = False
        self.lost: StoreInUse | None = None

    def commit(self, changes: Changes) -> asyncio.Future[None]:
        """Queue a batch; the future is done when it is committed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Batch(changes, future, self._generation))
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        return future

    def reset(self) -> None:
        """Accept batches again after one failed; not when the lease is lost."""
        if self._broken_generation == self._generation:
            self._generation += 1

    def give_up(self) -> None:
        """The lease is somebody else's: nothing is written any more."""
        if self.lost is None:
            self.lost = lost(self._place)

    async def settle(self) -> None:
        """After a lost connection: wait until it is certain what the database holds."""
        async with self._recovering:
            if self.in_doubt:
                self._commits = await self._recover()

    async def drain(self) -> Connection | None:
        """Write what was queued; the connection, for a last word before it is closed."""
        while self._task is not None:
            await asyncio.shield(self._task)
        return self._connection

    async def _run(self) -> None:
        while self._waiting:
            batch = self._waiting.popleft()
            trouble = await self._outcome(batch)
            if trouble is not None:
                self._broken_generation = max(self._broken_generation, batch.generation)
            if batch.future.done():
                continue
            if trouble is None:
                batch.future.set_result(None)
            else:
                batch.future.set_exception(trouble)
        self._task = None

    async def _outcome(self, batch: _Batch) -> StorageTrouble | None:
        if self.lost is not None:
            return self.lost
        if batch.generation <= self._broken_generation:
            return StorageTrouble("an earlier commit failed, so this one was not made")
        try:
            async with self._recovering:
                await self._commit(batch.changes)
        except Exception as error:
            if isinstance(error, StoreInUse):
                self.lost = error
            trouble = translated(error, self._place)
            trouble.__cause__ = None if trouble is error else error
            return trouble
        return None

    async def _commit(self, changes: Changes) -> None:
        """Make the transaction, again if need be."""
        if self.in_doubt:
            # The caller has dropped its state since, so whatever the database holds is the truth.
            self._commits = await self._recover()
        number = self._commits + 1
        for attempt in range(TRIES_MAX):
            if attempt:
                await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
            try:
                if self.in_doubt:
                    counted = await self._recover()
                    if counted == number:
                        break
                    if counted != number - 1:
                        raise StorageTrouble(f"{self._place} has lost commits it had confirmed")
                await self._transaction(changes, number)
                break
            except RETRIED:
                if attempt == TRIES_MAX - 1:
                    raise
            except LOST_CONNECTION:
                self._drop_connection()
                if attempt == TRIES_MAX - 1:
                    raise
        self._commits = number

    async def _recover(self) -> int:
        """A new connection, and the fence's count; the old transaction has ended by then."""
        connection = await connect_writer(self._url)
        try:
            commits = await commits_of(connection, self._lease, self._place)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        self.in_doubt = False
        return commits

    def _drop_connection(self) -> None:
        self.in_doubt = True
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _transaction(self, changes: Changes, number: int) -> None:
        connection = self._connection
        if connection is None:
            raise ConnectionError("the connection is closed")
        async with connection.transaction():
            passed = await connection.execute(PASS_FENCE, SHARD, self._lease.epoch, number)
            if passed != "UPDATE 1":
                raise lost(self._place)
            for table, rows in changes.items():
                await self._write_table(connection, table, rows)

    async def _write_table(self, connection: Connection, table: Table[Any], rows: Any) -> None:
        statements = self._statements.get(table)
        if statements is None:
            statements = self._statements[table] = (insert_rows(table), delete_rows(table))
        put, delete = statements
        values = rows.values()
        if None in values:
            gone = [key for key, row in rows.items() if row is None]
            key_columns = [table.columns[i] for i in table.key_positions]
            for arrays in _column_arrays(key_columns, gone):
                await connection.execute(delete, *arrays)
            values = [row for row in values if row is not None]
        for arrays in _column_arrays(table.columns, values):
            await connection.execute(put, *arrays)


def _column_arrays(columns: Sequence[Column], rows: Any) -> Iterator[list[Sequence[Any]]]:
    """The rows turned to columns, a bounded number of rows at a time."""
    rest = iter(rows)
    while part := list(islice(rest, ROWS_PER_STATEMENT_MAX)):
        turned = zip(*part, strict=True)
        yield [
            escaped_column(values) if column.kind is str else values
            for column, values in zip(columns, turned, strict=True)
        ]
