"""The database file: how connections are set up, how the schema is brought up to date, and what
SQLite's errors mean.

Rules: WAL and synchronous=FULL, so a commit is on disk when it returns. Only the writer's
connection writes, and it makes no checkpoint inside a commit; the reader's is read-only by pragma.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.runtime.tables import Table
from stepwell.stores.migrations import Migration, missing, not_as_declared
from stepwell.stores.sql import quoted

STATEMENTS_CACHED_MAX = 512
WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 32_768
PAGE_BYTES = 16_384
"""Larger than SQLite's default: a row of a clustered table has a quarter of a page before it spills
into pages of its own, and the history of tasks has events of two to four thousand bytes."""
BUSY_MILLISECONDS = 5_000

VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_version "
    "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL) STRICT"
)


def connect_writer(path: Path) -> apsw.Connection:
    """The connection that writes."""
    connection = _connect(path)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    # On macOS a plain flush stops in the drive's cache; elsewhere this changes nothing.
    connection.execute("PRAGMA fullfsync = 1").fetchall()
    connection.execute("PRAGMA checkpoint_fullfsync = 1").fetchall()
    # A statement that writes many rows keeps what it changes until it has come to its end: in
    # memory, not in a file beside the log that is as large again.
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
    return connection


def connect_reader(path: Path) -> apsw.Connection:
    """The connection that reads."""
    connection = _connect(path)
    connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
    connection.execute("PRAGMA query_only = 1")
    return connection


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=STATEMENTS_CACHED_MAX)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    # Else a statement that compares with `>` is planned anew for each value that it is given.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    return connection


def bring_up_to_date(
    connection: apsw.Connection,
    path: Path,
    migrations: Sequence[Migration],
    tables: Iterable[Table[Any]],
) -> None:
    """Apply what is missing in one transaction; then every given table must be there."""
    with transaction(connection):
        connection.execute(VERSION_TABLE)
        rows = connection.execute("SELECT number, digest FROM schema_version ORDER BY number")
        applied = [(int(str(number)), str(digest)) for number, digest in rows]
        for migration in missing(applied, migrations, str(path)):
            connection.execute(migration.text)
            connection.execute(
                "INSERT INTO schema_version VALUES (?, ?, ?)",
                (migration.number, migration.name, migration.digest),
            )
    for table in tables:
        info = connection.execute(f"PRAGMA table_info({quoted(table.name)})")
        if trouble := not_as_declared(table, [str(row[1]) for row in info]):
            raise trouble


@contextlib.contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """A write transaction: committed when the block ends, rolled back when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: apsw.Connection) -> None:
    """End a transaction that failed; SQLite may have ended it already."""
    if connection.in_transaction:
        with contextlib.suppress(apsw.Error):
            connection.execute("ROLLBACK")


def translated(error: Exception, path: Path) -> StorageTrouble:
    """What an exception of a database call means for the caller."""
    match error:
        case StorageTrouble():
            return error
        case apsw.FullError():
            return StoreFull(f"no space is left for {path}: free some and try again")
        case apsw.NotADBError():
            return StorageTrouble(f"{path} is not a Stepwell database: move it away or restore it")
        case apsw.CorruptError():
            return StorageTrouble(f"{path} is damaged ({error}): restore it from a backup")
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError():
            return StorageTrouble(f"{path} cannot be written ({error}): check owner and mode")
        case apsw.IOError():
            return StorageTrouble(f"the disk under {path} failed: {error}")
        case apsw.ConstraintError():
            return StorageTrouble(f"a row breaks the rules of its table: {error}")
        case _:
            return StorageTrouble(f"{path}: {type(error).__name__}: {error}")
