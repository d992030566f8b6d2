"""What a row may hold: exactly the declared types, whole numbers of 64 bits, NULL where allowed."""

from __future__ import annotations

from typing import Any

from stepwell.errors import StorageTrouble
from stepwell.runtime.tables import Table
from stepwell.stores.order import INTEGER_MAX, INTEGER_MIN


def check_row(table: Table[Any], row: tuple[Any, ...]) -> None:
    """Raise StorageTrouble naming the column that does not fit its declaration."""
    if len(row) != len(table.columns):
        raise StorageTrouble(
            f"table {table.name}: a row has {len(row)} values for {len(table.columns)} columns"
        )
    for column, value in zip(table.columns, row, strict=True):
        if value is None:
            if not column.nullable:
                raise StorageTrouble(f"table {table.name}: column {column.name} must not be None")
        elif not isinstance(value, column.kind):
            raise StorageTrouble(
                f"table {table.name}: column {column.name} holds {column.kind.__name__}, "
                f"not {type(value).__name__}"
            )
        elif isinstance(value, str) and not value.isascii():
            _check_text(table, column.name, value)
        elif isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
            raise StorageTrouble(
                f"table {table.name}: column {column.name} holds 64 bits, {value} is too large"
            )


def _check_text(table: Table[Any], column: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise StorageTrouble(f"table {table.name}: column {column}: {error}") from error
