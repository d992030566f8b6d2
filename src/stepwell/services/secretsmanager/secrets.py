"""Secrets in memory and on disk.

A secret whose deletion was asked for stays until its window is over; whoever looks then finds
nothing, and the next change of that name lets its rows go.
"""

from __future__ import annotations

import re

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call
from stepwell.services.parts import ServiceParts
from stepwell.services.secretsmanager.errors import marked_for_deletion, not_found
from stepwell.services.secretsmanager.records import (
    SECRET,
    SECRET_VERSION,
    SecretRow,
    SecretVersionRow,
    place,
)
from stepwell.services.shelf import Shelf, all_ready

_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):(\d{12}):secret:(.+)")
_SUFFIX = re.compile(r"(.+)-([A-Za-z0-9]{6})")


class Secrets:
    """See the module."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self.secrets: Shelf[SecretRow] = Shelf(SECRET, parts.store, parts.ledger)
        self.versions: Shelf[SecretVersionRow] = Shelf(SECRET_VERSION, parts.store, parts.ledger)

    async def load(self) -> None:
        """Read everything."""
        await self.ready()

    def stop_waiting(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing is under way here."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.secrets, self.versions)

    def lookup(self, call: Call, given: str) -> SecretRow | None:
        """The secret of a name, an ARN, or an ARN without the characters at its end."""
        arn = _ARN.fullmatch(given)
        if arn is None:
            return self._there(call.scope, given)
        scope, rest = f"{arn[2]}:{arn[1]}", arn[3]
        full = _SUFFIX.fullmatch(rest)
        if full is not None:
            row = self._there(scope, full[1])
            if row is not None and row.suffix == full[2]:
                return row
        return self._there(scope, rest)

    def _there(self, scope: str, name: str) -> SecretRow | None:
        row = self.secrets.get(scope, name)
        return None if row is None or self.is_over(row) else row

    def is_over(self, row: SecretRow) -> bool:
        """Whether its recovery window has passed."""
        return 0 < row.purge_at <= self.parts.clock.now()

    def find(self, call: Call, given: str) -> SecretRow:
        """The secret, deleted or not. Raises ResourceNotFoundException."""
        row = self.lookup(call, given)
        if row is None:
            raise not_found()
        return row

    def find_live(self, call: Call, given: str) -> SecretRow:
        """The secret, if nobody asked for its deletion."""
        row = self.find(call, given)
        if row.deleted_at:
            raise marked_for_deletion()
        return row

    def versions_of(self, row: SecretRow) -> list[SecretVersionRow]:
        """All versions, the oldest first."""
        return sorted(self.versions.of(place(row)), key=lambda version: version.created_at)

    def remove(self, turn: Turn, row: SecretRow) -> None:
        """Delete a secret for good."""
        self.secrets.delete(turn, row.scope, row.name)
        for version in self.versions.of(place(row)):
            self.versions.delete(turn, version.secret, version.version_id)
