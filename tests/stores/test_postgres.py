"""What is particular to the PostgreSQL store: broken connections, leases, retries, addresses."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.records import LEASE
from stepwell.stores.factory import open_store
from stepwell.stores.migrations import generated
from stepwell.stores.postgres import PostgresStore, database, lease, writer
from stepwell.testing.postgres import PostgresMissing, PostgresServer, running_server
from tests.contract.kit import LOG, PLAIN, LogRow, PlainRow

TABLES = (PLAIN, LOG, LEASE)


def store_at(url: str, lease_seconds: float = 30) -> PostgresStore:
    """A store with the suite's tables."""
    migrations = generated(TABLES, "postgres")
    return PostgresStore(url, TABLES, migrations=migrations, lease_seconds=lease_seconds)


def plain(number: int) -> dict[Any, Any]:
    """A change that puts one row."""
    return {PLAIN: {(number,): PlainRow(number, None, 0, None)}}


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    """An open store."""
    store = store_at(postgres_url)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of somebody else to the same database."""
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def cut(other: asyncpg.Connection[asyncpg.Record]) -> None:
    """Break every other connection to the database."""
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def test_a_broken_connection_is_made_anew(
    store: PostgresStore, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    """A commit whose connection was cut happens once, over a new connection; reads go on too."""
    await store.commit(plain(1))
    for number in (2, 3):
        await cut(other)
        await store.commit({**plain(number), LOG: {(1, number): LogRow(1, number, b"")}})
    await cut(other)
    assert await store.count(LOG) == 2
    assert await store.count(PLAIN) == 3


async def test_a_commit_that_happened_unheard_is_not_repeated(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after COMMIT was done: the fence says so, and nothing is put twice."""
    real = writer.Writer._transaction
    broken: list[int] = []

    async def breaks_after(self: writer.Writer, changes: Any, number: int) -> None:
        await real(self, changes, number)
        if not broken:
            broken.append(number)
            raise ConnectionResetError("cut after the commit")

    monkeypatch.setattr(writer.Writer, "_transaction", breaks_after)
    await store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    await store.commit({LOG: {(1, 2): LogRow(1, 2, b"")}})
    assert broken == [1]
    assert await store.count(LOG) == 2


