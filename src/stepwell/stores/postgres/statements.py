"""Statements that write many rows at once: one array per column."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.tables import Column, Table
from stepwell.stores.sql import column_list, on_conflict, quoted

_ARRAYS = {int: "bigint[]", str: "text[]", bytes: "bytea[]"}


def _arrays(columns: list[Column]) -> str:
    return ", ".join(f"${i}::{_ARRAYS[c.kind]}" for i, c in enumerate(columns, 1))


def insert_rows(table: Table[Any]) -> str:
    """Puts the rows whose columns are given."""
    names = column_list([column.name for column in table.columns])
    return (
        f"INSERT INTO {quoted(table.name)} ({names}) "
        f"SELECT * FROM unnest({_arrays(list(table.columns))}){on_conflict(table)}"
    )


def delete_rows(table: Table[Any]) -> str:
    """Deletes the rows whose key columns are given."""
    name = quoted(table.name)
    key = [table.columns[i] for i in table.key_positions]
    same = " AND ".join(f"{name}.{quoted(k)} = gone.{quoted(k)}" for k in table.key)
    return (
        f"DELETE FROM {name} USING unnest({_arrays(key)}) "
        f"AS gone({column_list(table.key)}) WHERE {same}"
    )
