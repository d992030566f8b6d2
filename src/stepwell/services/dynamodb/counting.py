"""How many items there are. Few are counted when asked; many are not counted again for a minute."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.ports import Clock, Store
from stepwell.runtime.tables import Table

MANY = 10_000
FRESH_MS = 60_000
KEPT_MAX = 1_000


class Counts:
    """Counts of rows by table and id."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[str, int], tuple[int, int]] = {}

    async def of(self, table: Table[Any], number: int) -> int:
        """How many rows of the table have that id."""
        now = self._clock.now()
        count, at = self._known.get((table.name, number), (0, 0))
        if count >= MANY and now < at + FRESH_MS:
            return count
        count = await self._store.count(table, (number,))
        if count >= MANY:
            if len(self._known) >= KEPT_MAX:
                self._known.clear()
            self._known[table.name, number] = count, now
        return count
