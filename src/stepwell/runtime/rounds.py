"""Work that comes round again and again, beside the loop: clearing what is too old."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Alarm, Clock

_log = logging.getLogger("stepwell.rounds")


class Rounds:
    """One round after the other, `every_ms` after the end of the last, as long as `goes_on` says.

    A round that breaks is logged, and another one comes: it may go better, and without any the
    disk fills up. `name` says in the log what it was.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        alarm: Alarm,
        work: Callable[[], Awaitable[object]],
        every_ms: int,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self._name = name
        self._clock = clock
        self._alarm = alarm
        self._work = work
        self._every_ms = every_ms
        self._goes_on = goes_on
        self._call_off: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def arm(self, after_ms: int | None = None) -> None:
        """Begin, unless they go already: the first round after that time, by default `every_ms`."""
        is_going = self._call_off is not None or self._task is not None
        if is_going or self._closing or not self._goes_on():
            return
        after = self._every_ms if after_ms is None else after_ms
        self._call_off = self._alarm.call_at(self._clock.now() + after, self._ring)

    async def settle(self) -> None:
        """Return once no round is under way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        """Stop; what is left is found by a later round."""
        self._closing = True
        if self._call_off is not None:
            self._call_off()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _ring(self) -> None:
        self._call_off = None
        if not self._closing:
            self._task = asyncio.ensure_future(self._round())

    async def _round(self) -> None:
        try:
            await self._work()
        except StorageTrouble as trouble:
            _log.warning("%s: tried again later: %s", self._name, trouble)
        except Exception:
            _log.exception("%s broke; it is tried again later", self._name)
        self._task = None
        self.arm()
