"""Rows that live on disk, and what is on its way there: for data too large for memory.

A pure read asks the store: what was acknowledged is there. A change must see what was staged but is
not on disk yet, so it begins with `fetch`, and goes on to `put` or `delete` without waiting:

    rows = await overlay.fetch([key])
    with ledger.stage() as turn:
        overlay.put(turn, changed(rows[key]))
    await ledger.committed()

Between `fetch` and the first await after it nobody else can change these rows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Key, Table
from stepwell.runtime.turn import Turn

R = TypeVar("R", bound=tuple[Any, ...])

CACHED_MAX = 2_000
"""How many rows that nobody uses are remembered."""


class _Held(Generic[R]):
    """What is known of one key. `users` are fetches under way and turns not yet on disk."""

    __slots__ = ("known", "row", "users")

    def __init__(self) -> None:
        self.known = False
        self.row: R | None = None
        self.users = 0


class Overlay(Generic[R]):
    """See the module."""

    def __init__(self, table: Table[R], store: Store, ledger: Ledger) -> None:
        self.table = table
        self._store = store
        self._held: dict[Key, _Held[R]] = {}
        self._idle: OrderedDict[Key, _Held[R]] = OrderedDict()
        ledger.on_rollback(self._forget)

    async def fetch(self, keys: Iterable[Key]) -> dict[Key, R | None]:
        """The rows of those keys as they are now, None where there is none."""
        wanted = list(dict.fromkeys(keys))
        held = {key: self._use(key) for key in wanted}
        try:
            while unknown := [key for key in wanted if not held[key].known]:
                for key in unknown:
                    row = await self._store.get(self.table, key)
                    if not held[key].known:
                        held[key].row, held[key].known = row, True
            return {key: held[key].row for key in wanted}
        finally:
            for key in wanted:
                self._done(key, held[key])

    def known(self, keys: Iterable[Key]) -> Mapping[Key, R | None] | None:
        """The same without waiting, or None when one of them would have to be read first."""
        rows: dict[Key, R | None] = {}
        for key in keys:
            held = self._held.get(key) or self._idle.get(key)
            if held is None or not held.known:
                return None
            rows[key] = held.row
        return rows

    def put(self, turn: Turn, row: R) -> None:
        """Insert or replace a row."""
        turn.put(self.table, row)
        self._change(turn, self.table.key_of(row), row)

    def delete(self, turn: Turn, key: Key) -> None:
        """Delete the row of that key."""
        turn.delete(self.table, key)
        self._change(turn, key, None)

    def _change(self, turn: Turn, key: Key, row: R | None) -> None:
        held = self._use(key)
        held.row, held.known = row, True
        turn.after_commit(lambda: self._done(key, held))

    def _use(self, key: Key) -> _Held[R]:
        held = self._held.get(key)
        if held is None:
            held = self._idle.pop(key) if key in self._idle else _Held()
            self._held[key] = held
        held.users += 1
        return held

    def _done(self, key: Key, held: _Held[R]) -> None:
        held.users -= 1
        if held.users or self._held.get(key) is not held:
            return
        del self._held[key]
        if held.known:
            self._idle[key] = held
            while len(self._idle) > CACHED_MAX:
                self._idle.popitem(last=False)

    def _forget(self) -> None:
        """Nothing that was staged happened: fetches under way read again."""
        for held in self._held.values():
            held.known = False
        self._held = {}
        self._idle.clear()
