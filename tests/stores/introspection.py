"""What a database says its schema is, in the words of the declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import apsw
import asyncpg

from stepwell.runtime.tables import Table
from stepwell.stores.schema import Dialect, index_columns
from stepwell.stores.sql import quoted

KINDS = {
    "INTEGER": int, "TEXT": str, "BLOB": bytes, "bigint": int, "text": str, "bytea": bytes
}  # fmt: skip
OWN = {"schema_version", "store_fence"}


class Shape(NamedTuple):
    """A table: kind and nullability by column, key, and (columns, unique) by index."""

    columns: dict[str, tuple[type, bool]]
    key: tuple[str, ...]
    indexes: dict[str, tuple[tuple[str, ...], bool]]


def declared(tables: Iterable[Table[Any]], dialect: Dialect) -> dict[str, Shape]:
    """The shapes the declarations ask for."""
    return {
        table.name: Shape(
            {column.name: (column.kind, column.nullable) for column in table.columns},
            table.key,
            {i.name: (index_columns(table, i, dialect), i.unique) for i in table.indexes},
        )
        for table in tables
    }


def in_sqlite(connection: apsw.Connection) -> dict[str, Shape]:
    """The shapes of a SQLite database."""
    names = [
        str(row[0])
        for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    return {name: _sqlite_table(connection, name) for name in names if name not in OWN}


def _sqlite_table(connection: apsw.Connection, name: str) -> Shape:
    info: list[Any] = connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
    key = sorted((row[5], row[1]) for row in info if row[5])
    listed: list[Any] = connection.execute(f"PRAGMA index_list({quoted(name)})").fetchall()
    indexes = {}
    for row in listed:
        if row[3] == "c":
            parts: list[Any] = connection.execute(f"PRAGMA index_info({quoted(row[1])})").fetchall()
            indexes[row[1]] = (tuple(part[2] for part in parts), bool(row[2]))
    return Shape(
        {row[1]: (KINDS[row[2]], not (row[3] or row[5])) for row in info},
        tuple(column for _, column in key),
        indexes,
    )


async def in_postgres(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, Shape]:
    """The shapes of a PostgreSQL database; every text column must be ordered by code point."""
    shapes: dict[str, Shape] = {}
    for name, column, kind, nullable, collation in await connection.fetch(
        "SELECT table_name, column_name, data_type, is_nullable, collation_name "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        if name not in OWN:
            shape = shapes.setdefault(name, Shape({}, (), {}))
            shape.columns[column] = (KINDS[kind], nullable == "YES")
            assert kind != "text" or collation == "C", f"{name}.{column}"
    for name, index, unique, primary, columns in await connection.fetch(
        "SELECT t.relname, i.relname, x.indisunique, x.indisprimary, "
        "array(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY k(number, place) "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.place) "
        "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_class t ON t.oid = x.indrelid WHERE t.relnamespace = 'public'::regnamespace"
    ):
        if name in OWN:
            continue
        if primary:
            shapes[name] = shapes[name]._replace(key=tuple(columns))
        else:
            shapes[name].indexes[index] = (tuple(columns), unique)
    return shapes
