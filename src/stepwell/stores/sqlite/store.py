"""SqliteStore: the port over one SQLite file.

Rules: one process owns the directory. Reads run on the caller's thread (a point read takes
microseconds) and never suspend; writes run on the writer's thread. A caller gives its changes away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Key, Table
from stepwell.stores.migrations import Migration, packaged
from stepwell.stores.sql import select_count, select_row, select_scan
from stepwell.stores.sqlite.database import (
    bring_up_to_date,
    connect_reader,
    connect_writer,
    translated,
)
from stepwell.stores.sqlite.lock import DirectoryLock
from stepwell.stores.sqlite.writer import Writer

R = TypeVar("R", bound=tuple[Any, ...])

FILE_NAME = "stepwell.sqlite3"


class SqliteStore:
    """Durable tables in `directory`, which is made if it is not there."""

    def __init__(
        self,
        directory: Path,
        tables: Iterable[Table[Any]],
        *,
        migrations: Sequence[Migration] | None = None,
    ) -> None:
        self.directory = directory
        self.path = directory / FILE_NAME
        self._tables = tuple(tables)
        self._migrations = packaged("sqlite") if migrations is None else migrations
        self._lock: DirectoryLock | None = None
        self._writer: Writer | None = None
        self._reader: apsw.Connection | None = None
        self._scans: dict[tuple[object, ...], str] = {}

    async def open(self) -> None:
        """Lock the directory, migrate, start the writer."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageTrouble(f"cannot make {self.directory}: {error.strerror}") from error
        lock = DirectoryLock(self.directory)
        try:
            connection = self._open_database()
        except Exception as error:
            lock.release()
            trouble = translated(error, self.path)
            if trouble is error:
                raise
            raise trouble from error
        self._lock = lock
        self._writer = Writer(connection, self.path, asyncio.get_running_loop())

    def _open_database(self) -> apsw.Connection:
        connection = None
        try:
            self.path.touch(mode=0o600)
            connection = connect_writer(self.path)
            bring_up_to_date(connection, self.path, self._migrations, self._tables)
            self._reader = connect_reader(self.path)
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return connection

    def commit(self, changes: Changes) -> Awaitable[None]:
        """Start one transaction; the awaitable is done when it is on disk."""
        if self._writer is None:
            raise StorageTrouble(f"{self.path} is not open")
        return self._writer.commit(changes)

    def reset(self) -> None:
        """Accept commits again after one failed."""
        if self._writer is not None:
            self._writer.reset()

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""
        rows = self._read(select_row(table, "?"), key)
        return table.row(*rows[0]) if rows else None

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
        rows = self._scan(table, None, prefix, index, after, until, limit, reverse=reverse)
        return list(map(table.make, rows))

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
        return self._scan(table, columns, prefix, index, after, until, limit, reverse=reverse)

    def _scan(
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
    ) -> list[tuple[Any, ...]]:
        # The hottest reads ask for a prefix, or for what comes after one value; neither has NULLs.
        # Their statements depend on the shape only and are written once.
        shape = None
        if until is None and None not in prefix and (after is None or _is_one_value(after)):
            shape = (table, columns, index, len(prefix), after is None, reverse)
            text = self._scans.get(shape)
            if text is not None:
                return self._read(text, [*prefix, *(after or ()), max(limit, 0)])
        text, values = select_scan(
            table,
            prefix,
            index=index,
            after=after,
            until=until,
            limit=limit,
            reverse=reverse,
            mark="?",
            spell_nulls=False,
            columns=columns,
        )
        if shape is not None:
            self._scans[shape] = text
        return self._read(text, values)

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""
        text, values = select_count(table, prefix, index=index, mark="?")
        return int(self._read(text, values)[0][0])

    async def close(self) -> None:
        """Finish what was committed and let go of the directory."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _read(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._reader is None:
            raise StorageTrouble(f"{self.path} is not open")
        try:
            return self._reader.execute(text, values).fetchall()
        except Exception as error:
            raise translated(error, self.path) from error


def _is_one_value(after: Key) -> bool:
    return len(after) == 1 and after[0] is not None