async def test_a_silent_server_counts_as_gone(
    postgres_url: str,
    other: asyncpg.Connection[asyncpg.Record],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A commit that gets no answer in time is trouble, not an endless wait."""
    monkeypatch.setattr(database, "COMMAND_SECONDS", 1)
    monkeypatch.setattr(writer, "TRIES_MAX", 2)
    monkeypatch.setattr(writer, "FIRST_PAUSE_SECONDS", 0)
    store = store_at(postgres_url)
    await store.open()
    async with other.transaction():
        await other.execute("LOCK TABLE log IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StorageTrouble, match="does not answer in time"):
            await store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    store.reset()
    await store.commit({LOG: {(1, 2): LogRow(1, 2, b"")}})
    assert [row.number for row in await store.scan(LOG, limit=9)] == [2]
    await store.close()


@pytest.mark.parametrize("error", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError])
async def test_what_the_database_gave_up_on_is_tried_again(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Serialisation failures and deadlocks are the database's, not the caller's."""
    real = writer.Writer._write_table
    failures = [error("again"), error("and again")]

    async def fails_first(self: writer.Writer, connection: Any, table: Any, rows: Any) -> None:
        await real(self, connection, table, rows)
        if failures:
            raise failures.pop()

    monkeypatch.setattr(writer.Writer, "_write_table", fails_first)
    monkeypatch.setattr(writer, "FIRST_PAUSE_SECONDS", 0)
    await store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    assert failures == []
    assert await store.count(LOG) == 1


async def test_a_node_that_lost_its_lease_stops(
    store: PostgresStore, other: asyncpg.Connection[asyncpg.Record], postgres_url: str
) -> None:
    """After a take-over the old node commits nothing, reads nothing, and reset does not help."""
    await store.commit(plain(1))
    await other.execute("UPDATE lease SET expires_at = 0")
    successor = store_at(postgres_url)
    await successor.open()
    with pytest.raises(StoreInUse, match="taken over"):
        await store.commit(plain(2))
    store.reset()
    with pytest.raises(StoreInUse):
        await store.commit(plain(3))
    with pytest.raises(StoreInUse):
        await store.get(PLAIN, (1,))
    await successor.commit(plain(4))
    assert [row.id for row in await successor.scan(PLAIN, limit=9)] == [1, 4]
    await successor.close()


async def test_the_lease_is_renewed(
    postgres_url: str, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    """An idle owner keeps its lease: a second node is refused although the first term is over."""
    store = store_at(postgres_url, lease_seconds=0.5)
    await store.open()
    rival = store_at(postgres_url, lease_seconds=0.5)
    with pytest.raises(StoreInUse, match=r"in use by node .*stop it, or use another database"):
        await rival.open()
    await store.close()


async def test_a_renewal_that_finds_another_owner_stops_the_node(
    postgres_url: str, other: asyncpg.Connection[asyncpg.Record]
) -> None:
    """The node notices without a commit of its own."""
    store = store_at(postgres_url, lease_seconds=0.1)
    await store.open()
    await other.execute("UPDATE lease SET owner = 'somebody', epoch = epoch + 1")
    renewal = store._renewal
    assert renewal is not None
    await asyncio.wait_for(renewal, 20)
    with pytest.raises(StoreInUse):
        await store.count(PLAIN)
    await store.close()


def test_only_a_dead_process_of_this_machine_counts_as_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another machine's process, or a living one, keeps its lease to the end of the term."""
    mine = lease.new_owner()
    place = mine.rpartition(" ")[0]
    assert not lease._is_dead(mine)
    assert not lease._is_dead("elsewhere/1 999999999")
    assert not lease._is_dead("nonsense")
    assert lease._is_dead(f"{place} 999999999")


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server this test may stop."""
    try:
        with running_server() as server:
            yield server
    except PostgresMissing as problem:
        pytest.skip(str(problem))


async def test_a_server_that_is_away_is_trouble_until_it_is_back(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits and reads fail in words while the server is down; after reset all goes on."""
    monkeypatch.setattr(writer, "FIRST_PAUSE_SECONDS", 0)
    store = store_at(own_server.database_url())
    await store.open()
    await store.commit(plain(1))
    own_server.stop("immediate")
    with pytest.raises(StorageTrouble, match="PostgreSQL at"):
        await store.commit(plain(2))
    with pytest.raises(StorageTrouble, match="PostgreSQL at"):
        await store.get(PLAIN, (1,))
    own_server.start()
    with pytest.raises(StorageTrouble, match="earlier commit"):
        await store.commit(plain(3))
    store.reset()
    await store.commit(plain(4))
    assert [row.id for row in await store.scan(PLAIN, limit=9)] == [1, 4]
    await store.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("p%40ss", "wrong"), "refuses the user or password"),
        (("/test_", "/absent_"), "create the database or correct the URL"),
        (("127.0.0.1", "nowhere.invalid"), "cannot be reached"),
        (("127.0.0.1:", "127.0.0.1:x"), "URL is wrong"),
    ],
)
async def test_a_wrong_address_is_told_in_words(
    postgres_url: str, change: tuple[str, str], words: str
) -> None:
    """Each mistake in the URL has its own message, and none shows the password."""
    wrong = postgres_url.replace(*change)
    assert wrong != postgres_url
    with pytest.raises(StorageTrouble, match=words) as trouble:
        await store_at(wrong).open()
    assert "ss%2Fword" not in str(trouble.value)


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asyncpg the message says what to install."""
    for name in [n for n in sys.modules if n.startswith("stepwell.stores.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "asyncpg")
    monkeypatch.setattr(sys, "meta_path", [_Without("asyncpg"), *sys.meta_path])
    with pytest.raises(StorageTrouble, match=r"stepwell\[postgres\]"):
        open_store("postgresql://h/d", TABLES)


class _Without:
    """An import system that lacks one package."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
