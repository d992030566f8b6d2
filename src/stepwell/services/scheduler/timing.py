"""When a schedule is due, and when its target is called for that."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stepwell.runtime.ports import Ids
from stepwell.services.scheduler.records import ScheduleRow
from stepwell.services.schedules.expressions import Rate, parse


def due_after(row: ScheduleRow, after: int) -> int | None:
    """The first time after `after` within the schedule's dates; None: never again."""
    if row.state != "ENABLED":
        return None
    schedule = parse(row.expression, any_number=True)
    if row.start_at is not None:
        after = max(after, row.start_at - 1)
    due = schedule.next_after(after, anchor=row.anchor_at, zone=zone_of(row.zone))
    return None if due is None or (row.end_at is not None and due > row.end_at) else due


def zone_of(name: str) -> tzinfo:
    """The zone of that name. Raises ZoneInfoNotFoundError and others; UTC needs no data."""
    return UTC if name == "UTC" else ZoneInfo(name)


def zone_data_is_there() -> bool:
    """Whether the system or the package `tzdata` knows any zone; slim images lack both."""
    try:
        zone_of("Europe/London")
    except (ZoneInfoNotFoundError, OSError):
        return False
    return True


def anchor_of(expression: str, begin: int) -> int:
    """What a rate counts from so that it is due at `begin` for the first time."""
    schedule = parse(expression, any_number=True)
    return begin - schedule.every_ms if isinstance(schedule, Rate) else begin


def fire_time(row: ScheduleRow, due: int | None, ids: Ids) -> int | None:
    """Some time within the window that begins when it is due."""
    if due is None or not row.window_minutes:
        return due
    return due + int.from_bytes(ids.secret(4), "big") % (row.window_minutes * 60_000)
