"""Scheduler's state, and when its schedules are due.

Every schedule has one alarm, and its row says for when. A call of the target, the next time and
the end of a schedule that is completed are one commit. What was due while the server was down is
made up for once, as long as the end date is not over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.alarms import Alarms
from stepwell.services.parts import ServiceParts
from stepwell.services.reading_again import ReadingAgain
from stepwell.services.scheduler.calls import delivery_of
from stepwell.services.scheduler.names import DEFAULT, GroupName
from stepwell.services.scheduler.records import GROUP, SCHEDULE, ScheduleRow
from stepwell.services.scheduler.timing import due_after, fire_time
from stepwell.services.shelf import Shelf, all_ready

RunsAction = Callable[[str, str], bool]


class Scheduler:
    """See the module. `runs_action` says which `aws-sdk` actions this server has."""

    def __init__(self, parts: ServiceParts, runs_action: RunsAction) -> None:
        self.parts = parts
        self.groups = Shelf(GROUP, parts.store, parts.ledger)
        self.schedules = Shelf(SCHEDULE, parts.store, parts.ledger)
        self.runs_action = runs_action
        self._alarms: Alarms[Any] = Alarms(parts.alarm)
        self._closing = False
        self._again = ReadingAgain(
            "schedules",
            parts.ledger,
            parts.clock,
            parts.alarm,
            forget=self._alarms.call_off_all,
            load=self.load,
        )

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.groups, self.schedules)

    async def load(self) -> None:
        """Arm every schedule."""
        await self.ready()
        for row in self.schedules.everything():
            self._arm(SCHEDULE.key_of(row))

    def stop_waiting(self) -> None:
        """Nothing waits for long."""

    async def close(self) -> None:
        """Stop the schedules."""
        self._closing = True
        self._again.close()

    def exists(self, group: GroupName) -> bool:
        """Whether there is such a group; the default one is there always."""
        return group.name == DEFAULT or self.groups.get(group.scope, group.name) is not None

    def put(self, turn: Turn, row: ScheduleRow, due: int | None) -> None:
        """Keep a schedule that is due then, and wait for it once it is on disk."""
        fire = fire_time(row, due, self.parts.ids)
        self.schedules.put(turn, row._replace(due_at=due, fire_at=fire))
        self._arm_later(turn, row)

    def delete(self, turn: Turn, row: ScheduleRow) -> None:
        """Forget a schedule."""
        self.schedules.delete(turn, *SCHEDULE.key_of(row))
        self._arm_later(turn, row)

    def _arm_later(self, turn: Turn, row: ScheduleRow) -> None:
        key = SCHEDULE.key_of(row)
        turn.after_commit(lambda: self._arm(key))

    def _arm(self, key: Any) -> None:
        self._alarms.call_off(key)
        row = self.schedules.get(*key)
        if row is None or row.fire_at is None or self._closing:
            return
        fire = row.fire_at
        self._alarms.set(key, fire, lambda: self._ring(key, fire))

    def _ring(self, key: Any, fire: int) -> None:
        if self._closing or not self.schedules.is_ready:
            return  # what is read again is armed again
        row = self.schedules.get(*key)
        if row is None or row.fire_at != fire or row.due_at is None:
            return
        now = self.parts.clock.now()
        following = due_after(row, max(now, row.due_at))
        with self.parts.ledger.stage() as turn:
            if row.end_at is None or now <= row.end_at:
                self.parts.deliveries.send(turn, delivery_of(row, row.due_at, self.parts.ids))
            if following is None and row.completion == "DELETE":
                self.delete(turn, row)
            else:
                self.put(turn, row, following)
