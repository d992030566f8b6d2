"""All functions, and what runs them.

Operations are plain functions in the modules beside this one that take the `Lambda`. They wait for
`ready`, then look up, check and stage without waiting, and answer after the commit.
"""

from __future__ import annotations

from pathlib import Path

from stepwell.services.lambda_.events import Events
from stepwell.services.lambda_.limits import Settings
from stepwell.services.lambda_.pollers import Pollers
from stepwell.services.lambda_.ports import Runner, Sources
from stepwell.services.lambda_.registry import Registry
from stepwell.services.lambda_.running import NoRunner, Running
from stepwell.services.parts import ServiceParts


class Lambda(Registry):
    """See the module."""

    def __init__(
        self,
        parts: ServiceParts,
        *,
        runner: Runner | None = None,
        settings: Settings | None = None,
        scratch: Path | None = None,
        sources: Sources | None = None,
    ) -> None:
        super().__init__(parts, settings, scratch)
        self.sources = sources or Sources()
        self.running = Running(self, runner or NoRunner())
        self.events = Events(self.running)
        self.pollers = Pollers(self.running, self.sources)

    async def load(self) -> None:
        """Pick up where the last process stopped."""
        self.codes.load()
        await self.ready()
        await self.events.load()
        self.pollers.load()

    def stop_waiting(self) -> None:
        """Take nothing more from queues and streams."""
        self.pollers.stop()

    async def close(self) -> None:
        """End what runs; what was accepted is on disk."""
        await self.pollers.close()
        await self.events.close()
        await self.running.close()
        self.codes.close()
