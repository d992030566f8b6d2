"""State machines, activities and tags in memory, as they will be once the open turn is on disk.

Definitions are not here. Loaded at start and again after a failed commit; an operation first awaits
`ready`, then looks up, checks and changes without waiting in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stepwell.errors import StorageTrouble
from stepwell.runtime.ledger import Ledger, Turn
from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Table
from stepwell.services.states.arns import MachineArn, activity_arn, machine_arn, parse_machine
from stepwell.services.states.records import (
    ACTIVITY,
    ALIAS,
    DELETING,
    MACHINE,
    TAGS,
    VERSION,
    ActivityRow,
    AliasRow,
    MachineRow,
    TagsRow,
    VersionRow,
)
from stepwell.services.states.refusals import (
    labels_not_supported,
    machine_deleting,
    machine_missing,
)
from stepwell.values import JsonValue, decode, encode_text

R = TypeVar("R", bound=tuple[Any, ...])

_LOAD_ROWS = 1_000


@dataclass(slots=True, eq=False)
class Machine:
    """A state machine with its versions and aliases."""

    arn: str
    row: MachineRow
    versions: dict[int, VersionRow] = field(default_factory=dict)
    aliases: dict[str, AliasRow] = field(default_factory=dict)

    @property
    def deleting(self) -> bool:
        """Whether it only waits for its running executions to end."""
        return self.row.status == DELETING

    def version_of(self, revision: int) -> VersionRow | None:
        """The version that stands for a revision."""
        found = (row for row in self.versions.values() if row.revision == revision)
        return next(found, None)


class Registry:
    """What exists, by ARN."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self.machines: dict[str, Machine] = {}
        self.activities: dict[str, ActivityRow] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.loaded = False
        self._loading = asyncio.Lock()
        self._reload: asyncio.Task[None] | None = None
        ledger.on_rollback(self._forget)

    async def ready(self) -> None:
        """Return when memory holds what the store holds."""
        if self.loaded:
            return
        async with self._loading:
            if not self.loaded:
                await self._load()
                self.loaded = True

    def machine(self, arn: MachineArn, scope: str, asked: str) -> Machine:
        """The machine of an ARN, deleting or not. Raises StateMachineDoesNotExist."""
        machine = self.machines.get(arn.base)
        if machine is None or arn.scope != scope:
            raise machine_missing(asked)
        return machine

    def active_machine(self, asked: str, scope: str) -> Machine:
        """The machine of an unqualified ARN, if it may still be changed."""
        arn = parse_machine(asked)
        if arn.label:
            raise labels_not_supported()
        if arn.qualified:
            raise machine_missing(asked)
        machine = self.machine(arn, scope, asked)
        if machine.deleting:
            raise machine_deleting(asked)
        return machine

    def machines_of(self, scope: str) -> dict[str, Machine]:
        """The machines of a scope by name, in the order of their names."""
        found = {m.row.name: m for m in self.machines.values() if m.row.scope == scope}
        return dict(sorted(found.items()))

    def machine_numbers(self) -> Iterator[tuple[str, int]]:
        """The scope and id of every machine."""
        return iter([(one.row.scope, one.row.id) for one in self.machines.values()])

    def activities_of(self, scope: str) -> dict[str, ActivityRow]:
        """The activities of a scope by name, in the order of their names."""
        found = {row.name: row for row in self.activities.values() if row.scope == scope}
        return dict(sorted(found.items()))

    def put_machine(self, turn: Turn, machine: Machine, row: MachineRow) -> None:
        """Add or change a machine."""
        turn.put(MACHINE, row)
        machine.row = row
        self.machines[machine.arn] = machine

    def remove_machine(self, turn: Turn, machine: Machine) -> None:
        """Take away a machine. Its revisions stay: its executions are still described by them."""
        turn.delete(MACHINE, (machine.row.scope, machine.row.name))
        self.machines.pop(machine.arn, None)

    def put_tags(self, turn: Turn, arn: str, tags: dict[str, str]) -> None:
        """Replace all tags of a resource."""
        if tags:
            turn.put(TAGS, TagsRow(arn, encode_text(tags)))
            self.tags[arn] = tags
        elif arn in self.tags:
            turn.delete(TAGS, (arn,))
            del self.tags[arn]

    def has_activity(self, arn: str) -> bool:
        """Whether there is an activity of that ARN."""
        return arn in self.activities

    def _forget(self) -> None:
        # Operations wait for the reload. The engine, which looks things up without waiting, sees
        # what was there until then: better than a moment in which nothing exists.
        self.loaded = False
        self._reload = asyncio.ensure_future(self._reloaded())

    async def _reloaded(self) -> None:
        # When this fails, the next operation tries again and answers the trouble.
        with contextlib.suppress(StorageTrouble):
            await self.ready()

    async def _load(self) -> None:
        by_id: dict[int, Machine] = {}
        machines: dict[str, Machine] = {}
        async for row in self._rows(MACHINE):
            machine = Machine(machine_arn(row.scope, row.name), row)
            by_id[row.id] = machines[machine.arn] = machine
        async for version in self._rows(VERSION):
            if version.machine in by_id:
                by_id[version.machine].versions[version.version] = version
        async for alias in self._rows(ALIAS):
            if alias.machine in by_id:
                by_id[alias.machine].aliases[alias.name] = alias
        activities = {activity_arn(r.scope, r.name): r async for r in self._rows(ACTIVITY)}
        tags = {row.arn: _tags(row) async for row in self._rows(TAGS)}
        self.machines, self.activities, self.tags = machines, activities, tags

    async def _rows(self, table: Table[R]) -> AsyncIterator[R]:
        after = None
        while True:
            rows = await self._store.scan(table, after=after, limit=_LOAD_ROWS)
            for row in rows:
                yield row
            if len(rows) < _LOAD_ROWS:
                return
            after = table.key_of(rows[-1])


def _tags(row: TagsRow) -> dict[str, str]:
    value = decode(row.tags)
    assert isinstance(value, dict)
    return {key: str(text) for key, text in value.items()}


def read_routing(alias: AliasRow) -> list[tuple[int, int]]:
    """An alias's routing as (version, weight)."""
    routing: list[tuple[int, int]] = []
    for entry in _list(decode(alias.routing)):
        version, weight = _list(entry)
        assert isinstance(version, int)
        assert isinstance(weight, int)
        routing.append((version, weight))
    return routing


def _list(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value
