"""PostgresStore: the port over a PostgreSQL database, one owning node at a time.

Rules: commits go through the writer's connection and the fence; reads through a small pool. After
a broken connection reads wait until it is certain what the last commit did. A node that lost its
lease answers nothing any more but StoreInUse.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, TypeVar

import asyncpg

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Key, Table
from stepwell.stores.migrations import Migration, packaged
from stepwell.stores.postgres import lease as leases
from stepwell.stores.postgres.database import (
    LOST_CONNECTION,
    bring_up_to_date,
    connect_readers,
    connect_writer,
    place_of,
    translated,
)
from stepwell.stores.postgres.text import escaped, unescaped_row
from stepwell.stores.postgres.writer import Writer
from stepwell.stores.sql import select_count, select_row, select_scan

R = TypeVar("R", bound=tuple[Any, ...])

LEASE_SECONDS = 10.0
CLOSE_SECONDS = 5.0


class PostgresStore:
    """Durable tables in the database of `url` (`postgresql://user:password@host:port/name`)."""

    def __init__(
        self,
        url: str,
        tables: Iterable[Table[Any]],
        *,
        migrations: Sequence[Migration] | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.place = place_of(url)
        self._url = url
        self._tables = tuple(tables)
        self._migrations = packaged("postgres") if migrations is None else migrations
        self._lease_milliseconds = int(lease_seconds * 1000)
        self._writer: Writer | None = None
        self._lease: leases.Lease | None = None
        self._readers: asyncpg.Pool[asyncpg.Record] | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, migrate, take the lease. Waits for a lease that is no longer renewed."""
        connection = None
        try:
            connection = await connect_writer(self._url)
            await bring_up_to_date(connection, self.place, self._migrations, self._tables)
            self._lease = await leases.take(
                connection, leases.new_owner(), self._lease_milliseconds, self.place
            )
            self._readers = await connect_readers(self._url)
        except Exception as error:
            if connection is not None:
                connection.terminate()
            trouble = translated(error, self.place)
            if trouble is error:
                raise
            raise trouble from error
        self._writer = Writer(self._url, self.place, connection, self._lease)
        self._renewal = asyncio.ensure_future(self._renew())

    def commit(self, changes: Changes) -> Awaitable[None]:
        """Start one transaction; the awaitable is done when it is committed."""
        if self._writer is None:
            raise StorageTrouble(f"{self.place} is not open")
        return self._writer.commit(changes)

    def reset(self) -> None:
        """Accept commits again after one failed; a broken connection is made anew when needed."""
        if self._writer is not None:
            self._writer.reset()

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""
        rows = await self._read(select_row(table, "$"), key)
        return table.row(*unescaped_row(rows[0])) if rows else None

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
        rows = await self._scan(table, None, prefix, index, after, until, limit, reverse=reverse)
        row = table.row
        return [row(*unescaped_row(found)) for found in rows]

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
    ) -> list[tuple[Any, ...]]:
        """Some columns of rows in order; see the port."""
        rows = await self._scan(table, columns, prefix, index, after, until, limit, reverse=reverse)
        return [tuple(unescaped_row(found)) for found in rows]

    async def _scan(
        self,
        table: Table[Any],
        columns: tuple[str, ...] | None,
        prefix: Key,
        index: str | None,
        after: Key | None,
        until: Key | None,
        limit: int,
        *,
        reverse: bool,
    ) -> list[asyncpg.Record]:
        text, values = select_scan(
            table,
            prefix,
            index=index,
            after=after,
            until=until,
            limit=limit,
            reverse=reverse,
            mark="$",
            spell_nulls=True,
            columns=columns,
        )
        return await self._read(text, values)

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""
        text, values = select_count(table, prefix, index=index, mark="$")
        return int((await self._read(text, values))[0][0])

    async def close(self) -> None:
        """Finish what was committed, give the lease back, disconnect."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
            self._renewal = None
        writer, self._writer = self._writer, None
        if writer is not None:
            await self._let_go(writer)
        readers, self._readers = self._readers, None
        if readers is not None:
            try:
                await asyncio.wait_for(readers.close(), CLOSE_SECONDS)
            except (asyncpg.PostgresError, *LOST_CONNECTION):
                readers.terminate()

    async def _let_go(self, writer: Writer) -> None:
        connection = await writer.drain()
        if connection is None:
            return
        try:
            if self._lease is not None and writer.lost is None:
                await leases.release(connection, self._lease)
            await connection.close(timeout=CLOSE_SECONDS)
        except (asyncpg.PostgresError, *LOST_CONNECTION):
            # The lease runs out by itself.
            connection.terminate()

    async def _renew(self) -> None:
        readers, lease, writer = self._readers, self._lease, self._writer
        if readers is None or lease is None or writer is None:
            return
        while True:
            await asyncio.sleep(self._lease_milliseconds / 3000)
            try:
                if not await leases.renew(readers, lease, self._lease_milliseconds):
                    writer.give_up()
                    return
            except (asyncpg.PostgresError, *LOST_CONNECTION):
                # The next round tries again; the fence keeps the data safe meanwhile.
                continue

    async def _read(self, text: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        readers, writer = self._readers, self._writer
        if readers is None or writer is None:
            raise StorageTrouble(f"{self.place} is not open")
        if writer.lost is not None:
            raise writer.lost
        try:
            if writer.in_doubt:
                await writer.settle()
            bound = [escaped(value) for value in values]
            try:
                return await readers.fetch(text, *bound)
            except LOST_CONNECTION:
                # A connection that broke while idle is noticed when it is used; a new one tells.
                await readers.expire_connections()
                return await readers.fetch(text, *bound)
        except Exception as error:
            raise translated(error, self.place) from error
