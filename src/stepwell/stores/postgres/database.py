"""Connections to PostgreSQL, the schema, and what the database's errors mean.

Rules: messages never show the password. Commits are durable even where the server's default is
`synchronous_commit = off`. Two nodes that migrate at once do it one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.runtime.tables import Table
from stepwell.stores.migrations import Migration, missing, not_as_declared

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0
"""After that long a silent server counts as gone, as behind a network that swallows packets."""
MIGRATION_SECONDS = 3_600.0
STATEMENTS_CACHED_MAX = 512
READERS_MAX = 8
SCHEMA_TRIES_MAX = 5

LOST_CONNECTION = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)

OWN_TABLES = """
CREATE TABLE IF NOT EXISTS schema_version (
  number bigint PRIMARY KEY, name text NOT NULL, digest text NOT NULL);
CREATE TABLE IF NOT EXISTS store_fence (
  shard bigint PRIMARY KEY, epoch bigint NOT NULL, commits bigint NOT NULL);
"""


def place_of(url: str) -> str:
    """The database's name for messages: host, port and database, no user, no password."""
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        return "the PostgreSQL database"
    return f"PostgreSQL at {parts.hostname or 'localhost'}:{port}{parts.path}"


async def connect_writer(url: str) -> asyncpg.Connection[asyncpg.Record]:
    """The connection that writes."""
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=STATEMENTS_CACHED_MAX,
    )
    if await connection.fetchval("SHOW synchronous_commit") == "off":
        await connection.execute("SET synchronous_commit = on")
    return connection


async def connect_readers(url: str) -> asyncpg.Pool[asyncpg.Record]:
    """Connections for reads."""
    pool = asyncpg.create_pool(
        url,
        min_size=0,
        max_size=READERS_MAX,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=STATEMENTS_CACHED_MAX,
        reset=_nothing_to_reset,
    )
    return await pool


async def _nothing_to_reset(_: Any) -> None:
    """Reads leave no state in the session, so that a round trip per read is saved."""


async def bring_up_to_date(
    connection: asyncpg.Connection[asyncpg.Record],
    place: str,
    migrations: Sequence[Migration],
    tables: Iterable[Table[Any]],
) -> None:
    """Apply what is missing in one transaction; then every given table must be there."""
    await _make_own_tables(connection)
    async with connection.transaction():
        lock = "LOCK TABLE schema_version IN EXCLUSIVE MODE"
        await connection.execute(lock, timeout=MIGRATION_SECONDS)
        rows = await connection.fetch("SELECT number, digest FROM schema_version ORDER BY number")
        for migration in missing([(r[0], r[1]) for r in rows], migrations, place):
            await connection.execute(migration.text, timeout=MIGRATION_SECONDS)
            await connection.execute(
                "INSERT INTO schema_version VALUES ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.digest,
            )
    found = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema()"
    )
    present: dict[str, list[str]] = {}
    for name, column in found:
        present.setdefault(name, []).append(column)
    for table in tables:
        if trouble := not_as_declared(table, present.get(table.name, ())):
            raise trouble


async def _make_own_tables(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for attempt in range(SCHEMA_TRIES_MAX):
        try:
            await connection.execute(OWN_TABLES)
            return
        except (asyncpg.UniqueViolationError, asyncpg.DuplicateTableError):
            # Another node makes them at this moment; IF NOT EXISTS does not wait for it.
            if attempt == SCHEMA_TRIES_MAX - 1:
                raise


def translated(error: BaseException, place: str) -> StorageTrouble:
    """What an exception of a database call means for the caller; its details may quote rows."""
    words = str(error.args[0]) if error.args else ""
    match error:
        case StorageTrouble():
            return error
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return StorageTrouble(f"{place} refuses the user or password of the URL: {words}")
        case asyncpg.InvalidCatalogNameError():
            return StorageTrouble(f"{place}: {words}: create the database or correct the URL")
        case asyncpg.InsufficientPrivilegeError():
            return StorageTrouble(f"{place}: {words}: the user must own the schema")
        case asyncpg.DiskFullError() | asyncpg.OutOfMemoryError():
            return StoreFull(f"{place} has no space left: {words}")
        case asyncpg.ClientConfigurationError() | ValueError():
            return StorageTrouble(f"the PostgreSQL URL is wrong: {error}")
        case asyncpg.IntegrityConstraintViolationError():
            return StorageTrouble(f"a row breaks the rules of its table: {words}")
        case TimeoutError():
            return StorageTrouble(f"{place} does not answer in time")
        case OSError():
            return StorageTrouble(f"{place} cannot be reached: {error}")
        case _:
            return StorageTrouble(f"{place}: {type(error).__name__}: {words}")
