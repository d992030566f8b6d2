"""SELECT statements for scans, the same text for SQLite and PostgreSQL but for the placeholders.

Rules: NULL comes first, so conditions on nullable columns spell out what SQL's comparison leaves
unknown; where no NULL can occur a plain row comparison is used, which both databases answer from
the index alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.runtime.tables import Column, Key, Table
from stepwell.stores.order import bounds_of, check_lengths, order_columns


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def column_list(names: Sequence[str]) -> str:
    """Identifiers between commas."""
    return ", ".join(quoted(name) for name in names)


def select_list(table: Table[Any]) -> str:
    """The table's columns in the order of its row type."""
    return column_list([column.name for column in table.columns])


class _Statement:
    """A WHERE clause in the making: placeholders are numbered as values come in."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.values: list[Any] = []

    def bind(self, value: Any) -> str:
        self.values.append(value)
        return f"{self.mark}{len(self.values)}"

    def equal(self, column: Column, value: Any) -> str:
        name = quoted(column.name)
        return f"{name} IS NULL" if value is None else f"{name} = {self.bind(value)}"

    def row_comparison(self, columns: Sequence[Column], values: Key, sign: str) -> str:
        places = ", ".join(self.bind(value) for value in values)
        if len(values) == 1:
            return f"{quoted(columns[0].name)} {sign} {places}"
        return f"({column_list([c.name for c in columns])}) {sign} ({places})"

    def above(self, columns: Sequence[Column], values: Key, inclusive: bool) -> str:
        """Rows greater than the values; a NULL in a row is smaller, which SQL says too."""
        if None not in values:
            return self.row_comparison(columns, values, ">=" if inclusive else ">")
        return self._steps(columns, values, inclusive, self._greater)

    def below(
        self, columns: Sequence[Column], values: Key, inclusive: bool, nulls_first: bool
    ) -> str:
        """Rows smaller than the values. `nulls_first`: NULL can occur in the first column."""
        sign = "<=" if inclusive else "<"
        may_be_null = [c.nullable for c in columns]
        may_be_null[0] = may_be_null[0] and nulls_first
        if None not in values and not any(may_be_null):
            return self.row_comparison(columns, values, sign)
        steps = self._steps(columns, values, inclusive, self._smaller)
        if values[0] is not None and not may_be_null[0]:
            return f"{quoted(columns[0].name)} <= {self.bind(values[0])} AND ({steps})"
        return steps

    def _steps(self, columns: Sequence[Column], values: Key, inclusive: bool, differs: Any) -> str:
        """Lexicographic comparison written out: equal so far, then different."""
        choices = []
        for i, (column, value) in enumerate(zip(columns, values, strict=True)):
            equals = [self.equal(c, v) for c, v in zip(columns[:i], values[:i], strict=True)]
            choices.append(" AND ".join([*equals, differs(column, value)]))
        if inclusive:
            equals = [self.equal(c, v) for c, v in zip(columns, values, strict=True)]
            choices.append(" AND ".join(equals))
        return "(" + " OR ".join(f"({choice})" for choice in choices) + ")"

    def _greater(self, column: Column, value: Any) -> str:
        name = quoted(column.name)
        return f"{name} IS NOT NULL" if value is None else f"{name} > {self.bind(value)}"

    def _smaller(self, column: Column, value: Any) -> str:
        name = quoted(column.name)
        if value is None:
            return f"{name} <> {name}"
        smaller = f"{name} < {self.bind(value)}"
        return f"({name} IS NULL OR {smaller})" if column.nullable else smaller


def select_scan(
    table: Table[Any],
    prefix: Key,
    *,
    index: str | None,
    after: Key | None,
    until: Key | None,
    limit: int,
    reverse: bool,
    mark: str,
    spell_nulls: bool,
) -> tuple[str, list[Any]]:
    """The statement and its values. `spell_nulls`: the database would put NULL last by itself."""
    columns = order_columns(table, index)
    bounds = bounds_of(after, until, reverse)
    check_lengths(table, columns, prefix, bounds)
    statement = _Statement(mark)
    rest = columns[len(prefix) :]
    wanted = [statement.equal(c, v) for c, v in zip(columns, prefix, strict=False)]
    if bounds.lower:
        wanted.append(
            statement.above(rest[: len(bounds.lower)], bounds.lower, bounds.lower_inclusive)
        )
    if bounds.upper:
        nulls = not bounds.lower or bounds.lower[0] is None
        head = rest[: len(bounds.upper)]
        wanted.append(statement.below(head, bounds.upper, bounds.upper_inclusive, nulls))
    if after == ():
        wanted.append("1 = 0")
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    order = ", ".join(_direction(c, reverse, spell_nulls) for c in rest)
    by = f" ORDER BY {order}" if order else ""
    limited = statement.bind(max(limit, 0))
    text = f"SELECT {select_list(table)} FROM {quoted(table.name)}{where}{by} LIMIT {limited}"
    return text, statement.values


def _direction(column: Column, reverse: bool, spell_nulls: bool) -> str:
    nulls = ""
    if spell_nulls and column.nullable:
        nulls = " NULLS LAST" if reverse else " NULLS FIRST"
    return quoted(column.name) + (" DESC" if reverse else "") + nulls


def select_count(
    table: Table[Any], prefix: Key, *, index: str | None, mark: str
) -> tuple[str, list[Any]]:
    """The statement that counts rows with that prefix, and its values."""
    statement = _Statement(mark)
    columns = order_columns(table, index)
    if len(prefix) > len(columns):
        raise ValueError(f"table {table.name}: the prefix is longer than the order")
    wanted = [statement.equal(c, v) for c, v in zip(columns, prefix, strict=False)]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return f"SELECT count(*) FROM {quoted(table.name)}{where}", statement.values


def select_row(table: Table[Any], mark: str) -> str:
    """The statement that reads one row by its key."""
    where = " AND ".join(f"{quoted(name)} = {mark}{i}" for i, name in enumerate(table.key, 1))
    return f"SELECT {select_list(table)} FROM {quoted(table.name)} WHERE {where}"


def delete_row(table: Table[Any]) -> str:
    """SQLite: the statement that deletes one row by its key."""
    where = " AND ".join(f"{quoted(name)} = ?" for name in table.key)
    return f"DELETE FROM {quoted(table.name)} WHERE {where}"


def on_conflict(table: Table[Any]) -> str:
    """The end of an INSERT: what a second put of a key does."""
    if table.append_only:
        return ""
    key = column_list(table.key)
    kept = {*table.key, *table.fixed}
    changing = [quoted(c.name) for c in table.columns if c.name not in kept]
    if not changing:
        return f" ON CONFLICT ({key}) DO NOTHING"
    sets = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return f" ON CONFLICT ({key}) DO UPDATE SET {sets}"
