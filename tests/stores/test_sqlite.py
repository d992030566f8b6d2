"""What is particular to the SQLite store: its directory, its file, its failures."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from stepwell.errors import StorageTrouble, StoreFull, StoreInUse
from stepwell.runtime.tables import Table
from stepwell.stores.factory import open_store
from stepwell.stores.migrations import generated, packaged
from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.migrations.write import migrated
from stepwell.stores.order import order_columns
from stepwell.stores.schema import clustered
from stepwell.stores.sql import select_scan
from stepwell.stores.sqlite import SqliteStore
from tests.contract.kit import LOG, MIXED, PLAIN, LogRow, PlainRow

TABLES = (PLAIN, LOG, MIXED)
WRITTEN = Path("/proc/self/io")


def store_in(directory: Path) -> SqliteStore:
    """A store with the suite's tables."""
    return SqliteStore(directory, TABLES, migrations=generated(TABLES, "sqlite"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open store."""
    store = store_in(tmp_path / "data")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Databases opened meanwhile are full at 40 pages."""

    def bound(connection: apsw.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 40").fetchall()

    apsw.connection_hooks.append(bound)
    yield
    apsw.connection_hooks.remove(bound)


async def test_the_directory_is_private(store: SqliteStore) -> None:
    """Nobody else may read what executions carry."""
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


async def test_the_holder_of_the_directory_is_named(store: SqliteStore) -> None:
    """The refusal says which process has it and what to do."""
    with pytest.raises(StoreInUse, match=rf"process {os.getpid()}\): stop that process, or"):
        await store_in(store.directory).open()


async def test_a_full_disk_fails_the_commit_and_nothing_else(
    small_disk: None, tmp_path: Path
) -> None:
    """StoreFull, no half of the commit, and smaller commits work after reset."""
    store = store_in(tmp_path)
    await store.open()
    big: dict[Any, Any] = {(1, i): LogRow(1, i, b"x" * 4000) for i in range(400)}
    with pytest.raises(StoreFull, match="free some"):
        await store.commit({PLAIN: {(1,): PlainRow(1, None, 0, None)}, LOG: big})
    with pytest.raises(StorageTrouble):
        await store.commit({PLAIN: {(2,): PlainRow(2, None, 0, None)}})
    store.reset()
    await store.commit({PLAIN: {(3,): PlainRow(3, None, 0, None)}})
    assert await store.count(LOG) == 0
    assert [row.id for row in await store.scan(PLAIN, limit=9)] == [3]
    await store.close()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Something else under our name is refused, untouched, and the directory is free again."""
    path = tmp_path / "stepwell.sqlite3"
    path.write_bytes(b"no database " * 1000)
    for _ in range(2):
        with pytest.raises(StorageTrouble, match="not a Stepwell database"):
            await store_in(tmp_path).open()
    assert path.read_bytes() == b"no database " * 1000


async def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Overwritten pages give StorageTrouble when they are read, not a wrong answer."""
    store = store_in(tmp_path)
    await store.open()
    await store.commit({LOG: {(1, i): LogRow(1, i, b"x" * 1000) for i in range(200)}})
    await store.close()
    with store.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (store.path.stat().st_size - 4096))
    again = store_in(tmp_path)
    with pytest.raises(StorageTrouble, match="damaged"):
        await again.open()


async def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is StorageTrouble with the path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageTrouble, match="file"):
        await store_in(tmp_path / "file" / "data").open()
    with pytest.raises(StorageTrouble, match="file"):
        await store_in(tmp_path / "file").open()


async def test_closing_folds_the_log_into_the_file(store: SqliteStore) -> None:
    """After close the one file is all there is to copy."""
    await store.commit({PLAIN: {(1,): PlainRow(1, None, 0, None)}})
    await store.close()
    assert sorted(path.name for path in store.directory.iterdir()) == [
        "stepwell.lock",
        "stepwell.sqlite3",
    ]


async def test_reads_do_not_suspend(store: SqliteStore) -> None:
    """A read is answered in its first step, so the loop is not entered for it."""
    await store.commit({PLAIN: {(1,): PlainRow(1, None, 0, None)}})
    read = store.get(PLAIN, (1,))
    with pytest.raises(StopIteration) as stop:
        read.send(None)
    assert stop.value.value == PlainRow(1, None, 0, None)


@pytest.fixture
def planned() -> Iterator[list[str]]:
    """The tables that SQLite looks at while it plans statements."""
    tables: list[str] = []

    def note(_: int, table: str | None, *__: object) -> int:
        tables.append(table or "")
        return apsw.SQLITE_OK

    def watch(connection: apsw.Connection) -> None:
        connection.authorizer = note

    apsw.connection_hooks.append(watch)
    yield tables
    apsw.connection_hooks.remove(watch)


async def test_other_values_need_no_other_plan(planned: list[str], store: SqliteStore) -> None:
    """A scan that goes on from another row is planned once."""
    await store.commit({LOG: {(1, n): LogRow(1, n, b"") for n in range(9)}})
    planned.clear()
    assert len(await store.scan(LOG, (1,), after=(0,), limit=2)) == 2
    assert LOG.name in planned
    planned.clear()
    for last in range(1, 5):
        assert len(await store.scan(LOG, (1,), after=(last,), limit=2)) == 2
    assert planned == []


@pytest.mark.skipif(not WRITTEN.exists(), reason="what was written is read from /proc")
async def test_a_commit_writes_to_the_log_only(store: SqliteStore) -> None:
    """What a large statement changes goes to no other file, whether rows are new or replaced."""
    log = store.path.with_name(f"{store.path.name}-wal")
    for note in ("new", "replaced"):
        plain = {(i,): PlainRow(i, f"n{i}", 0, note * 500) for i in range(200)}
        length, written = log.stat().st_size, _bytes_written()
        await store.commit(
            {PLAIN: plain, LOG: {(len(note), i): LogRow(len(note), i, b"x") for i in range(200)}}
        )
        elsewhere = _bytes_written() - written - (log.stat().st_size - length)
        assert elsewhere < 100_000


def _bytes_written() -> int:
    """By this process, to all its files."""
    facts = dict(line.split(": ") for line in WRITTEN.read_text().splitlines())
    return int(facts["wchar"])


async def test_an_update_leaves_the_indexes_of_fixed_columns_alone(store: SqliteStore) -> None:
    """The statement that updates names neither key nor fixed columns."""
    await store.commit({PLAIN: {(1,): PlainRow(1, "a", 5, None)}})
    await store.commit({PLAIN: {(1,): PlainRow(1, "b", 6, "n")}})
    assert await store.get(PLAIN, (1,)) == PlainRow(1, "b", 5, "n")


def test_a_single_integer_key_is_the_row_id() -> None:
    """Only other keys get a tree of their own."""
    assert [clustered(table) for table in TABLES] == [False, True, True]


@pytest.mark.parametrize("table", declared_tables(), ids=lambda table: table.name)
def test_scans_come_out_of_their_order(table: Table[Any]) -> None:
    """No scan of any table sorts: its key or its index has the rows in order already."""
    connection = migrated(packaged("sqlite"))
    sorted_scans = []
    for index in (None, *(index.name for index in table.indexes)):
        columns = order_columns(table, index)
        values = tuple({int: 1, str: "a", bytes: b"a"}[column.kind] for column in columns)
        for length in range(len(columns)):
            prefix, after = values[:length], values[length:]
            for bound, reverse in ((None, False), (None, True), (after, False), (after, True)):
                text, bindings = select_scan(
                    table, prefix, index=index, after=bound, until=None, limit=9,
                    reverse=reverse, mark="?", spell_nulls=False,
                )  # fmt: skip
                steps = connection.execute("EXPLAIN QUERY PLAN " + text, bindings).fetchall()
                if any("TEMP B-TREE" in str(step) for step in steps):
                    sorted_scans.append(text)
    assert sorted_scans == []


def test_an_address_is_a_directory_or_a_url(tmp_path: Path) -> None:
    """The factory takes a path, a text that is a path, or a PostgreSQL URL."""
    assert isinstance(open_store(tmp_path, TABLES), SqliteStore)
    assert isinstance(open_store(str(tmp_path), TABLES), SqliteStore)
    assert type(open_store("postgresql://h/d", TABLES)).__name__ == "PostgresStore"
    with pytest.raises(StorageTrouble, match="mysql"):
        open_store("mysql://h/d", TABLES)
