"""Real time and real chance. The only module that reads a clock or makes random numbers."""

from __future__ import annotations

import os
import time

from stepwell.values import uuid_text

_EPOCH_MS = 1_577_836_800_000
"""Ids count from 2020-01-01, so that 41 bits of milliseconds last until 2089."""
_NODE_BITS, _COUNTER_BITS = 8, 14
_POOL_BYTES = 4096


class SystemClock:
    """The machine's clock, in epoch milliseconds; it stands still when the machine's goes back."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Epoch milliseconds."""
        now = time.time_ns() // 1_000_000
        if now > self._last:
            self._last = now
        return self._last


class SystemIds:
    """Ids that grow with time: milliseconds, node, counter. Secrets from the operating system."""

    def __init__(self, node: int = 0) -> None:
        self._node = node << _COUNTER_BITS
        self._last = 0
        self._counter = 0
        self._pool = b""
        self._drawn = 0

    def next_id(self) -> int:
        """The next id; it borrows from the future when a millisecond runs out of numbers."""
        now = time.time_ns() // 1_000_000 - _EPOCH_MS
        if now > self._last:
            self._last, self._counter = now, 0
        else:
            self._counter += 1
            if self._counter >> _COUNTER_BITS:
                self._last, self._counter = self._last + 1, 0
        return self._last << (_NODE_BITS + _COUNTER_BITS) | self._node | self._counter

    def uuid(self) -> str:
        """A random UUID."""
        return uuid_text(self.secret(16))

    def secret(self, size: int) -> bytes:
        """That many bytes nobody can guess, drawn from a pool so that few calls ask the system."""
        if len(self._pool) - self._drawn < size:
            self._pool, self._drawn = os.urandom(max(_POOL_BYTES, size)), 0
        start, self._drawn = self._drawn, self._drawn + size
        return self._pool[start : self._drawn]
