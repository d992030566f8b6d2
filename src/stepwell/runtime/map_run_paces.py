"""How quickly Map Runs begin, and each of them its children, where AWS's quotas are asked for.

A run, and a child, that comes too early waits until its token is there. Nothing of this is on disk:
after a start the buckets are full.
"""

from __future__ import annotations

from collections.abc import Callable

from stepwell.engine.buckets import Buckets, TokenBucket
from stepwell.engine.limits import MapRunRates
from stepwell.runtime.map_run import Run
from stepwell.runtime.ports import Alarm, Clock
from stepwell.runtime.records import RUNNING


class MapRunPaces:
    """See the module. `move_on` is told the number of a run whose time has come."""

    def __init__(
        self,
        rates: MapRunRates | None,
        clock: Clock,
        alarm: Alarm,
        move_on: Callable[[int], None],
    ) -> None:
        self._rates = rates
        self._clock = clock
        self._alarm = alarm
        self._move_on = move_on
        self._starts = Buckets()

    def holds_back(self, run: Run) -> bool:
        """Whether the run must wait; it is moved on when it need not any more."""
        if self._rates is None or run.row.status != RUNNING:
            return False
        now = self._clock.now()
        due_at = self._begins_at(run, self._rates, now)
        if due_at <= now:
            due_at = self._gives_out_at(run, self._rates, now)
        if due_at <= now:
            return False
        if run.due_at <= now:
            run.due_at = due_at
            self._alarm.call_at(due_at, lambda: self._move_on(run.row.id))
        return True

    def _begins_at(self, run: Run, rates: MapRunRates, now: int) -> int:
        """When the run may begin; one that has begun children was not held back any more."""
        if run.begins_at is None:
            _, _, _, region, account, _ = run.row.arn.split(":", 5)
            bucket = self._starts.of((account, region), rates.runs, now)
            run.begins_at = now if run.row.children else bucket.reserve(now)
        return run.begins_at

    def _gives_out_at(self, run: Run, rates: MapRunRates, now: int) -> int:
        """When the run may begin another child, if that is what it has to do next."""
        if run.paces is None:
            rate = rates.express_children if run.row.express else rates.standard_children
            run.paces = TokenBucket(rate, now)
        due_at = run.paces.next_at(now)
        return due_at if run.has_more and run.room_at_a_time > 0 else now
