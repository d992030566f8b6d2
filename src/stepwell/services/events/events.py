"""EventBridge's state: what is configured, and what an event sets off.

Rules: publishing is synchronous and part of the caller's turn, so what goes to an embedded target
is on disk with whatever caused the event, or neither is. It asks for `is_ready` first: after a
failed commit the configuration is read again, and what is in memory until then may be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.events.archiving import Archiving
from stepwell.services.events.dispatch import Dispatch
from stepwell.services.events.matching import Matching
from stepwell.services.events.names import DEFAULT, BusName, bus_at
from stepwell.services.events.records import BUS, CONNECTION, DESTINATION, RULE, TARGET, RuleRow
from stepwell.services.events.replaying import Replaying
from stepwell.services.events.ticking import Ticking
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready
from stepwell.values import JsonObject


class Events:
    """See the module."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self.buses = Shelf(BUS, parts.store, parts.ledger)
        self.rules = Shelf(RULE, parts.store, parts.ledger)
        self.targets = Shelf(TARGET, parts.store, parts.ledger)
        self.connections = Shelf(CONNECTION, parts.store, parts.ledger)
        self.destinations = Shelf(DESTINATION, parts.store, parts.ledger)
        self._dispatch = Dispatch(parts, self.targets)
        self.matching = Matching(self.rules)
        self._wanted: dict[tuple[str, str, str], bool] = {}
        self.archiving = Archiving(parts)
        self.replaying = Replaying(parts, self)
        self.ticking = Ticking(parts, self.rules, self.scheduled)
        self._shelves: tuple[Shelf[Any], ...] = (
            *(self.buses, self.rules, self.targets, self.connections, self.destinations),
            *(self.replaying.replays, *self.archiving.shelves),
        )
        parts.ledger.on_rollback(self.changed)

    async def load(self) -> None:
        """Read what is configured, arm the schedules."""
        await self.ready()
        await self.ticking.load()
        self.archiving.watch()
        self.replaying.load()

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(*self._shelves)

    @property
    def is_ready(self) -> bool:
        """Whether it does now."""
        shelves = (self.rules, self.targets, self.buses, self.archiving.archives)
        return all(shelf.is_ready for shelf in shelves)

    def stop_waiting(self) -> None:
        """Nothing waits for long."""

    async def close(self) -> None:
        """Stop schedules and replays; what is not done goes on at the next start."""
        self.ticking.close()
        await self.archiving.close()
        await self.replaying.close()

    def exists(self, bus: BusName) -> bool:
        """Whether there is such a bus; the default one is there always."""
        return bus.name == DEFAULT or self.buses.get(bus.scope, bus.name) is not None

    def wants(self, account: str, region: str, source: str) -> bool:
        """Whether a rule or an archive of the default bus may want events of a source. Cheap."""
        # Asked at the beginning and the end of every execution: mostly it is one look.
        key = (account, region, source)
        answer = self._wanted.get(key)
        if answer is None:
            scope = f"{account}:{region}"
            answer = self.archiving.has(scope) or self.matching.may_want(
                f"{scope}/{DEFAULT}", source
            )
            if self.is_ready:
                self._wanted[key] = answer
        return answer

    def changed(self) -> None:
        """A rule or an archive is new, different or gone."""
        self._wanted.clear()
        self.matching.changed()

    def publish(
        self,
        turn: Turn,
        bus: BusName,
        event: JsonObject,
        *,
        forwarded: bool = False,
        only: Sequence[str] = (),
    ) -> None:
        """Give an event to the targets of the rules that want it (with `only`, of those ARNs), and
        to archives.

        One that was forwarded from another bus is not forwarded again, as on AWS: so two buses
        cannot keep an event going for ever.
        """
        self.archiving.keep(turn, bus, event)
        for rule in self.matching.wanting(bus.path, event):
            if only and bus.rule_arn(rule.name) not in only:
                continue
            self._dispatch.send(turn, bus, rule, event, forwarded=forwarded)

    def scheduled(self, turn: Turn, rule: RuleRow, event: JsonObject) -> None:
        """A rule's schedule is due: its targets get the event."""
        self._dispatch.send(turn, bus_at(rule.bus), rule, event)
