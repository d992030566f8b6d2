"""IAM in memory and on disk: entities by kind and name, and what hangs on them."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

from stepwell.services.iam.errors import already_exists, no_such_entity
from stepwell.services.iam.records import (
    ACCESS_KEY,
    ATTACHMENT,
    ENTITY,
    GROUP,
    INLINE,
    MEMBER,
    POLICY,
    POLICY_VERSION,
    PROFILE,
    ROLE,
    USER,
    AccessKeyRow,
    AttachmentRow,
    EntityRow,
    InlineRow,
    MemberRow,
    PolicyVersionRow,
)
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready
from stepwell.values import encode_text

_PREFIXES = {ROLE: "AROA", USER: "AIDA", GROUP: "AGPA", PROFILE: "AIPA", POLICY: "ANPA"}
_MISSING = {
    ROLE: "The role with name {} cannot be found.",
    USER: "The user with name {} cannot be found.",
    GROUP: "The group with name {} cannot be found.",
    PROFILE: "Instance Profile {} cannot be found.",
    POLICY: "Policy {} was not found.",
}
_TAKEN = {
    ROLE: "Role with name {} already exists.",
    USER: "User with name {} already exists.",
    GROUP: "Group with name {} already exists.",
    PROFILE: "Instance Profile {} already exists.",
    POLICY: "A policy called {} already exists. Duplicate names are not allowed.",
}


class Iam:
    """See the module."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        store, ledger = parts.store, parts.ledger
        self.entities: Shelf[EntityRow] = Shelf(ENTITY, store, ledger)
        self.inline: Shelf[InlineRow] = Shelf(INLINE, store, ledger)
        self.attachments: Shelf[AttachmentRow] = Shelf(ATTACHMENT, store, ledger)
        self.members: Shelf[MemberRow] = Shelf(MEMBER, store, ledger)
        self.versions: Shelf[PolicyVersionRow] = Shelf(POLICY_VERSION, store, ledger)
        self.keys: Shelf[AccessKeyRow] = Shelf(ACCESS_KEY, store, ledger)

    async def load(self) -> None:
        """Read everything."""
        await self.ready()

    def stop_waiting(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing is under way here."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(
            self.entities,
            self.inline,
            self.attachments,
            self.members,
            self.versions,
            self.keys,
        )

    def find(self, account: str, kind: str, name: str) -> EntityRow:
        """The entity. Raises NoSuchEntity."""
        row = self.entities.get(account, kind, name)
        if row is None:
            raise no_such_entity(_MISSING[kind].format(name))
        return row

    def all_of(self, account: str, kind: str, path_prefix: str = "/") -> list[EntityRow]:
        """The entities of a kind below a path, by name."""
        return [
            row
            for row in self.entities.of(account)
            if row.kind == kind and row.path.startswith(path_prefix)
        ]

    def new(
        self,
        account: str,
        kind: str,
        name: str,
        path: str | None,
        data: dict[str, Any],
        tags: dict[str, str],
    ) -> EntityRow:
        """A new entity's row. Raises EntityAlreadyExists: names differ by more than their case."""
        if any(row.name.lower() == name.lower() for row in self.all_of(account, kind)):
            raise already_exists(_TAKEN[kind].format(name))
        return EntityRow(
            account,
            kind,
            name,
            path or "/",
            self.new_id(_PREFIXES[kind]),
            self.parts.clock.now(),
            encode_text(data),
            encode_text(tags),
        )

    def new_id(self, prefix: str) -> str:
        """An id as AWS's: four letters that name the kind, and chance."""
        return prefix + b32encode(self.parts.ids.secret(20)).decode()[:17]

    async def keep(self, *rows: EntityRow) -> None:
        """Put entities, and return when they are on disk."""
        with self.parts.ledger.stage() as turn:
            for row in rows:
                self.entities.put(turn, row)
        await self.parts.ledger.committed()
