"""What waits in memory for its time, read again from the store after a failed commit.

Only the store knows what happened: everything in memory is called off and armed anew. A store
that cannot be read now is asked again a second later, until it answers or the service closes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stepwell.errors import StorageTrouble
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock

_log = logging.getLogger("stepwell.services")
_TROUBLE_MS = 1_000


class ReadingAgain:
    """See the module. `forget` calls off what is in memory, `load` arms what the store has."""

    def __init__(
        self,
        what: str,
        ledger: Ledger,
        clock: Clock,
        alarm: Alarm,
        *,
        forget: Callable[[], None],
        load: Callable[[], Awaitable[None]],
    ) -> None:
        self.under_way: set[asyncio.Task[None]] = set()
        """What reads now."""
        self._what = what
        self._clock = clock
        self._alarm = alarm
        self._forget = forget
        self._load = load
        self._closing = False
        ledger.on_rollback(self.begin)

    def begin(self) -> None:
        """Forget what is in memory, and read."""
        self._forget()
        if not self._closing:
            task = asyncio.ensure_future(self._read())
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    def later(self) -> None:
        """Begin after a pause: the store is in trouble."""
        self._alarm.call_at(self._clock.now() + _TROUBLE_MS, self.begin)

    def close(self) -> None:
        """Forget what is in memory, and read no more."""
        self._closing = True
        self._forget()
        for task in list(self.under_way):
            task.cancel()

    async def _read(self) -> None:
        try:
            await self._load()
        except StorageTrouble as trouble:
            _log.warning("%s are read again: %s", self._what, trouble)
            self.later()
