"""The migrations lead to what the tables declare; a database they did not make is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from stepwell.errors import StorageTrouble, StoreTooNew
from stepwell.runtime.tables import Index, Table
from stepwell.stores.migrations import WRITE_COMMAND, Migration, generated, packaged, write
from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.migrations.write import difference, main, migrated
from stepwell.stores.schema import DIALECTS
from stepwell.stores.sqlite import SqliteStore
from tests.stores.introspection import declared, in_postgres, in_sqlite

HOW = f"write the migration: {WRITE_COMMAND} NAME (or --rewrite-first before the first release)"


class OldRow(NamedTuple):
    """A table as it was."""

    id: int
    name: str


class NewRow(NamedTuple):
    """The table with one column more."""

    id: int
    name: str
    note: str | None


class StrictRow(NamedTuple):
    """The table with a column that every row must have."""

    id: int
    name: str
    note: str


OLD = Table("thing", OldRow, ("id",), indexes=(Index("thing_name", ("name",)),))
NEW = Table("thing", NewRow, ("id",), indexes=(Index("thing_note", ("note", "name")),))
STRICT = Table("thing", StrictRow, ("id",))
OTHER = Table("other", OldRow, ("name", "id"))


def test_sqlite_is_as_declared() -> None:
    """All migrations together make just the declared tables."""
    schema = in_sqlite(migrated(packaged("sqlite")))
    assert schema == declared(declared_tables(), "sqlite"), HOW


async def test_postgres_is_as_declared(postgres_url: str) -> None:
    """All migrations together make just the declared tables."""
    connection = await asyncpg.connect(postgres_url)
    try:
        for migration in packaged("postgres"):
            await connection.execute(migration.text)
        schema = await in_postgres(connection)
    finally:
        await connection.close()
    assert schema == declared(declared_tables(), "postgres"), HOW


def test_migrations_are_numbered_without_a_gap() -> None:
    """Both databases have the same numbers and names, from 1."""
    sqlite, postgres = ([(m.number, m.name) for m in packaged(d)] for d in DIALECTS)
    assert sqlite == postgres
    assert [number for number, _ in sqlite] == list(range(1, len(sqlite) + 1))


def test_every_index_and_table_name_is_used_once() -> None:
    """Names of tables and indexes share one space in PostgreSQL."""
    names = [t.name for t in declared_tables()]
    names += [index.name for t in declared_tables() for index in t.indexes]
    assert len(names) == len(set(names))


def test_the_tool_writes_what_is_missing() -> None:
    """New tables, new columns, new and dropped indexes, dropped tables."""
    connection = migrated(generated((OLD,), "sqlite"))
    statements = difference(connection, (NEW, OTHER), "sqlite")
    connection.execute("\n".join(statements))
    assert in_sqlite(connection) == declared((NEW, OTHER), "sqlite")
    assert difference(connection, (NEW, OTHER), "sqlite") == []
    assert difference(connection, (NEW,), "postgres") == ['DROP TABLE "other";']


async def test_what_the_tool_writes_works_in_postgres(postgres_url: str) -> None:
    """The same difference in PostgreSQL's words leads to the same shapes."""
    old = migrated(generated((OLD,), "sqlite"))
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(generated((OLD,), "postgres")[0].text)
        await connection.execute("\n".join(difference(old, (NEW, OTHER), "postgres")))
        assert await in_postgres(connection) == declared((NEW, OTHER), "postgres")
    finally:
        await connection.close()


