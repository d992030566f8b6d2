"""A turn: what operations stage between two commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.runtime.tables import Key, Table


class Turn:
    """Rows staged by operations, last writer wins per key, and what to do once they are safe."""

    __slots__ = ("changes", "done")

    def __init__(self) -> None:
        self.changes: dict[Table[Any], dict[Key, tuple[Any, ...] | None]] = {}
        self.done: list[Callable[[], None]] = []

    def rows(self, table: Table[Any]) -> dict[Key, tuple[Any, ...] | None]:
        """The staged rows of a table by key, to put many at once."""
        return self.changes.setdefault(table, {})

    def put(self, table: Table[Any], row: tuple[Any, ...]) -> None:
        """Insert or replace a row."""
        rows = self.changes.get(table)
        if rows is None:
            rows = self.changes[table] = {}
        rows[table.key_of(row)] = row

    def delete(self, table: Table[Any], key: Key) -> None:
        """Delete the row of that key, if there is one."""
        self.changes.setdefault(table, {})[key] = None

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` on the loop once the turn is on disk; never if it fails."""
        self.done.append(action)

    def absorb(self, other: Turn) -> None:
        """Take over everything another turn staged."""
        for table, rows in other.changes.items():
            mine = self.changes.get(table)
            if mine is None:
                self.changes[table] = rows
            else:
                mine.update(rows)
        self.done.extend(other.done)
