"""What every operation of a service does around its own work.

It begins when memory agrees with the store, and answers when everything that it did, and everything
that it saw, is on disk: what a read showed may still have been on its way there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Operation, Params
from stepwell.services.parts import ServiceParts


class Core(Protocol):
    """A service's core, as far as its operations need it here."""

    @property
    def parts(self) -> ServiceParts:
        """What it is built from."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""


C = TypeVar("C", bound=Core)

Run = Callable[[C, Call, Params], Awaitable[Answer]]
"""An operation that waits for something, and stages its own turns."""
Change = Callable[[C, Turn, Call, Params], Answer]
"""An operation that changes something in one turn, without waiting."""
Read = Callable[[C, Call, Params], Answer]
"""An operation that only looks, without waiting."""


def runs(core: C, operations: Mapping[str, Run[C]]) -> dict[str, Operation]:
    """Operations as the gateway calls them."""
    return {name: _run(core, run) for name, run in operations.items()}


def changes(core: C, operations: Mapping[str, Change[C]]) -> dict[str, Operation]:
    """Operations as the gateway calls them. One that raises has changed nothing."""
    return {name: _change(core, change) for name, change in operations.items()}


def reads(core: C, operations: Mapping[str, Read[C]]) -> dict[str, Operation]:
    """Operations as the gateway calls them."""
    return {name: _read(core, read) for name, read in operations.items()}


def _run(core: C, run: Run[C]) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await core.ready()
        answer = await run(core, call, params)
        await core.parts.ledger.committed()
        return answer

    return operation


def _change(core: C, change: Change[C]) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await core.ready()
        with core.parts.ledger.stage() as turn:
            answer = change(core, turn, call, params)
        await core.parts.ledger.committed()
        return answer

    return operation


def _read(core: C, read: Read[C]) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await core.ready()
        answer = read(core, call, params)
        await core.parts.ledger.committed()
        return answer

    return operation
