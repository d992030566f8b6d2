"""The event loop as an alarm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from stepwell.runtime.ports import Clock

_SECONDS_MAX = 86_400.0
"""The loop is asked for no longer waits than this; after it one looks again."""


class LoopAlarm:
    """Calls back on the running event loop, never before the clock says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once it is `at`."""
        loop = asyncio.get_running_loop()
        handle: asyncio.TimerHandle

        def look() -> None:
            nonlocal handle
            left_ms = at - self._clock.now()
            if left_ms <= 0:
                action()
            else:
                handle = loop.call_later(min(left_ms / 1000, _SECONDS_MAX), look)

        handle = loop.call_later(min(max(0, at - self._clock.now()) / 1000, _SECONDS_MAX), look)
        return lambda: handle.cancel()
