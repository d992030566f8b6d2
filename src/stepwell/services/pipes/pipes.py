"""All pipes, and who reads for them: what operations look up and change."""

from __future__ import annotations

from stepwell.services.parts import ServiceParts
from stepwell.services.pipes.ports import Surroundings
from stepwell.services.pipes.reading import Reading
from stepwell.services.pipes.registry import Registry


class Pipes(Registry):
    """See the module. `begin` once everything else is loaded."""

    def __init__(self, parts: ServiceParts, around: Surroundings) -> None:
        super().__init__(parts, around)
        self.reading = Reading(self)

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
