"""The order of a scan, the same in every store.

Rules: a scan follows the key, or an index and then those key columns the index does not have.
NULL comes before everything else. Text is ordered by code point, which is also the order of its
UTF-8 bytes, bytes by value. A bound that is shorter than the order is compared with rows cut to
its length, so `after=("b",)` skips every row that starts with "b" and `until=("b",)` takes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Column, Key, Table

INTEGER_MAX = 2**63 - 1
INTEGER_MIN = -(2**63)


class Bounds(NamedTuple):
    """What a scan is limited to: lower and upper bound of the columns that follow the prefix."""

    lower: Key | None
    lower_inclusive: bool
    upper: Key | None
    upper_inclusive: bool


def order_columns(table: Table[Any], index: str | None) -> tuple[Column, ...]:
    """The columns a scan is ordered by."""
    names = table.key
    if index is not None:
        first = table.index(index).columns
        names = first + tuple(k for k in table.key if k not in first)
    by_name = {column.name: column for column in table.columns}
    return tuple(by_name[name] for name in names)


def bounds_of(after: Key | None, until: Key | None, reverse: bool) -> Bounds:
    """`after` and `until` as lower and upper bound."""
    if reverse:
        return Bounds(until, True, after, False)
    return Bounds(after, False, until, True)


def check_lengths(
    table: Table[Any], columns: tuple[Column, ...], prefix: Key, bounds: Bounds
) -> None:
    """Refuse a prefix or bound that is longer than the order."""
    rest = len(columns) - len(prefix)
    longest = max(len(bounds.lower or ()), len(bounds.upper or ()))
    if rest < longest or rest < 0:
        raise ValueError(f"table {table.name}: the prefix or a bound is longer than the order")
