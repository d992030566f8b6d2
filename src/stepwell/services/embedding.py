"""A service as a part of the server: what it keeps, and the ways in to it.

What a service keeps (its core) knows no operation; operations know the core. Each service's
`api.py` puts both together, so that nothing in a service points back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stepwell.runtime.rounds import Rounds
from stepwell.services.api import Door, Service


class Living(Protocol):
    """What lives as long as the server does: a service's core, or its work."""

    async def load(self) -> None:
        """Pick up where the last process stopped. Called once, before any request."""

    def stop_waiting(self) -> None:
        """Make everything that waits for long answer now: the server stops."""

    async def close(self) -> None:
        """End timers and work under way; what was acknowledged is on disk."""


class Readable(Protocol):
    """What is kept, as far as it only has to be read."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """The life of a service that does nothing by itself but clear what is too old."""

    kept: Readable
    rounds: Rounds
    first_ms: int | None = None
    """When the first round begins after a start; by default when any other would."""

    async def load(self) -> None:
        """Read what is kept, and begin the rounds."""
        await self.kept.ready()
        self.rounds.arm(self.first_ms)

    def stop_waiting(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        """Stop the rounds."""
        await self.rounds.close()


@dataclass(frozen=True, slots=True)
class Embedding:
    """A service (`services.api.Embedded`) from its core, its APIs and its doors."""

    core: Living
    apis: Sequence[Service]
    other_ways: Sequence[Door] = ()

    def services(self) -> Sequence[Service]:
        """Its APIs."""
        return self.apis

    def doors(self) -> Sequence[Door]:
        """Its other ways in."""
        return self.other_ways

    async def load(self) -> None:
        """Pick up where the last process stopped."""
        await self.core.load()

    def stop_waiting(self) -> None:
        """Answer what waits."""
        self.core.stop_waiting()

    async def close(self) -> None:
        """End what is under way."""
        await self.core.close()
