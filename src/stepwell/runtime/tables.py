"""Tables as data.

A table is a NamedTuple of its columns plus its key. Both stores build their SQL from this
declaration, so a service that needs a table declares it once and passes the same contract suite.

Rules: the first key column is the partition key (an execution, a queue, a scope), so that every
table also spreads over a distributed PostgreSQL. Times are epoch milliseconds. Columns are `int`,
`str`, `bytes` or one of them or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from types import UnionType
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R", bound=tuple[Any, ...])
Key = tuple[Any, ...]


class Column(NamedTuple):
    """One column: `kind` is int, str or bytes."""

    name: str
    kind: type
    nullable: bool


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns; scans through it are ordered by them, then by the table's key."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True, eq=False)
class Table(Generic[R]):
    """A table: its row type (a NamedTuple), its key columns and its indexes.

    `fixed` names columns that never change after the row was put first (updates leave them and
    their indexes alone). `append_only` rows are put once: putting a key twice fails the commit,
    which is how a double write is caught.
    """

    name: str
    row: type[R]
    key: tuple[str, ...]
    indexes: Sequence[Index] = ()
    fixed: frozenset[str] = frozenset()
    append_only: bool = False
    columns: tuple[Column, ...] = field(init=False)
    key_positions: tuple[int, ...] = field(init=False)
    key_of: Callable[[R], Key] = field(init=False)
    """The key of a row."""
    make: Callable[[Iterable[Any]], R] = field(init=False)
    """The row of these values."""

    def __post_init__(self) -> None:
        columns = tuple(_column(n, t) for n, t in get_type_hints(self.row).items())
        names = [c.name for c in columns]
        positions = tuple(names.index(k) for k in self.key)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "key_positions", positions)
        object.__setattr__(self, "key_of", _key_reader(positions))
        # Without the call of Python code that `_make` is.
        object.__setattr__(self, "make", partial(tuple.__new__, self.row))

    def index(self, name: str) -> Index:
        """The index of that name."""
        return next(i for i in self.indexes if i.name == name)


def _key_reader(positions: tuple[int, ...]) -> Callable[[Any], Key]:
    if len(positions) == 1:
        only = positions[0]
        return lambda row: (row[only],)
    return itemgetter(*positions)


def _column(name: str, annotation: Any) -> Column:
    nullable = False
    if get_origin(annotation) in (Union, UnionType):
        kinds = [a for a in get_args(annotation) if a is not type(None)]
        nullable = len(kinds) < len(get_args(annotation))
        annotation = kinds[0]
    if annotation not in (int, str, bytes):
        raise TypeError(f"column {name}: {annotation} is not int, str or bytes")
    return Column(name, annotation, nullable)
