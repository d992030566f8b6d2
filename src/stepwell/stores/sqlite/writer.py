"""The thread that writes: takes a whole batch, makes one transaction of it, tells the loop once.

Rules: batches are applied in the order in which they were handed over. After one failed, those made
before the next `reset` fail too: each carries the generation it was made in. Checkpoints come
between commits, when their callers have been told. The thread spends its time inside SQLite; the
rows go there in groups, many to a statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import apsw

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Key, Table
from stepwell.stores.sql import column_list, delete_row, on_conflict, quoted
from stepwell.stores.sqlite.database import roll_back, translated

IDLE_SECONDS_BEFORE_CHECKPOINT = 2.0
CHECKPOINT_PAGES = 1_000
GROUP_SIZES = (64, 16, 4, 1)
"""How many rows one statement writes; few sizes, so that few statements are prepared."""


class _Batch(NamedTuple):
    changes: Changes
    future: asyncio.Future[None]
    generation: int


class Writer:
    """Owns the writing connection from construction to `close`."""

    def __init__(
        self, connection: apsw.Connection, path: Path, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._connection = connection
        self._path = path
        self._loop = loop
        self._queue: SimpleQueue[_Batch | None] = SimpleQueue()
        self._inserts: dict[tuple[Table[Any], int], str] = {}
        self._deletes: dict[tuple[Table[Any], int], str] = {}
        self._generation = 0
        self._broken_generation = -1
        self._log_pages = 0
        self._checkpoint_at = CHECKPOINT_PAGES
        connection.set_wal_hook(self._note_log_pages)
        self._closed = loop.create_future()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="stepwell-sqlite", daemon=True)
        self._thread.start()

    def commit(self, changes: Changes) -> asyncio.Future[None]:
        """Hand a batch over; the future is done when it is on disk."""
        future: asyncio.Future[None] = self._loop.create_future()
        if self._closing:
            future.set_exception(StorageTrouble(f"{self._path} is closed"))
        else:
            self._queue.put(_Batch(changes, future, self._generation))
        return future

    def reset(self) -> None:
        """Accept batches again after one failed."""
        if self._broken_generation == self._generation:
            self._generation += 1

    async def close(self) -> None:
        """Write what was handed over, fold the log into the database, close the connection."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
        await asyncio.shield(self._closed)
        self._thread.join()

    def _run(self) -> None:
        dirty = False
        while True:
            try:
                batch = self._queue.get(timeout=IDLE_SECONDS_BEFORE_CHECKPOINT if dirty else None)
            except Empty:
                self._checkpoint("TRUNCATE")
                dirty = False
                continue
            if batch is None:
                break
            trouble = self._write(batch)
            dirty = True
            self._tell(batch.future, trouble)
            if self._log_pages >= self._checkpoint_at:
                self._checkpoint("PASSIVE")
        self._checkpoint("TRUNCATE")
        with contextlib.suppress(apsw.Error):
            self._connection.close()
        self._tell(self._closed, None)

    def _tell(self, future: asyncio.Future[None], trouble: StorageTrouble | None) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, future, trouble)
        except RuntimeError:
            # The loop is gone, so nobody waits; what was written stays written.
            return

    def _write(self, batch: _Batch) -> StorageTrouble | None:
        if batch.generation <= self._broken_generation:
            return StorageTrouble("an earlier commit failed, so this one was not made")
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            for table, rows in batch.changes.items():
                self._write_table(table, rows)
            execute("COMMIT")
        except Exception as error:
            roll_back(self._connection)
            self._broken_generation = batch.generation
            trouble = translated(error, self._path)
            trouble.__cause__ = None if trouble is error else error
            return trouble
        return None

    def _write_table(self, table: Table[Any], rows: Any) -> None:
        values = rows.values()
        if None in values:
            gone: list[Key] = [key for key, row in rows.items() if row is None]
            self._in_groups(self._deletes, _delete, table, gone)
            if len(gone) == len(rows):
                return
            values = [row for row in values if row is not None]
        self._in_groups(self._inserts, _insert, table, list(values))

    def _in_groups(
        self,
        known: dict[tuple[Table[Any], int], str],
        spell: Callable[[Table[Any], int], str],
        table: Table[Any],
        rows: list[tuple[Any, ...]],
    ) -> None:
        """Write rows by few large statements.

        SQLite lets go of Python's lock in every step; each time, the loop's thread may take it and
        keep it. So a step should do much.
        """
        start, left = 0, len(rows)
        for size in GROUP_SIZES:
            while left >= size:
                text = known.get((table, size))
                if text is None:
                    text = known[table, size] = spell(table, size)
                group = rows[start : start + size]
                self._connection.execute(text, tuple(chain.from_iterable(group)))
                start, left = start + size, left - size

    def _note_log_pages(self, _: apsw.Connection, __: str, pages: int) -> int:
        if pages < self._log_pages:
            # A checkpoint was complete, so the log has begun anew.
            self._checkpoint_at = CHECKPOINT_PAGES
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self, mode: str) -> None:
        """Fold the log into the database; between commits, so that its failure is not a commit's.

        When it fails the log keeps everything, and it is tried again once the log has grown.
        """
        self._checkpoint_at = self._log_pages + CHECKPOINT_PAGES
        with contextlib.suppress(apsw.Error):
            self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()


def _insert(table: Table[Any], count: int) -> str:
    names = column_list([column.name for column in table.columns])
    row = f"({', '.join('?' * len(table.columns))})"
    places = ", ".join([row] * count)
    # What can't be put fails the whole commit, so a statement needs no way back of its own.
    insert = f"INSERT OR ROLLBACK INTO {quoted(table.name)} ({names})"
    return f"{insert} VALUES {places}{on_conflict(table)}"


def _delete(table: Table[Any], count: int) -> str:
    if count == 1:
        return delete_row(table)
    key = f"({', '.join('?' * len(table.key))})"
    keys = ", ".join([key] * count)
    columns = column_list(table.key)
    return f"DELETE FROM {quoted(table.name)} WHERE ({columns}) IN (VALUES {keys})"


def _settle(future: asyncio.Future[None], trouble: StorageTrouble | None) -> None:
    if future.done():
        return
    if trouble is None:
        future.set_result(None)
    else:
        future.set_exception(trouble)
