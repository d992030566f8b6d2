"""All pipes as they are kept, and what is around them."""

from __future__ import annotations

from stepwell.services.api import Call
from stepwell.services.parts import ServiceParts
from stepwell.services.pipes.errors import not_found
from stepwell.services.pipes.ports import Surroundings
from stepwell.services.pipes.records import PIPE, POSITION, PipeRow, PositionRow
from stepwell.services.shelf import Shelf, all_ready


class Registry:
    """See the module. Look up when `ready`."""

    def __init__(self, parts: ServiceParts, around: Surroundings) -> None:
        self.parts = parts
        self.around = around
        self.pipes: Shelf[PipeRow] = Shelf(PIPE, parts.store, parts.ledger)
        self.positions: Shelf[PositionRow] = Shelf(POSITION, parts.store, parts.ledger)

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.pipes, self.positions)

    def find(self, call: Call, name: str) -> PipeRow:
        """The pipe of that name. Raises ServiceError."""
        row = self.pipes.get(call.scope, name)
        if row is None:
            raise not_found(name)
        return row
