"""Parameter Store in memory and on disk."""

from __future__ import annotations

from typing import Protocol

from stepwell.services.api import Call
from stepwell.services.parts import ServiceParts
from stepwell.services.shelf import Shelf, all_ready
from stepwell.services.ssm import names
from stepwell.services.ssm.errors import label_not_found, parameter_not_found, version_not_found
from stepwell.services.ssm.records import (
    PARAMETER,
    VERSION,
    ParameterRow,
    VersionRow,
    labels_of,
)


class Secrets(Protocol):
    """Where parameters that stand for secrets come from."""

    async def secret(self, call: Call, name: str) -> tuple[str, str, float] | None:
        """ARN, text and time (epoch seconds) of a secret; None when there is none."""


class Parameters:
    """See the module. `secrets` is set by who knows the secrets."""

    def __init__(self, parts: ServiceParts) -> None:
        self.parts = parts
        self.secrets: Secrets | None = None
        self.parameters: Shelf[ParameterRow] = Shelf(PARAMETER, parts.store, parts.ledger)
        self.versions: Shelf[VersionRow] = Shelf(VERSION, parts.store, parts.ledger)

    async def load(self) -> None:
        """Read everything."""
        await self.ready()

    def stop_waiting(self) -> None:
        """Nothing waits here."""

    async def close(self) -> None:
        """Nothing is under way here."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await all_ready(self.parameters, self.versions)

    def find(self, call: Call, name: str) -> ParameterRow:
        """The parameter of that name. Raises ParameterNotFound."""
        row = self.parameters.get(call.scope, name)
        if row is None:
            raise parameter_not_found()
        return row

    def newest(self, row: ParameterRow) -> VersionRow:
        """The newest version of a parameter."""
        found = self.versions.get(names.place(row.scope, row.name), row.version)
        assert found is not None
        return found

    def versions_of(self, row: ParameterRow) -> list[VersionRow]:
        """All versions, the oldest first."""
        return self.versions.of(names.place(row.scope, row.name))

    def selected(self, call: Call, given: str) -> tuple[ParameterRow, VersionRow, str]:
        """Parameter, version and selector of `name`, `name:3`, `name:label` or an ARN."""
        name, selector = names.split(given)
        row = self.find(call, name)
        wanted = selector[1:]
        if not wanted:
            return row, self.newest(row), ""
        if wanted.isdecimal():
            found = self.versions.get(names.place(row.scope, row.name), int(wanted))
            if found is None:
                raise version_not_found(wanted, name)
            return row, found, selector
        for version in self.versions_of(row):
            if wanted in labels_of(version):
                return row, version, selector
        raise label_not_found(wanted, name)
