"""The schema a set of tables asks for, in the words of each database.

Rules: text is ordered by code point (SQLite BINARY, PostgreSQL collation "C"), NULL comes first in
indexes, and an index ends in the table's key, so that scans through it come out of it in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from stepwell.runtime.tables import Column, Index, Table
from stepwell.stores.sql import column_list, quoted

Dialect = Literal["sqlite", "postgres"]
DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgres")

_TYPES: dict[Dialect, dict[type, str]] = {
    "sqlite": {int: "INTEGER", str: "TEXT", bytes: "BLOB"},
    "postgres": {int: "bigint", str: 'text COLLATE "C"', bytes: "bytea"},
}


def clustered(table: Table[Any]) -> bool:
    """SQLite: whether rows live in the key's own tree. A single integer key is the row id."""
    kinds = {column.name: column.kind for column in table.columns}
    return not (len(table.key) == 1 and kinds[table.key[0]] is int)


def create_table(table: Table[Any], dialect: Dialect) -> str:
    """CREATE TABLE."""
    lines = [column_definition(column, dialect) for column in table.columns]
    lines.append(f"PRIMARY KEY ({column_list(table.key)})")
    tail = ""
    if dialect == "sqlite":
        tail = " WITHOUT ROWID, STRICT" if clustered(table) else " STRICT"
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {quoted(table.name)} (\n  {body}\n){tail};"


def column_definition(column: Column, dialect: Dialect) -> str:
    """A column as CREATE TABLE and ADD COLUMN want it."""
    null = "" if column.nullable else " NOT NULL"
    return f"{quoted(column.name)} {_TYPES[dialect][column.kind]}{null}"


def index_columns(table: Table[Any], index: Index, dialect: Dialect) -> tuple[str, ...]:
    """The columns an index is made of. SQLite appends the key by itself."""
    if dialect == "sqlite" or index.unique:
        return index.columns
    return index.columns + tuple(k for k in table.key if k not in index.columns)


def create_index(table: Table[Any], index: Index, dialect: Dialect) -> str:
    """CREATE INDEX."""
    nullable = {column.name for column in table.columns if column.nullable}
    parts = [
        quoted(name) + (" NULLS FIRST" if dialect == "postgres" and name in nullable else "")
        for name in index_columns(table, index, dialect)
    ]
    unique = "UNIQUE " if index.unique else ""
    return (
        f"CREATE {unique}INDEX {quoted(index.name)} ON {quoted(table.name)} ({', '.join(parts)});"
    )


def create_all(tables: Iterable[Table[Any]], dialect: Dialect) -> str:
    """Everything, tables by name, so that the same declarations give the same text."""
    statements = []
    for table in sorted(tables, key=lambda t: t.name):
        statements.append(create_table(table, dialect))
        statements.extend(create_index(table, index, dialect) for index in table.indexes)
    return "\n".join(statements) + "\n"
