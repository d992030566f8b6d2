"""DynamoDB's worker in the background, which is told when there is work (`housekeeping.py`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stepwell.errors import StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.dynamodb import numbers
from stepwell.services.dynamodb.records import ABANDONED, AbandonedRow
from stepwell.services.parts import ServiceParts

_log = logging.getLogger("stepwell.dynamodb")
_TROUBLE_MS = 1_000
_BROKEN_MS = 60_000
NEVER = 1 << 62
"""As a time: there is no further work yet."""
Work = Callable[[], Awaitable[int]]
"""Do what is due now; the time (epoch milliseconds) of what is due next, or `NEVER`."""


async def _nothing() -> int:
    return NEVER


def milliseconds(seconds: str) -> int:
    """The time of an expiry, behind all times if it is that far away."""
    number = numbers.value(seconds)
    return -1 if number < 0 else NEVER if number > NEVER // 1000 else int(number * 1000)


class Chores:
    """The worker. It does nothing before it has taken something on."""

    def __init__(self, parts: ServiceParts) -> None:
        self._parts = parts
        self._do_what_is_due: Work = _nothing
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._closing = False
        self._armed_at = NEVER
        self._call_off: Callable[[], None] = lambda: None
        parts.ledger.on_rollback(self.kick)

    def take_on(self, do_what_is_due: Work) -> None:
        """Do this from now on, whenever there is work."""
        self._do_what_is_due = do_what_is_due

    def kick(self) -> None:
        """There may be work."""
        self._again = True
        if self._task is None and not self._closing:
            self._task = asyncio.ensure_future(self._run())

    def due(self, turn: Turn, at: int) -> None:
        """Once the turn is on disk there will be work at that time."""
        if at < self._armed_at:
            turn.after_commit(lambda: self._arm(at))

    def item_expires(self, turn: Turn, seconds: str | None) -> None:
        """An item that is written expires then."""
        if seconds is not None:
            self.due(turn, milliseconds(seconds))

    def abandon(self, turn: Turn, number: int, kind: str) -> None:
        """Nobody reads these rows any more. Call `kick` after the commit."""
        turn.put(ABANDONED, AbandonedRow(0, number, kind))
        turn.after_commit(self.kick)

    async def settle(self) -> None:
        """Return once there is no work left for now."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Stop. What is left is done after the next start."""
        self._closing = True
        self._call_off()
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _arm(self, at: int) -> None:
        if at < self._armed_at and not self._closing:
            self._call_off()
            self._armed_at = at
            self._call_off = self._parts.alarm.call_at(at, self._ring)

    def _ring(self) -> None:
        self._armed_at = NEVER
        self.kick()

    async def _run(self) -> None:
        try:
            while self._again:
                self._again = False
                self._arm(await self._do_what_is_due())
        except StorageTrouble:
            self._arm(self._parts.clock.now() + _TROUBLE_MS)
        except Exception:
            _log.exception("what DynamoDB does in the background broke")
            self._arm(self._parts.clock.now() + _BROKEN_MS)
        finally:
            self._task = None
