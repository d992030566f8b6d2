"""Calls that wait for their turn, where a rate bounds how many an account makes in a region."""

from __future__ import annotations

import asyncio

from stepwell.engine.buckets import Buckets, Rate
from stepwell.runtime.ports import Alarm, Clock


class Turns:
    """See the module. Without a rate it is always one's turn."""

    def __init__(self, rate: Rate | None, clock: Clock, alarm: Alarm) -> None:
        self._rate = rate
        self._clock = clock
        self._alarm = alarm
        self._buckets = Buckets()

    async def mine(self, account: str, region: str) -> None:
        """Return when it is the caller's turn; who asks first goes first."""
        if self._rate is None:
            return
        now = self._clock.now()
        due_at = self._buckets.of((account, region), self._rate, now).reserve(now)
        if due_at <= now:
            return
        turn = asyncio.Event()
        call_off = self._alarm.call_at(due_at, turn.set)
        try:
            await turn.wait()
        finally:
            call_off()
