"""Schedules of EventBridge Scheduler and their groups."""

from __future__ import annotations

from stepwell.deploy.calling import ask, create_own, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_date, as_text, picked, tag_list
from stepwell.deploy.targets import schedule_target_troubles
from stepwell.values import JsonObject

_SCHEDULE = "AWS::Scheduler::Schedule"
_GROUP = "AWS::Scheduler::ScheduleGroup"
_GONE = ("ResourceNotFoundException",)
_TAKEN = "ConflictException"
_REQUIRED = ("FlexibleTimeWindow", "ScheduleExpression", "Target")
_OPTIONAL = (
    "Description",
    "EndDate",
    "GroupName",
    "KmsKeyArn",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
)


# Schedules


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    params = {**picked(wanted.properties, (*_REQUIRED, *_OPTIONAL)), "Name": name}
    call = ("scheduler", "CreateSchedule", params)
    await create_own(cloud, wanted, (_SCHEDULE, name), call, _TAKEN)
    return _made(cloud, name, wanted.properties)


def _made(cloud: Cloud, name: str, properties: JsonObject) -> Made:
    group = as_text(properties.get("GroupName") or "default")
    place = f"arn:aws:scheduler:{cloud.region}:{cloud.account}"
    return Made(name, {"Arn": f"{place}:schedule/{group}/{name}"})


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    params = {**picked(wanted.properties, (*_REQUIRED, *_OPTIONAL)), "Name": existing.id}
    await cloud.call("scheduler", "UpdateSchedule", params)
    return _made(cloud, existing.id, wanted.properties)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    params = {**picked(existing.properties, ("GroupName",)), "Name": existing.id}
    await ask(cloud, "scheduler", "DeleteSchedule", params, _GONE)


def _review(properties: JsonObject) -> list[str]:
    return schedule_target_troubles(properties.get("Target"), "Target")


# Groups


async def _create_group(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    call = ("scheduler", "CreateScheduleGroup", {"Name": name, "Tags": tag_list(wanted)})
    await create_own(cloud, wanted, (_GROUP, name), call, _TAKEN)
    return await _shown_group(cloud, name)


async def _shown_group(cloud: Cloud, name: str) -> Made:
    shown = await cloud.call("scheduler", "GetScheduleGroup", {"Name": name})
    return Made(
        name,
        {
            "Arn": str(shown["Arn"]),
            "CreationDate": as_date(shown["CreationDate"]),
            "LastModificationDate": as_date(shown["LastModificationDate"]),
            "State": str(shown["State"]),
        },
    )


async def _update_group(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await retag_pairs(cloud, wanted, "scheduler", {"ResourceArn": existing.attributes["Arn"]})
    return await _shown_group(cloud, existing.id)


async def _delete_group(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "scheduler", "DeleteScheduleGroup", {"Name": existing.id}, _GONE)


TYPES = (
    ResourceType(
        _SCHEDULE,
        _create,
        _delete,
        _update,
        required=frozenset(_REQUIRED),
        optional=frozenset({"Name", *_OPTIONAL}),
        replaces=frozenset({"GroupName", "Name"}),
        attributes=frozenset({"Arn"}),
        review=_review,
    ),
    ResourceType(
        _GROUP,
        _create_group,
        _delete_group,
        _update_group,
        optional=frozenset({"Name", "Tags"}),
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn", "CreationDate", "LastModificationDate", "State"}),
    ),
)
