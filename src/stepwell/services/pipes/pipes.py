"""All pipes: what operations look up and change, and who reads for them."""

from __future__ import annotations

from stepwell.services.api import Call, Door, Service
from stepwell.services.parts import ServiceParts
from stepwell.services.pipes.api import service
from stepwell.services.pipes.errors import not_found
from stepwell.services.pipes.ports import Surroundings
from stepwell.services.pipes.reading import Reading
from stepwell.services.pipes.records import PIPE, POSITION, PipeRow, PositionRow
from stepwell.services.shelf import Shelf, all_ready


class Pipes:
    """See the module. `begin` once everything else is loaded."""

    def __init__(self, parts: ServiceParts, around: Surroundings) -> None:
        self.parts = parts
        self.around = around
        self.pipes: Shelf[PipeRow] = Shelf(PIPE, parts.store, parts.ledger)
        self.positions: Shelf[PositionRow] = Shelf(POSITION, parts.store, parts.ledger)
        self.reading = Reading(self)

    def services(self) -> list[Service]:
        """Pipes."""
        return [service(self)]

    def doors(self) -> list[Door]:
        """None."""
        return []

    async def load(self) -> None:
        """Read the rows; nothing moves before `begin`."""
        await self.ready()

    def begin(self) -> None:
        """Read for every pipe that runs."""
        self.reading.begin()

    def stop_waiting(self) -> None:
        """Take nothing more from queues and streams."""
        self.reading.stop()

    async def close(self) -> None:
        """End what is under way; what it held comes back."""
        await self.reading.close()

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.pipes, self.positions)

    def find(self, call: Call, name: str) -> PipeRow:
        """The pipe of that name. Raises ServiceError."""
        row = self.pipes.get(call.scope, name)
        if row is None:
            raise not_found(name)
        return row
