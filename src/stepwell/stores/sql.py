"""SELECT statements for scans, the same text for SQLite and PostgreSQL but for the placeholders.

Rules: a statement's text depends only on its shape (which columns, where None stands), so it is
built once per shape; values are numbered, None is spelt out. NULL comes first, so conditions on
nullable columns spell out what SQL's comparison leaves unknown; where no NULL can occur a plain row
comparison is used, which both databases answer from the index alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from stepwell.runtime.tables import Column, Key, Table
from stepwell.stores.order import bounds_of, check_lengths, order_columns

SHAPES_CACHED_MAX = 2_048

Shape = tuple[bool, ...]
"""Where values are None."""


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def column_list(names: Sequence[str]) -> str:
    """Identifiers between commas."""
    return ", ".join(quoted(name) for name in names)


def select_list(table: Table[Any], columns: tuple[str, ...] | None = None) -> str:
    """These columns; without them the table's in the order of its row type."""
    return column_list(columns or [column.name for column in table.columns])


class _Term(NamedTuple):
    """A column and the placeholder it is compared with; no placeholder stands for None."""

    column: Column
    place: str | None

    @property
    def name(self) -> str:
        return quoted(self.column.name)


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
    columns: tuple[str, ...] | None = None,
) -> tuple[str, list[Any]]:
    """The statement and its values. `spell_nulls`: the database would put NULL last by itself.
    `columns` are those that are wanted; all of them, if it is None."""
    bounds = bounds_of(after, until, reverse)
    lower, upper = bounds.lower, bounds.upper
    text = _scan_text(
        table,
        index,
        reverse,
        _shape(prefix),
        None if lower is None else _shape(lower),
        None if upper is None else _shape(upper),
        mark,
        spell_nulls,
        columns,
    )
    values = [v for v in (*prefix, *(lower or ()), *(upper or ())) if v is not None]
    values.append(max(limit, 0))
    return text, values


def _shape(values: Key) -> Shape:
    return tuple([value is None for value in values])


@lru_cache(SHAPES_CACHED_MAX)
def _scan_text(
    table: Table[Any],
    index: str | None,
    reverse: bool,
    prefix: Shape,
    lower: Shape | None,
    upper: Shape | None,
    mark: str,
    spell_nulls: bool,
    shown: tuple[str, ...] | None,
) -> str:
    columns = order_columns(table, index)
    check_lengths(table, columns, prefix, bounds_of(lower, upper, False))
    numbers = count(1)

    def terms(of: Sequence[Column], shape: Shape) -> list[_Term]:
        pairs = zip(of, shape, strict=False)
        return [_Term(c, None if null else f"{mark}{next(numbers)}") for c, null in pairs]

    rest = columns[len(prefix) :]
    wanted = [_equal(term) for term in terms(columns, prefix)]
    if lower:
        wanted.append(_above(terms(rest, lower), inclusive=reverse))
    if upper:
        nulls = not lower or lower[0]
        wanted.append(_below(terms(rest, upper), inclusive=not reverse, nulls_first=nulls))
    if (upper if reverse else lower) == ():
        # Every row starts with nothing, so none comes after it.
        wanted.append("1 = 0")
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    order = ", ".join(_direction(column, reverse, spell_nulls) for column in rest)
    by = f" ORDER BY {order}" if order else ""
    limit = f" LIMIT {mark}{next(numbers)}"
    return f"SELECT {select_list(table, shown)} FROM {quoted(table.name)}{where}{by}{limit}"


def _direction(column: Column, reverse: bool, spell_nulls: bool) -> str:
    nulls = ""
    if spell_nulls and column.nullable:
        nulls = " NULLS LAST" if reverse else " NULLS FIRST"
    return quoted(column.name) + (" DESC" if reverse else "") + nulls


def _above(terms: Sequence[_Term], *, inclusive: bool) -> str:
    """Rows greater than the values; a NULL in a row is smaller, which SQL says too."""
    if all(term.place for term in terms):
        return _row_comparison(terms, ">=" if inclusive else ">")
    return _steps(terms, inclusive, _greater)


def _below(terms: Sequence[_Term], *, inclusive: bool, nulls_first: bool) -> str:
    """Rows smaller than the values. `nulls_first`: NULL can occur in the first column."""
    may_be_null = [term.column.nullable for term in terms]
    may_be_null[0] = may_be_null[0] and nulls_first
    if all(term.place for term in terms) and not any(may_be_null):
        return _row_comparison(terms, "<=" if inclusive else "<")
    steps = _steps(terms, inclusive, _smaller)
    first = terms[0]
    if first.place and not may_be_null[0]:
        # This half of the condition is the one the index can answer.
        return f"{first.name} <= {first.place} AND {steps}"
    return steps


def _row_comparison(terms: Sequence[_Term], sign: str) -> str:
    places = ", ".join(str(term.place) for term in terms)
    if len(terms) == 1:
        return f"{terms[0].name} {sign} {places}"
    return f"({', '.join(term.name for term in terms)}) {sign} ({places})"


def _steps(terms: Sequence[_Term], inclusive: bool, differs: Callable[[_Term], str]) -> str:
    """Lexicographic comparison written out: equal so far, then different."""
    equals = [_equal(term) for term in terms]
    choices = [" AND ".join([*equals[:i], differs(term)]) for i, term in enumerate(terms)]
    if inclusive:
        choices.append(" AND ".join(equals))
    return "(" + " OR ".join(f"({choice})" for choice in choices) + ")"


def _equal(term: _Term) -> str:
    return f"{term.name} = {term.place}" if term.place else f"{term.name} IS NULL"


def _greater(term: _Term) -> str:
    return f"{term.name} > {term.place}" if term.place else f"{term.name} IS NOT NULL"


def _smaller(term: _Term) -> str:
    if not term.place:
        return "1 = 0"
    smaller = f"{term.name} < {term.place}"
    return f"({term.name} IS NULL OR {smaller})" if term.column.nullable else smaller


def select_count(
    table: Table[Any], prefix: Key, *, index: str | None, mark: str
) -> tuple[str, list[Any]]:
    """The statement that counts rows with that prefix, and its values."""
    values = [value for value in prefix if value is not None]
    return _count_text(table, index, _shape(prefix), mark), values


@lru_cache(SHAPES_CACHED_MAX)
def _count_text(table: Table[Any], index: str | None, prefix: Shape, mark: str) -> str:
    columns = order_columns(table, index)
    check_lengths(table, columns, prefix, bounds_of(None, None, False))
    numbers = count(1)
    pairs = zip(columns, prefix, strict=False)
    wanted = [_equal(_Term(c, None if null else f"{mark}{next(numbers)}")) for c, null in pairs]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return f"SELECT count(*) FROM {quoted(table.name)}{where}"


@lru_cache(SHAPES_CACHED_MAX)
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
