"""What the stack service needs from elsewhere, and what its rows need of the work on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stepwell.deploy.resource_type import Cloud
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.records import LeftoverRow, ResourceRow, StackRow

Target = tuple[str, str, int]
"""Stack, logical id, and number: of a leftover, or 0 for the resource itself."""

Record = Callable[[], None]
"""Records how an attempt began, in a turn of its own."""


class Clouds(Protocol):
    """The server's services, as accounts call them."""

    def at(self, account: str, region: str) -> Cloud:
        """The services as that account calls them in that region."""


class Deploying(Protocol):
    """What makes stacks go on."""

    def poke(self, stack: str) -> None:
        """Have a look at a stack, soon: something about it changed."""

    def begin(self, turn: Turn, target: Target) -> None:
        """Work at the attempt that is staged for a resource, once it is on disk."""

    def ring(self, stack: str, at: int) -> None:
        """Have a look at that time."""

    async def resume(self) -> None:
        """Take up everything that is not over."""

    async def over(self, stack: str, patience_ms: int) -> None:
        """Return once the stack's deployment is over, or that time has passed."""

    def stop_waiting(self) -> None:
        """Let everybody go who waits for a deployment."""

    async def settle(self) -> None:
        """Return once nothing runs (what waits for an answer does not count)."""

    @property
    def is_still(self) -> bool:
        """Whether nothing runs."""

    async def close(self) -> None:
        """Let go: everything is recorded and will be taken up again."""


class Waits(Protocol):
    """Resources whose attempts wait for an answer from elsewhere."""

    async def start(self, stack: StackRow, row: ResourceRow) -> Record | None:
        """Begin the attempt at a resource; the answer records that."""

    async def start_leftover(self, stack: StackRow, row: LeftoverRow) -> Record | None:
        """Begin the deletion of a leftover; the answer records that."""

    def collect(self, stack: StackRow) -> None:
        """Record whatever came since the last look."""

    def cancel(self, stack: StackRow) -> None:
        """The way forward has failed: what can be broken off is, and counts as failed."""
