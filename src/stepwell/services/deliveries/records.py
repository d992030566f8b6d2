"""The rows of deliveries that have not arrived yet."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table

SHARD = 0


class DeliveryRow(NamedTuple):
    """One delivery that is under way or will be tried again."""

    shard: int
    id: int
    target: str
    delivery: str
    """JSON: everything else about it."""
    made_at: int
    attempts: int
    """How often it was refused."""
    due_at: int


DELIVERY = Table("delivery", DeliveryRow, ("shard", "id"))

TABLES: tuple[Table[Any], ...] = (DELIVERY,)
