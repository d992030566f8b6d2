"""Operations on schedules."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.scheduler.groups import existing
from stepwell.services.scheduler.names import (
    GroupName,
    conflict,
    group_at,
    group_of,
    invalid,
    schedule_missing,
)
from stepwell.services.scheduler.paging import page
from stepwell.services.scheduler.records import ScheduleRow
from stepwell.services.scheduler.scheduler import Scheduler
from stepwell.services.scheduler.targets import checked_target
from stepwell.services.scheduler.timing import anchor_of, due_after, zone_data_is_there, zone_of
from stepwell.services.schedules.expressions import BadSchedule, parse
from stepwell.values import decode, encode_text

_LATE_MS = 300_000
LATEST_SECONDS = 7_258_118_400
"""The year 2200: no expression goes beyond it."""
NO_ZONE_DATA = (
    " (Stepwell finds no time zone data here, so it knows UTC only: install the Python package "
    "tzdata, or the one of the system.)"
)


def create_schedule(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """CreateSchedule; with the same client token it may be repeated."""
    group = existing(scheduler, group_of(call, params.get("GroupName")))
    known = scheduler.schedules.get(group.path, params["Name"])
    if known is not None:
        token = params.get("ClientToken")
        if token is None or token != known.client_token:
            raise conflict(f"Schedule {params['Name']} already exists.")
        return {"ScheduleArn": group.schedule_arn(known.name)}
    now = scheduler.parts.clock.now()
    row = _row(scheduler, group, params, now)
    scheduler.put(turn, row, due_after(row, now - 1))
    return {"ScheduleArn": group.schedule_arn(row.name)}


def update_schedule(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UpdateSchedule: what is not given is as for a new schedule."""
    known = _find(scheduler, call, params)
    group = group_at(known.group_path)
    now = scheduler.parts.clock.now()
    row = _row(scheduler, group, params, now)._replace(
        created_at=known.created_at, client_token=known.client_token
    )
    after = now - 1
    if row.expression == known.expression and row.start_at == known.start_at:
        row, after = row._replace(anchor_at=known.anchor_at), now
    scheduler.put(turn, row, due_after(row, after))
    return {"ScheduleArn": group.schedule_arn(row.name)}


def get_schedule(scheduler: Scheduler, call: Call, params: Params) -> dict[str, Any]:
    """GetSchedule."""
    row = _find(scheduler, call, params)
    target: Any = decode(row.target)
    policy = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    target["RetryPolicy"] = {**policy, **(target.get("RetryPolicy") or {})}
    window: dict[str, Any] = {"Mode": "OFF"}
    if row.window_minutes:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": row.window_minutes}
    shown = {
        **_summary(row),
        "Target": target,
        "FlexibleTimeWindow": window,
        "ScheduleExpression": row.expression,
        "ScheduleExpressionTimezone": row.zone,
        "ActionAfterCompletion": row.completion,
        "StartDate": None if row.start_at is None else row.start_at / 1000,
        "EndDate": None if row.end_at is None else row.end_at / 1000,
        "Description": row.description,
        "KmsKeyArn": row.key_arn,
    }
    return {name: value for name, value in shown.items() if value is not None}


def list_schedules(scheduler: Scheduler, call: Call, params: Params) -> dict[str, Any]:
    """ListSchedules: those of a group, or of all."""
    if params.get("GroupName"):
        groups = [existing(scheduler, group_of(call, params["GroupName"]))]
    else:
        names = sorted({"default", *(row.name for row in scheduler.groups.of(call.scope))})
        groups = [GroupName(call.account, call.region, name) for name in names]
    prefix, state = params.get("NamePrefix") or "", params.get("State")
    rows = [
        row
        for group in groups
        for row in scheduler.schedules.of(group.path)
        if row.name.startswith(prefix) and state in (None, row.state)
    ]
    rows.sort(key=_path)
    shown, more = page(rows, params, _path)
    return {"Schedules": [_summary(row) for row in shown], **more}


def delete_schedule(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> None:
    """DeleteSchedule."""
    scheduler.delete(turn, _find(scheduler, call, params))


def _path(row: ScheduleRow) -> str:
    return f"{row.group_path}/{row.name}"


def _find(scheduler: Scheduler, call: Call, params: Params) -> ScheduleRow:
    group = existing(scheduler, group_of(call, params.get("GroupName")))
    row = scheduler.schedules.get(group.path, params["Name"])
    if row is None:
        raise schedule_missing(params["Name"])
    return row


def _row(scheduler: Scheduler, group: GroupName, params: Params, now: int) -> ScheduleRow:
    """The schedule that a request describes, not due yet. Raises ServiceError."""
    expression, zone = params["ScheduleExpression"], params.get("ScheduleExpressionTimezone")
    _check_times(expression, zone or "UTC")
    start_at, end_at = _dates(params, now)
    target = checked_target(scheduler, params["Target"])
    return ScheduleRow(
        group_path=group.path,
        name=params["Name"],
        expression=expression,
        zone=zone or "UTC",
        state=params.get("State") or "ENABLED",
        start_at=start_at,
        end_at=end_at,
        window_minutes=_window(params["FlexibleTimeWindow"]),
        completion=params.get("ActionAfterCompletion") or "NONE",
        description=params.get("Description"),
        key_arn=params.get("KmsKeyArn"),
        target=encode_text(target),
        created_at=now,
        modified_at=now,
        client_token=params.get("ClientToken"),
        anchor_at=anchor_of(expression, now if start_at is None else start_at),
        due_at=None,
        fire_at=None,
    )


def _check_times(expression: str, zone: str) -> None:
    try:
        parse(expression, any_number=True)
    except BadSchedule as error:
        raise invalid(f"Invalid Schedule Expression {expression}.") from error
    try:
        zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = "" if zone_data_is_there() else NO_ZONE_DATA
        raise invalid(f"Invalid Schedule Expression Timezone {zone}.{hint}") from error


def _dates(params: Params, now: int) -> tuple[int | None, int | None]:
    start_at, end_at = _date(params.get("StartDate")), _date(params.get("EndDate"))
    if start_at is not None and start_at < now - _LATE_MS:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end_at is not None and end_at < now:
        raise invalid("The EndDate you specify cannot be in the past.")
    if start_at is not None and end_at is not None and start_at >= end_at:
        raise invalid("The StartDate you specify must come before the EndDate you specify.")
    return start_at, end_at


def _date(seconds: float | None) -> int | None:
    if seconds is None:
        return None
    if not 0 <= float(seconds) <= LATEST_SECONDS:
        raise invalid("A date must lie between the years 1970 and 2199.")
    return int(float(seconds) * 1000)


def _window(window: Params) -> int:
    minutes = window.get("MaximumWindowInMinutes")
    if window["Mode"] == "OFF":
        if minutes:
            raise invalid("MaximumWindowInMinutes must be null when FlexibleTimeWindow is OFF.")
        return 0
    if not minutes:
        raise invalid("MaximumWindowInMinutes is required when FlexibleTimeWindow is FLEXIBLE.")
    return int(minutes)


def _summary(row: ScheduleRow) -> dict[str, Any]:
    group = group_at(row.group_path)
    target: Any = decode(row.target)
    return {
        "Arn": group.schedule_arn(row.name),
        "Name": row.name,
        "GroupName": group.name,
        "State": row.state,
        "CreationDate": row.created_at / 1000,
        "LastModificationDate": row.modified_at / 1000,
        "Target": {"Arn": target["Arn"]},
    }
