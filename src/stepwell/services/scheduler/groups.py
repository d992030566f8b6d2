"""Operations on groups and their tags. The default group is always there, also without a row."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.scheduler.names import (
    DEFAULT,
    GroupName,
    conflict,
    group_missing,
    group_named,
    group_of,
    invalid,
)
from stepwell.services.scheduler.paging import page
from stepwell.services.scheduler.records import GroupRow
from stepwell.services.scheduler.scheduler import Scheduler
from stepwell.values import decode, encode_text


def create_schedule_group(
    scheduler: Scheduler, turn: Turn, call: Call, params: Params
) -> dict[str, Any]:
    """CreateScheduleGroup; with the same client token it may be repeated."""
    group = group_of(call, params["Name"])
    known = scheduler.groups.get(group.scope, group.name)
    token = params.get("ClientToken")
    if known is not None and token is not None and token == known.client_token:
        return {"ScheduleGroupArn": group.arn}
    if scheduler.exists(group):
        raise conflict(f"Schedule group {group.name} already exists.")
    row = _fresh(scheduler, group)._replace(tags=encode_text(_tags(params)), client_token=token)
    scheduler.groups.put(turn, row)
    return {"ScheduleGroupArn": group.arn}


def get_schedule_group(scheduler: Scheduler, call: Call, params: Params) -> dict[str, Any]:
    """GetScheduleGroup."""
    group = existing(scheduler, group_of(call, params["Name"]))
    return _shown(group, _row(scheduler, group))


def list_schedule_groups(scheduler: Scheduler, call: Call, params: Params) -> dict[str, Any]:
    """ListScheduleGroups."""
    names = {DEFAULT, *(row.name for row in scheduler.groups.of(call.scope))}
    prefix = params.get("NamePrefix") or ""
    shown, more = page(sorted(n for n in names if n.startswith(prefix)), params, str)
    groups = [group_of(call, name) for name in shown]
    return {"ScheduleGroups": [_shown(g, _row(scheduler, g)) for g in groups], **more}


def delete_schedule_group(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> None:
    """DeleteScheduleGroup: its schedules go with it, at once."""
    group = existing(scheduler, group_of(call, params["Name"]))
    if group.name == DEFAULT:
        raise invalid("Deleting default schedule group is not allowed.")
    for schedule in scheduler.schedules.of(group.path):
        scheduler.delete(turn, schedule)
    scheduler.groups.delete(turn, group.scope, group.name)


def list_tags_for_resource(scheduler: Scheduler, call: Call, params: Params) -> dict[str, Any]:
    """ListTagsForResource."""
    group = existing(scheduler, group_named(params["ResourceArn"]))
    tags: Any = decode(_row(scheduler, group).tags)
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tag_resource(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """TagResource."""
    row = _row(scheduler, existing(scheduler, group_named(params["ResourceArn"])))
    tags: Any = decode(row.tags)
    scheduler.groups.put(turn, row._replace(tags=encode_text({**tags, **_tags(params)})))
    return {}


def untag_resource(scheduler: Scheduler, turn: Turn, call: Call, params: Params) -> dict[str, Any]:
    """UntagResource."""
    row = _row(scheduler, existing(scheduler, group_named(params["ResourceArn"])))
    tags: Any = decode(row.tags)
    left = {key: value for key, value in tags.items() if key not in params["TagKeys"]}
    scheduler.groups.put(turn, row._replace(tags=encode_text(left)))
    return {}


def existing(scheduler: Scheduler, group: GroupName) -> GroupName:
    """The group, if there is one."""
    if not scheduler.exists(group):
        raise group_missing(group.name)
    return group


def _row(scheduler: Scheduler, group: GroupName) -> GroupRow:
    return scheduler.groups.get(group.scope, group.name) or _fresh(scheduler, group)


def _fresh(scheduler: Scheduler, group: GroupName) -> GroupRow:
    now = scheduler.parts.clock.now()
    return GroupRow(group.scope, group.name, now, now, "{}", None)


def _tags(params: Params) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}


def _shown(group: GroupName, row: GroupRow) -> dict[str, Any]:
    return {
        "Arn": group.arn,
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": row.created_at / 1000,
        "LastModificationDate": row.modified_at / 1000,
    }
