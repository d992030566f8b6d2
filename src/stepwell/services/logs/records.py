"""The rows of CloudWatch Logs.

Groups and streams live in memory too. Events are rows of their group in the order of their time,
with an index by stream; a deleted group or stream is abandoned, and its events are cleared little
by little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Index, Table


class GroupRow(NamedTuple):
    """A log group."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    created_at: int
    retention_days: int | None
    log_class: str
    tags: str
    """JSON."""
    protected: int
    """1: deletion protection is on."""


GROUP = Table("logs_group", GroupRow, ("scope", "name"))


class StreamRow(NamedTuple):
    """A log stream."""

    group: int
    name: str
    id: int
    created_at: int
    first_at: int
    """When its oldest event was; 0 without events."""
    last_at: int
    ingested_at: int


STREAM = Table("logs_stream", StreamRow, ("group", "name"))


class LogEventRow(NamedTuple):
    """One line."""

    group: int
    at: int
    sequence: int
    stream: int
    ingested_at: int
    message: str


LOG_EVENT = Table(
    "logs_event",
    LogEventRow,
    ("group", "at", "sequence"),
    indexes=(Index("by_stream", ("stream", "at", "sequence")),),
)


class AbandonedRow(NamedTuple):
    """Events nobody can read any more: of a group, or of one stream (then `stream` is not 0)."""

    shard: int
    group: int
    stream: int


ABANDONED = Table("logs_abandoned", AbandonedRow, ("shard", "group", "stream"))


class PolicyRow(NamedTuple):
    """A resource policy: kept and shown, not enforced."""

    scope: str
    name: str
    document: str
    changed_at: int


POLICY = Table("logs_policy", PolicyRow, ("scope", "name"))


class SubscriptionRow(NamedTuple):
    """A subscription filter: lines of a group that go on to a function."""

    group: int
    name: str
    pattern: str
    destination: str
    """The function's ARN."""
    created_at: int
    details: str
    """JSON: members that are kept and shown."""


SUBSCRIPTION = Table("logs_subscription", SubscriptionRow, ("group", "name"))

TABLES: tuple[Table[Any], ...] = (GROUP, STREAM, LOG_EVENT, ABANDONED, POLICY, SUBSCRIPTION)
