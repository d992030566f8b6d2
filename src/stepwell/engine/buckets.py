"""Token buckets: how much of something may be done at once, and how much in the long run.

A bucket holds `size` tokens and gets `per_second` back. Time is an argument. Tokens are counted in
thousandths, so that a refill per second is a whole number per millisecond and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
"""Where AWS grants more: US East (N. Virginia), US West (Oregon), Europe (Ireland)."""

_TOKEN = 1_000


class Rate(NamedTuple):
    """A bucket's size and its refill per second."""

    size: int
    per_second: int


class RegionalRate(NamedTuple):
    """What AWS grants in its three large regions, and in all others."""

    large: Rate
    other: Rate

    def at(self, region: str) -> Rate:
        """The rate of a region."""
        return self.large if region in LARGE_REGIONS else self.other


class TokenBucket:
    """See the module. A new one is full."""

    __slots__ = ("_at", "_full", "_level", "_per_ms")

    def __init__(self, rate: Rate, now: int) -> None:
        self._full = self._level = rate.size * _TOKEN
        self._per_ms = rate.per_second
        self._at = now

    def take(self, now: int) -> bool:
        """Take a token, if there is one."""
        self._refill(now)
        if self._level < _TOKEN:
            return False
        self._level -= _TOKEN
        return True

    def reserve(self, now: int) -> int:
        """Take a token that may still have to come; the time when it is there.

        Whoever asks first has the earlier token.
        """
        self._refill(now)
        self._level -= _TOKEN
        if self._level >= 0:
            return now
        return now - self._level // self._per_ms

    def next_at(self, now: int) -> int:
        """When there is a token to take: now, or later."""
        self._refill(now)
        missing = _TOKEN - self._level
        return now if missing <= 0 else now - (-missing // self._per_ms)

    @property
    def left(self) -> int:
        """How many tokens there were when it was last asked."""
        return max(0, self._level // _TOKEN)

    def is_full(self, now: int) -> bool:
        """Whether it tells nothing that a new one would not tell."""
        self._refill(now)
        return self._level == self._full

    def _refill(self, now: int) -> None:
        # A clock that was set back gives nothing, and takes nothing.
        if now > self._at:
            self._level = min(self._full, self._level + (now - self._at) * self._per_ms)
        self._at = now


class Buckets:
    """Buckets by key, made when they are first asked for. Only so many are kept."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._buckets: dict[Hashable, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def of(self, key: Hashable, rate: Rate, now: int) -> TokenBucket:
        """The bucket of a key."""
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._make_room(now)
            bucket = self._buckets[key] = TokenBucket(rate, now)
        return bucket

    def _make_room(self, now: int) -> None:
        """Forget the full ones, and the older half where few are."""
        kept = [item for item in self._buckets.items() if not item[1].is_full(now)]
        self._buckets = dict(kept[-(self._most // 2) :])
