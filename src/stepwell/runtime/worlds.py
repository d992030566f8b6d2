"""What is around each execution: whether its machine and activities are there, and its pace.

Where AWS's quotas are asked for, the standard executions of an account in a region share a bucket
of state transitions. It refuses nothing: whoever finds it empty goes on when the token that it took
is there, first come, first served. The buckets are in memory only; a restart fills them.
"""

from __future__ import annotations

from collections.abc import Callable

from stepwell.engine.buckets import Buckets, RegionalRate, TokenBucket
from stepwell.engine.limits import World
from stepwell.runtime.live import Live


class Worlds:
    """See the module."""

    def __init__(self, rate: RegionalRate | None) -> None:
        self.activity_exists: Callable[[str], bool] = lambda arn: True
        self.throttled = 0
        """How many transitions and retries had to wait."""
        self._deleted_machines: set[int] = set()
        self._world = World(activity_exists=self._activity_exists)
        self._without_machine = World(True, self._activity_exists)
        self._rate = rate
        self._buckets = Buckets()

    def machine_deleted(self, machine: int) -> None:
        """Its executions end at their next transition."""
        self._deleted_machines.add(machine)

    def around(self, live: Live, machine_of: Callable[[int], int], now: int) -> World:
        """The world of an execution. `machine_of` knows whose the children of a Map Run are."""
        deleted = self._deleted_machines
        if deleted and machine_of(live.row.machine) in deleted:
            return self._without_machine
        if self._rate is None or live.execution.identity.express:
            return self._world
        _, _, _, region, account, _ = live.row.arn.split(":", 5)
        bucket = self._buckets.of((account, region), self._rate.at(region), now)
        return World(activity_exists=self._activity_exists, pace=_Turns(self, bucket))

    def _activity_exists(self, arn: str) -> bool:
        return self.activity_exists(arn)


class _Turns:
    """The bucket of an account, as the engine asks it."""

    __slots__ = ("_bucket", "_worlds")

    def __init__(self, worlds: Worlds, bucket: TokenBucket) -> None:
        self._worlds = worlds
        self._bucket = bucket

    def charge(self, now: int) -> None:
        """See `Pace`."""
        self._bucket.reserve(now)

    def turn_at(self, now: int) -> int:
        """See `Pace`."""
        due_at = self._bucket.reserve(now)
        if due_at > now:
            self._worlds.throttled += 1
        return due_at
