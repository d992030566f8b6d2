"""Being called at a time: how long polls learn that a delay, a visibility or their wait is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from stepwell.runtime.ports import Clock


class Alarm(Protocol):
    """Calls back at a time of the clock."""

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once it is `at` (epoch milliseconds). The answer calls it off."""


class LoopAlarm:
    """The alarm of the running event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` once the clock says `at`; never early, because it looks again."""
        loop = asyncio.get_running_loop()
        handle: asyncio.TimerHandle

        def ring() -> None:
            nonlocal handle
            left = at - self._clock.now()
            if left > 0:
                handle = loop.call_later(left / 1000, ring)
            else:
                action()

        handle = loop.call_later(max(0, at - self._clock.now()) / 1000, ring)
        return lambda: handle.cancel()