@pytest.mark.parametrize(("before", "after"), [(OLD, STRICT), (NEW, OLD)])
def test_the_tool_leaves_hard_changes_to_people(before: Table[Any], after: Table[Any]) -> None:
    """A column that must have a value, or one that goes, is not invented."""
    with pytest.raises(ValueError, match="note"):
        difference(migrated(generated((before,), "sqlite")), (after,), "sqlite")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the tool writes: not into the product."""
    for dialect in DIALECTS:
        (tmp_path / dialect).mkdir()
    monkeypatch.setattr(write, "FOLDER", tmp_path)
    monkeypatch.setattr(write, "packaged", lambda dialect: generated((OLD,), dialect))
    return tmp_path


def test_the_command_writes_the_next_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file per database, in its own words."""
    monkeypatch.setattr(write, "declared_tables", lambda: (OLD, OTHER))
    assert main(["other"]) == 0
    assert "WITHOUT ROWID" in (folder / "sqlite" / "0002_other.sql").read_text()
    assert 'COLLATE "C"' in (folder / "postgres" / "0002_other.sql").read_text()


def test_the_command_writes_nothing_when_all_is_declared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so and leaves no empty file."""
    monkeypatch.setattr(write, "declared_tables", lambda: (OLD,))
    assert main(["nothing"]) == 0
    assert "as declared" in capsys.readouterr().out
    assert not list(folder.glob("*/*"))


def test_the_command_refuses_hard_changes_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, no file."""
    monkeypatch.setattr(write, "declared_tables", lambda: (STRICT,))
    assert main(["strict"]) == 1
    assert "must allow None" in capsys.readouterr().err
    assert not list(folder.glob("*/*"))


def test_the_first_migration_can_be_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--rewrite-first writes number 0001 from the declarations alone."""
    monkeypatch.setattr(write, "declared_tables", lambda: (NEW,))
    assert main(["--rewrite-first"]) == 0
    text = (folder / "sqlite" / "0001_first.sql").read_text()
    assert in_sqlite(migrated((Migration(1, "first", text),))) == declared((NEW,), "sqlite")


async def test_later_migrations_are_applied_to_old_data(tmp_path: Path) -> None:
    """A database of version 1 opens with version 2 and keeps its rows."""
    first = generated((OLD,), "sqlite")
    store = SqliteStore(tmp_path, (OLD,), migrations=first)
    await store.open()
    await store.commit({OLD: {(1,): OldRow(1, "one")}})
    await store.close()
    text = "\n".join(difference(migrated(first), (NEW,), "sqlite"))
    again = SqliteStore(tmp_path, (NEW,), migrations=(*first, Migration(2, "note", text)))
    await again.open()
    assert await again.get(NEW, (1,)) == NewRow(1, "one", None)
    await again.close()


async def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    """All missing migrations are one transaction."""
    first = generated((OLD,), "sqlite")
    bad = (Migration(2, "good", "CREATE TABLE x (y);"), Migration(3, "bad", "NONSENSE;"))
    with pytest.raises(StorageTrouble):
        await SqliteStore(tmp_path, (OLD,), migrations=(*first, *bad)).open()
    store = SqliteStore(tmp_path, (OLD,), migrations=first)
    await store.open()
    await store.close()


async def test_data_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """The message names both versions."""
    first = generated((OLD,), "sqlite")
    newer = SqliteStore(tmp_path, (OLD,), migrations=(*first, Migration(2, "next", "SELECT 1;")))
    await newer.open()
    await newer.close()
    with pytest.raises(StoreTooNew, match=r"schema version 2, .* up to 1"):
        await SqliteStore(tmp_path, (OLD,), migrations=first).open()


async def test_data_of_another_development_build_is_refused(tmp_path: Path) -> None:
    """A first migration that was rewritten since is noticed."""
    store = SqliteStore(tmp_path, (OLD,), migrations=generated((OLD,), "sqlite"))
    await store.open()
    await store.close()
    with pytest.raises(StorageTrouble, match="development build"):
        await SqliteStore(tmp_path, (OTHER,), migrations=generated((OTHER,), "sqlite")).open()


async def test_a_table_without_a_migration_is_named(tmp_path: Path) -> None:
    """Whoever declares a table and forgets its migration reads which command writes it."""
    with pytest.raises(StorageTrouble, match=r"table thing .*migrations\.write"):
        await SqliteStore(tmp_path, (OLD,), migrations=generated((OTHER,), "sqlite")).open()
