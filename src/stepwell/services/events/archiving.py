"""Events that are kept: each archive takes those of its bus that its pattern wants.

They are kept in the turn that publishes them. What is older than the retention, and what deleted
archives held, is cleared once an hour.
"""

from __future__ import annotations

from typing import Any

from stepwell.runtime.rounds import Rounds
from stepwell.runtime.turn import Turn
from stepwell.services.events.names import BusName
from stepwell.services.events.records import (
    ABANDONED,
    ARCHIVE,
    ARCHIVED,
    AbandonedRow,
    ArchivedRow,
    ArchiveRow,
)
from stepwell.services.parts import ServiceParts
from stepwell.services.patterns.pattern import Wants, compile_pattern
from stepwell.services.shelf import Shelf, all_ready
from stepwell.values import JsonObject, decode, encode_text

SWEEP_MS = 3_600_000
CLEARED_AT_ONCE = 500
_DAY_MS = 86_400_000
_COMPILED_MAX = 1_000
NODE = 0


class Archiving:
    """See the module."""

    def __init__(self, parts: ServiceParts) -> None:
        self._parts = parts
        self.archives = Shelf(ARCHIVE, parts.store, parts.ledger)
        self._abandoned = Shelf(ABANDONED, parts.store, parts.ledger)
        self._compiled: dict[str, Wants] = {}
        self._sweeps = Rounds(
            "clearing archives",
            parts.clock,
            parts.alarm,
            self._sweep,
            SWEEP_MS,
            self._has_something,
        )

    @property
    def shelves(self) -> tuple[Shelf[Any], ...]:
        """What it keeps in memory."""
        return (self.archives, self._abandoned)

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(*self.shelves)

    def has(self, scope: str) -> bool:
        """Whether there is any archive."""
        return bool(self.archives.of(scope))

    def keep(self, turn: Turn, bus: BusName, event: JsonObject) -> None:
        """Put an event into the archives that want it; replayed ones are there already."""
        archives = self.archives.of(bus.scope)
        if not archives or "replay-name" in event:
            return
        for archive in archives:
            if archive.bus == bus.path and self._wants(archive, event):
                self._add(turn, archive, encode_text(event))

    def abandon(self, turn: Turn, archive: ArchiveRow) -> None:
        """Forget an archive."""
        self.archives.delete(turn, archive.scope, archive.name)
        self._abandoned.put(turn, AbandonedRow(NODE, archive.id))

    def watch(self) -> None:
        """Clear what is too old in an hour, if there is anything to clear at all."""
        self._sweeps.arm()

    def _has_something(self) -> bool:
        return any(self.archives.everything()) or any(self._abandoned.everything())

    async def settle(self) -> None:
        """Return once what is due is cleared."""
        await self._sweeps.settle()

    async def close(self) -> None:
        """Stop clearing."""
        await self._sweeps.close()

    def _wants(self, archive: ArchiveRow, event: JsonObject) -> bool:
        if archive.pattern is None:
            return True
        wants = self._compiled.get(archive.pattern)
        if wants is None:
            if len(self._compiled) >= _COMPILED_MAX:
                self._compiled.clear()
            wants = self._compiled[archive.pattern] = compile_pattern(decode(archive.pattern))
        return wants(event)

    def _add(self, turn: Turn, archive: ArchiveRow, text: str) -> None:
        now, number = self._parts.clock.now(), self._parts.ids.next_id()
        turn.put(ARCHIVED, ArchivedRow(archive.id, now, number, text))
        counted = archive._replace(
            events=archive.events + 1, bytes=archive.bytes + len(text.encode())
        )
        self.archives.put(turn, counted)

    async def _sweep(self) -> None:
        await self.ready()
        for archive in list(self.archives.everything()):
            if archive.retention_days:
                before = self._parts.clock.now() - archive.retention_days * _DAY_MS
                await self._clear(archive.id, before)
        for row in list(self._abandoned.everything()):
            await self._clear(row.archive, None)
            with self._parts.ledger.stage() as turn:
                self._abandoned.delete(turn, row.node, row.archive)

    async def _clear(self, archive: int, before: int | None) -> None:
        until = None if before is None else (before,)
        while True:
            rows = await self._parts.store.scan(
                ARCHIVED, (archive,), until=until, limit=CLEARED_AT_ONCE
            )
            with self._parts.ledger.stage() as turn:
                for row in rows:
                    turn.delete(ARCHIVED, ARCHIVED.key_of(row))
                self._count_off(turn, archive, rows)
            await self._parts.ledger.committed()
            if len(rows) < CLEARED_AT_ONCE:
                return

    def _count_off(self, turn: Turn, archive: int, rows: list[ArchivedRow]) -> None:
        found = next((row for row in self.archives.everything() if row.id == archive), None)
        if found is not None and rows:
            size = sum(len(row.event.encode()) for row in rows)
            left = found._replace(events=found.events - len(rows), bytes=found.bytes - size)
            self.archives.put(turn, left)
