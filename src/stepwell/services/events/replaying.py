"""Replays under way: an archive's events go to a bus again, page by page.

The events of a page and how far the replay got are one commit: after a crash it goes on where it
was, and no event is replayed twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from stepwell.errors import StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.events.names import BusName, bus_at
from stepwell.services.events.records import ARCHIVED, REPLAY, ArchivedRow, ReplayRow
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf
from stepwell.values import JsonObject, decode

_log = logging.getLogger("stepwell.events")
PAGE = 100
_TROUBLE_MS = 1_000


class Buses(Protocol):
    """Where replayed events go."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""

    def publish(
        self, turn: Turn, bus: BusName, event: JsonObject, *, only: Sequence[str] = ()
    ) -> None:
        """Give an event to the rules that want it, with `only` to those of them."""


class Replaying:
    """See the module."""

    def __init__(self, parts: ServiceParts, buses: Buses) -> None:
        self._buses = buses
        self._parts = parts
        self.replays = Shelf(REPLAY, parts.store, parts.ledger)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closing = False

    def load(self) -> None:
        """Go on with what was under way."""
        for row in self.replays.everything():
            if row.state == "RUNNING":
                self.begin(row.scope, row.name)

    def begin(self, scope: str, name: str) -> None:
        """Let a replay run, if it does not."""
        key = (scope, name)
        if self._closing or key in self._tasks:
            return
        task = self._tasks[key] = asyncio.ensure_future(self._run(key))
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def settle(self) -> None:
        """Return once none runs."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks.values()), return_exceptions=True)

    async def close(self) -> None:
        """Stop where they are."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: tuple[str, str]) -> None:
        try:
            # What was put just before the replay began must be there to be read.
            await self._parts.ledger.committed()
            more = True
            while more:
                more = await self._page(key)
                await self._parts.ledger.committed()
        except StorageTrouble as trouble:
            _log.warning("the replay %s goes on later: %s", key[1], trouble)
            later = self._parts.clock.now() + _TROUBLE_MS
            self._parts.alarm.call_at(later, lambda: self.begin(*key))

    async def _page(self, key: tuple[str, str]) -> bool:
        """Replay some events; whether there may be more."""
        await self._buses.ready()
        row = self.replays.get(*key)
        if row is None or row.state != "RUNNING":
            return False
        found = await self._parts.store.scan(
            ARCHIVED,
            (row.archive,),
            after=(row.at, row.sequence),
            until=(row.until_at,),
            limit=PAGE,
        )
        await self._buses.ready()
        if self.replays.get(*key) is not row:
            return True  # it was cancelled, or read again
        self._replay(row, found)
        return len(found) == PAGE

    def _replay(self, row: ReplayRow, found: list[ArchivedRow]) -> None:
        bus = bus_at(row.bus)
        only: Any = decode(row.rules)
        with self._parts.ledger.stage() as turn:
            for archived in found:
                event: Any = decode(archived.event)
                self._buses.publish(turn, bus, {**event, "replay-name": row.name}, only=only)
            if found:
                last = found[-1]
                row = row._replace(
                    at=last.at, sequence=last.sequence, replayed=row.replayed + len(found)
                )
            if len(found) < PAGE:
                row = row._replace(state="COMPLETED", ended_at=self._parts.clock.now())
            self.replays.put(turn, row)
