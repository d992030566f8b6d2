"""How much the gateway takes in, and how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stepwell.runtime.ports import Alarm, Clock
from stepwell.services.apigateway.ports import TooSlow

T = TypeVar("T")

PAYLOAD_BYTES_MAX = 10 * 1024 * 1024
UNDER_WAY_MAX = 1_000
"""How many requests of one server are with integrations at a time; the others wait."""


class Patience:
    """Waits no longer than it is told, on the clock it is given."""

    def __init__(self, clock: Clock, alarm: Callable[[int, Callable[[], None]], object]) -> None:
        self._clock = clock
        self._call_at = alarm

    async def within(self, milliseconds: int, work: Awaitable[T]) -> T:
        """What the work comes to. Raises TooSlow; then the work is cancelled."""
        task = asyncio.ensure_future(work)
        late = False

        def over() -> None:
            nonlocal late
            late = True
            task.cancel()

        call_off = self._call_at(self._clock.now() + milliseconds, over)
        try:
            return await task
        except asyncio.CancelledError:
            if late:
                raise TooSlow from None
            task.cancel()
            raise
        finally:
            call_off()  # type: ignore[operator]


def patience(clock: Clock, alarm: Alarm) -> Patience:
    """A Patience on that clock."""
    return Patience(clock, alarm.call_at)
