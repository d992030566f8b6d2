"""Time and chance under control: a clock that moves when it is told to, ids from a seed."""

from __future__ import annotations

import heapq
import random
import uuid
from collections.abc import Callable

START_MS = 1_750_000_000_000


class VirtualClock:
    """A clock and the alarms set on it. Time passes only through `advance`."""

    def __init__(self, now: int = START_MS) -> None:
        self._now = now
        self._alarms: list[tuple[int, int, list[Callable[[], None]]]] = []
        self._count = 0

    def now(self) -> int:
        """Epoch milliseconds."""
        return self._now

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` when time gets there. The answer calls it off."""
        self._count += 1
        holder = [action]
        heapq.heappush(self._alarms, (at, self._count, holder))
        return holder.clear

    def next_alarm(self) -> int | None:
        """When the next alarm rings; None when none is set."""
        while self._alarms and not self._alarms[0][2]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def advance(self, to: int) -> None:
        """Let time pass, and ring what is due on the way, in order."""
        while (at := self.next_alarm()) is not None and at <= to:
            _, _, holder = heapq.heappop(self._alarms)
            self._now = max(self._now, at)
            for action in tuple(holder):
                action()
        self._now = max(self._now, to)

    def silence(self) -> None:
        """Forget every alarm: the process that set them is gone."""
        self._alarms.clear()


class SeededIds:
    """Ids and secrets that are the same again for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._last = 1_000

    def next_id(self) -> int:
        """The next number."""
        self._last += 1
        return self._last

    def uuid(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def secret(self, size: int) -> bytes:
        """That many bytes."""
        return self._random.randbytes(size)
