"""CloudFormation in memory and on disk: stacks by id and name, and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.cloudformation.errors import no_stack
from stepwell.services.cloudformation.ports import Clouds, Deploying, Waits
from stepwell.services.cloudformation.records import (
    CHANGE_SET,
    EXPORT,
    IMPORT,
    LEFTOVER,
    NAME,
    RESOURCE,
    STACK,
    VERSION,
    WAIT,
    ChangeSetRow,
    ExportRow,
    ImportRow,
    LeftoverRow,
    NameRow,
    ResourceRow,
    StackRow,
    VersionRow,
    WaitRow,
)
from stepwell.services.cloudformation.versions import Versions
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready


class Stacks:
    """See the module. Those who work on the rows stand above them (`take_on`)."""

    def __init__(self, parts: ServiceParts, clouds: Clouds, base_url: Callable[[], str]) -> None:
        """`base_url` is this server's, as functions reach it."""
        self.parts = parts
        self.clouds = clouds
        self.base_url = base_url
        self.patience_ms = 0
        """How long the answer that begins a deployment waits for its end (see `patience`)."""
        store, ledger = parts.store, parts.ledger
        self.stacks: Shelf[StackRow] = Shelf(STACK, store, ledger)
        self.names: Shelf[NameRow] = Shelf(NAME, store, ledger)
        self.details: Shelf[VersionRow] = Shelf(VERSION, store, ledger)
        self.resources: Shelf[ResourceRow] = Shelf(RESOURCE, store, ledger)
        self.leftovers: Shelf[LeftoverRow] = Shelf(LEFTOVER, store, ledger)
        self.change_sets: Shelf[ChangeSetRow] = Shelf(CHANGE_SET, store, ledger)
        self.exports: Shelf[ExportRow] = Shelf(EXPORT, store, ledger)
        self.imports: Shelf[ImportRow] = Shelf(IMPORT, store, ledger)
        self.waits: Shelf[WaitRow] = Shelf(WAIT, store, ledger)
        self._shelves: tuple[Shelf[Any], ...] = (
            self.stacks,
            self.names,
            self.details,
            self.resources,
            self.leftovers,
            self.change_sets,
            self.exports,
            self.imports,
            self.waits,
        )
        self.event_at = 0
        """When the last event was, in epoch milliseconds."""
        self.versions = Versions(parts, self.details, self.change_sets)
        self.deployments: Deploying
        self.waiting: Waits

    def take_on(self, deployments: Deploying, waiting: Waits) -> None:
        """Who works on the rows from now on. Called once, before `load`."""
        self.deployments = deployments
        self.waiting = waiting

    async def load(self) -> None:
        """Read everything."""
        await self.ready()

    def stop_waiting(self) -> None:
        """Answer those whose deployment is not over yet."""
        self.deployments.stop_waiting()

    async def close(self) -> None:
        """Let deployments go: they are on disk and go on with the next start."""
        await self.deployments.close()

    @property
    def is_ready(self) -> bool:
        """Whether memory agrees with the store now."""
        return all(shelf.is_ready for shelf in self._shelves)

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(*self._shelves)

    async def read_again(self) -> None:
        """Make memory agree with the store: a bug may have left it half changed."""
        for shelf in self._shelves:
            shelf.read_again()
        self.versions.forget_goals()
        await self.ready()

    def named(self, scope: str, name: str) -> StackRow | None:
        """The stack that has a name now; a name may also be the id of a stack, deleted or not."""
        if name.startswith("arn:"):
            found = self.stacks.get(name)
            return found if found is not None and found.scope == scope else None
        known = self.names.get(scope, name)
        return None if known is None else self.stacks.get(known.stack)

    def find(self, call: Call, name: str) -> StackRow:
        """The stack of a name or id. Raises ValidationError."""
        row = self.named(call.scope, name)
        if row is None:
            raise no_stack(name)
        return row

    def all_of(self, scope: str) -> list[StackRow]:
        """The stacks of an account and region, the newest first."""
        rows = [row for row in self.stacks.everything() if row.scope == scope]
        return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)

    def put(self, turn: Turn, row: StackRow) -> None:
        """Keep a stack's row."""
        self.stacks.put(turn, row)
