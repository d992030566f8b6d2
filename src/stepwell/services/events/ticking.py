"""Rules with a schedule: each has one alarm, and its row says for when.

What was due while the server was down is made up for once, however often it was. A tick and the
next time are one commit: after a crash a tick has happened or it has not, and happens then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.alarms import Alarms
from stepwell.services.events.names import bus_at
from stepwell.services.events.records import RULE, RuleRow
from stepwell.services.events.times import timestamp
from stepwell.services.parts import ServiceParts
from stepwell.services.reading_again import ReadingAgain
from stepwell.services.schedules.expressions import parse
from stepwell.services.shelf import Shelf
from stepwell.values import JsonObject

Tick = Callable[[Turn, RuleRow, JsonObject], None]


class Ticking:
    """See the module."""

    def __init__(self, parts: ServiceParts, rules: Shelf[RuleRow], tick: Tick) -> None:
        self._parts = parts
        self._rules = rules
        self._tick = tick
        self._alarms: Alarms[Any] = Alarms(parts.alarm)
        self._closing = False
        self._again = ReadingAgain(
            "the schedules of rules",
            parts.ledger,
            parts.clock,
            parts.alarm,
            forget=self._alarms.call_off_all,
            load=self.load,
        )

    async def load(self) -> None:
        """Arm every schedule."""
        await self._rules.ready()
        for rule in self._rules.everything():
            self._arm(rule)

    def close(self) -> None:
        """Stop."""
        self._closing = True
        self._again.close()

    def scheduled(self, rule: RuleRow) -> RuleRow:
        """The rule with the next time it is due, or none when it has no schedule or is off."""
        return rule._replace(due_at=self._due_after(rule, self._parts.clock.now()))

    def arm(self, turn: Turn, rule: RuleRow) -> None:
        """Once the turn is on disk, wait for what the rule says now."""
        turn.after_commit(lambda: self._arm(self._rules.get(*RULE.key_of(rule)) or rule))

    def _due_after(self, rule: RuleRow, after: int) -> int | None:
        if rule.schedule is None or rule.state == "DISABLED":
            return None
        return parse(rule.schedule).next_after(after, anchor=rule.anchor_at)

    def _arm(self, rule: RuleRow) -> None:
        key = RULE.key_of(rule)
        self._alarms.call_off(key)
        current = self._rules.get(*key)
        if current is None or current.due_at is None or self._closing:
            return
        due = current.due_at
        self._alarms.set(key, due, lambda: self._ring(key, due))

    def _ring(self, key: tuple[Any, ...], due: int) -> None:
        if self._closing or not self._rules.is_ready:
            return  # what is read again is armed again
        rule = self._rules.get(*key)
        if rule is None or rule.due_at != due:
            return
        following = rule._replace(due_at=self._due_after(rule, self._parts.clock.now()))
        with self._parts.ledger.stage() as turn:
            self._rules.put(turn, following)
            self._tick(turn, rule, self._event(rule, due))
            self.arm(turn, following)

    def _event(self, rule: RuleRow, due: int) -> JsonObject:
        bus = bus_at(rule.bus)
        return {
            "version": "0",
            "id": self._parts.ids.uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": bus.account,
            "time": timestamp(due),
            "region": bus.region,
            "resources": [bus.rule_arn(rule.name)],
            "detail": {},
        }
