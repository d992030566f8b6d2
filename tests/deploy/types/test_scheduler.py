"""Schedules of stacks."""

from __future__ import annotations

from tests.deploy.world import Deployed

SCHEDULE = "AWS::Scheduler::Schedule"
GROUP = "AWS::Scheduler::ScheduleGroup"
HERE = "arn:aws:scheduler:eu-west-1:000000000000"
TARGET = {
    "Arn": "arn:aws:sqs:eu-west-1:000000000000:q",
    "RoleArn": "arn:aws:iam::000000000000:role/r",
    "Input": "hello",
}
EVERY_HOUR = {
    "ScheduleExpression": "rate(1 hour)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": TARGET,
}


async def test_a_schedule_has_its_name_as_reference(deployed: Deployed) -> None:
    """A schedule has its name as reference, and its target as the template says."""
    schedule = await deployed.make(SCHEDULE, EVERY_HOUR)
    assert schedule.id == "shop-Thing-ABCDEF123456"
    assert schedule.attributes == {"Arn": f"{HERE}:schedule/default/{schedule.id}"}
    shown = await deployed.call("scheduler", "GetSchedule", Name=schedule.id)
    assert shown["ScheduleExpression"] == "rate(1 hour)"
    assert TARGET.items() <= shown["Target"].items()


async def test_a_schedule_in_a_group_changes_and_goes(deployed: Deployed) -> None:
    """A schedule in a group is found there again; what a template drops is as by default."""
    group = await deployed.make(GROUP, {"Name": "nightly"}, "Group")
    given = {
        **EVERY_HOUR,
        "GroupName": "nightly",
        "Name": "clean",
        "Description": "d",
        "EndDate": "2035-01-01T00:00:00Z",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "15"},
        "ScheduleExpressionTimezone": "Europe/Amsterdam",
        "StartDate": "2030-01-01T00:00:00Z",
        "State": "DISABLED",
    }
    schedule = await deployed.make(SCHEDULE, given)
    assert schedule.attributes == {"Arn": f"{HERE}:schedule/nightly/clean"}
    named = {"Name": "clean", "GroupName": "nightly"}
    shown = await deployed.call("scheduler", "GetSchedule", **named)
    assert shown["StartDate"] == 1893456000.0
    assert shown["FlexibleTimeWindow"]["MaximumWindowInMinutes"] == 15
    after = {**EVERY_HOUR, "GroupName": "nightly", "Name": "clean"}
    schedule = await deployed.change(SCHEDULE, schedule, after)
    shown = await deployed.call("scheduler", "GetSchedule", **named)
    assert shown["State"] == "ENABLED"
    assert shown["ScheduleExpressionTimezone"] == "UTC"
    assert not {"Description", "StartDate", "EndDate"} & set(shown)
    await deployed.drop(SCHEDULE, schedule)
    shown = await deployed.call("scheduler", "ListSchedules", GroupName="nightly")
    assert shown["Schedules"] == []
    await deployed.drop(GROUP, group)
    await deployed.drop(SCHEDULE, schedule)


async def test_a_group_has_its_name_as_reference(deployed: Deployed) -> None:
    """A group has its name as reference, and tags that follow the template."""
    group = await deployed.make(GROUP, {"Tags": [{"Key": "a", "Value": "1"}]})
    assert group.id == "shop-Thing-ABCDEF123456"
    assert group.attributes["Arn"] == f"{HERE}:schedule-group/{group.id}"
    assert group.attributes["State"] == "ACTIVE"
    assert str(group.attributes["CreationDate"]).endswith("+00:00")
    await deployed.change(GROUP, group, {"Tags": [{"Key": "b", "Value": "2"}]})
    shown = await deployed.call(
        "scheduler", "ListTagsForResource", ResourceArn=group.attributes["Arn"]
    )
    assert shown["Tags"] == [{"Key": "b", "Value": "2"}]
