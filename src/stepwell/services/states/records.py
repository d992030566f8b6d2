"""The rows the Step Functions API keeps: machines, versions, aliases, activities, tags.

Definitions are not here: they are the runtime's revisions, and a machine only says which of them is
current.
"""

from __future__ import annotations

from typing import NamedTuple

from stepwell.runtime.tables import Table

ACTIVE, DELETING = range(2)
STATUSES = ("ACTIVE", "DELETING")


class MachineRow(NamedTuple):
    """One state machine."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    """Never used again, so the executions of a deleted machine of the same name stay apart."""
    type: str
    revision: int
    """The current revision."""
    revision_id: str
    """Its revision id as AWS shows it; empty for the first."""
    next_version: int
    """The number of the next version; a deleted version's number never comes back."""
    created_at: int
    updated_at: int
    status: int


MACHINE = Table("machine", MachineRow, ("scope", "name"))


class VersionRow(NamedTuple):
    """One published version of a machine: a revision that got a number."""

    machine: int
    version: int
    revision: int
    revision_id: str
    description: str | None
    created_at: int


VERSION = Table("machine_version", VersionRow, ("machine", "version"))


class AliasRow(NamedTuple):
    """One alias of a machine."""

    machine: int
    name: str
    description: str | None
    routing: str
    """JSON: a list of `[version, weight]`."""
    created_at: int
    updated_at: int


ALIAS = Table("machine_alias", AliasRow, ("machine", "name"))


class ActivityRow(NamedTuple):
    """One activity."""

    scope: str
    name: str
    created_at: int
    encryption: str
    """JSON: the encryptionConfiguration."""


ACTIVITY = Table("activity", ActivityRow, ("scope", "name"))


class TagsRow(NamedTuple):
    """All tags of one resource."""

    arn: str
    tags: str
    """JSON: key -> value, in the order in which they were set."""


TAGS = Table("states_tags", TagsRow, ("arn",))

TABLES = (MACHINE, VERSION, ALIAS, ACTIVITY, TAGS)
