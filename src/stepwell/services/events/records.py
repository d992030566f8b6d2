"""The rows EventBridge keeps. They are few and live in memory too; only archived events are many.

A bus is named by its path, `account:region/name`, a rule by `account:region/bus/name`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table


class BusRow(NamedTuple):
    """One bus. The default bus has a row once it was given something to keep."""

    scope: str
    """`account:region`."""
    name: str
    created_at: int
    modified_at: int
    attributes: str
    """JSON: Description, DeadLetterConfig, KmsKeyIdentifier, LogConfig, as given."""
    policy: str | None
    """JSON."""
    tags: str
    """JSON."""


class RuleRow(NamedTuple):
    """One rule."""

    bus: str
    """The path of its bus."""
    name: str
    pattern: str | None
    """JSON, as given."""
    schedule: str | None
    state: str
    description: str | None
    role_arn: str | None
    tags: str
    """JSON."""
    anchor_at: int
    """From when on a rate counts."""
    due_at: int | None
    """When the schedule is due next."""


class TargetRow(NamedTuple):
    """One target of a rule."""

    rule: str
    """The path of its rule."""
    id: str
    target: str
    """JSON, as given."""


class ConnectionRow(NamedTuple):
    """How to be let in somewhere."""

    scope: str
    name: str
    uuid: str
    kind: str
    """BASIC, API_KEY or OAUTH_CLIENT_CREDENTIALS."""
    description: str | None
    authorization: str
    """JSON: AuthParameters, secrets included."""
    state: str
    created_at: int
    modified_at: int
    authorized_at: int


class DestinationRow(NamedTuple):
    """One API destination."""

    scope: str
    name: str
    uuid: str
    description: str | None
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    created_at: int
    modified_at: int


class ArchiveRow(NamedTuple):
    """One archive of a bus."""

    scope: str
    name: str
    id: int
    bus: str
    """The path of its bus."""
    pattern: str | None
    description: str | None
    key: str | None
    retention_days: int
    """0: for ever."""
    created_at: int
    events: int
    bytes: int


class ArchivedRow(NamedTuple):
    """One event in an archive."""

    archive: int
    at: int
    """When it was received."""
    sequence: int
    event: str
    """JSON."""


class AbandonedRow(NamedTuple):
    """A deleted archive whose events are cleared little by little."""

    node: int
    """0: one list for all."""
    archive: int


class ReplayRow(NamedTuple):
    """One replay."""

    scope: str
    name: str
    archive_name: str
    archive: int
    bus: str
    """The path of the bus it goes to."""
    rules: str
    """JSON: the ARNs of the only rules that see it; none means all."""
    description: str | None
    state: str
    from_at: int
    until_at: int
    at: int
    sequence: int
    """(at, sequence): the last event that was replayed, or just before the first one."""
    replayed: int
    started_at: int
    ended_at: int | None


BUS = Table("events_bus", BusRow, ("scope", "name"))
RULE = Table("events_rule", RuleRow, ("bus", "name"))
TARGET = Table("events_target", TargetRow, ("rule", "id"))
CONNECTION = Table("events_connection", ConnectionRow, ("scope", "name"))
DESTINATION = Table("events_destination", DestinationRow, ("scope", "name"))

ARCHIVE = Table("events_archive", ArchiveRow, ("scope", "name"))
ARCHIVED = Table("events_archived", ArchivedRow, ("archive", "at", "sequence"), append_only=True)
ABANDONED = Table("events_abandoned", AbandonedRow, ("node", "archive"))
REPLAY = Table("events_replay", ReplayRow, ("scope", "name"))

TABLES: tuple[Table[Any], ...] = (
    BUS,
    RULE,
    TARGET,
    CONNECTION,
    DESTINATION,
    ARCHIVE,
    ARCHIVED,
    ABANDONED,
    REPLAY,
)
