"""The rows Scheduler keeps; they live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table


class GroupRow(NamedTuple):
    """One group of schedules. The default group has no row until it gets a tag."""

    scope: str
    """`account:region`."""
    name: str
    created_at: int
    modified_at: int
    tags: str
    """JSON."""
    client_token: str | None


class ScheduleRow(NamedTuple):
    """One schedule."""

    group_path: str
    """`account:region/group`."""
    name: str
    expression: str
    zone: str
    state: str
    start_at: int | None
    end_at: int | None
    window_minutes: int
    """How late it may be; 0 for not at all."""
    completion: str
    """NONE or DELETE."""
    description: str | None
    key_arn: str | None
    target: str
    """JSON, as given."""
    created_at: int
    modified_at: int
    client_token: str | None
    anchor_at: int
    """From when on a rate counts."""
    due_at: int | None
    """When it is due next."""
    fire_at: int | None
    """When the target is called for that: within the window."""


GROUP = Table("scheduler_group", GroupRow, ("scope", "name"))
SCHEDULE = Table("scheduler_schedule", ScheduleRow, ("group_path", "name"))

TABLES: tuple[Table[Any], ...] = (GROUP, SCHEDULE)
