"""A core with a fake runner under virtual time: what the worlds of several services stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

from stepwell.testing.functions import FakeRunner, Handler, zip_of
from stepwell.testing.simulation import Faults, Simulation

ROLE = "arn:aws:iam::000000000000:role/any"
ZIP = zip_of({"handler.py": "def handler(event, context):\n    return event\n"})


class Simulated:
    """A simulation whose functions are handlers."""

    def __init__(
        self, handlers: Mapping[str, Handler] | None = None, faults: Sequence[Faults] = ()
    ) -> None:
        self.runner = FakeRunner(handlers)
        self.simulation = Simulation(runner=self.runner, faults=faults)

    def run(self, play: Callable[[Self], Awaitable[None]]) -> None:
        """Play a test to its end."""

        async def client(_: Simulation) -> None:
            await play(self)

        async def main() -> None:
            await self.simulation.run(client)

        asyncio.run(main())

    async def call(self, operation: str, **params: Any) -> Any:
        """One API call, repeated when the process died under it."""
        return await self.simulation.insist(operation, **params)

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await self.simulation.sleep(int(seconds * 1000))

    async def function(self, name: str, **more: Any) -> Any:
        """A function of that name."""
        given: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": ROLE,
            "Code": {"ZipFile": ZIP},
        }
        return await self.call("CreateFunction", **(given | more))
