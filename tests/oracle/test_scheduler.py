"""EventBridge Scheduler through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

TARGET = {
    "Arn": "arn:aws:sqs:eu-west-1:123456789012:q",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
}
REST: dict[str, Any] = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET}


def error_of(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """Code and message."""
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_life_of_a_schedule(aws: Aws) -> None:
    """Created, shown, listed, changed, deleted."""
    scheduler = aws("scheduler")
    made = scheduler.create_schedule(
        Name="life", ScheduleExpression="rate(5 days)", State="DISABLED", **REST
    )
    assert made["ScheduleArn"].endswith(":schedule/default/life")
    shown = scheduler.get_schedule(Name="life")
    assert shown["Arn"] == made["ScheduleArn"]
    assert shown["GroupName"] == "default"
    assert shown["ScheduleExpression"] == "rate(5 days)"
    assert shown["ScheduleExpressionTimezone"] == "UTC"
    assert shown["State"] == "DISABLED"
    assert shown["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert shown["Target"] == {
        **TARGET,
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    }
    scheduler.update_schedule(
        Name="life", ScheduleExpression="cron(0 9 * * ? *)", State="DISABLED", **REST
    )
    assert scheduler.get_schedule(Name="life")["ScheduleExpression"] == "cron(0 9 * * ? *)"
    listed = scheduler.list_schedules(NamePrefix="li")["Schedules"]
    assert [(s["Name"], s["GroupName"], s["State"]) for s in listed] == [
        ("life", "default", "DISABLED")
    ]
    scheduler.delete_schedule(Name="life")
    with pytest.raises(ClientError) as refused:
        scheduler.get_schedule(Name="life")
    assert error_of(refused) == (
        "ResourceNotFoundException",
        "Schedule life does not exist.",
    )


def test_a_name_is_taken_once(aws: Aws) -> None:
    """Twice is a conflict."""
    scheduler = aws("scheduler")
    scheduler.create_schedule(Name="twice", ScheduleExpression="rate(5 days)", **REST)
    with pytest.raises(ClientError) as refused:
        scheduler.create_schedule(Name="twice", ScheduleExpression="rate(5 days)", **REST)
    assert error_of(refused) == ("ConflictException", "Schedule twice already exists.")


def test_groups_have_tags_and_schedules(aws: Aws) -> None:
    """The life of a group."""
    scheduler = aws("scheduler")
    made = scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "1"}])
    arn = made["ScheduleGroupArn"]
    scheduler.create_schedule(Name="in-g", GroupName="g", ScheduleExpression="rate(5 days)", **REST)
    [listed] = scheduler.list_schedules(GroupName="g")["Schedules"]
    assert listed["Arn"].endswith(":schedule/g/in-g")
    assert scheduler.get_schedule_group(Name="g")["State"] == "ACTIVE"
    names = [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]]
    assert {"default", "g"} <= set(names)
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    tags = scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    scheduler.delete_schedule_group(Name="g")
    with pytest.raises(ClientError) as refused:
        scheduler.get_schedule_group(Name="g")
    assert error_of(refused) == (
        "ResourceNotFoundException",
        "Schedule group g does not exist.",
    )


def test_pages(aws: Aws) -> None:
    """A list is cut where it should be, and goes on there."""
    if aws.is_moto:
        pytest.skip("moto pages otherwise")
    scheduler = aws("scheduler")
    scheduler.create_schedule_group(Name="pages")
    for number in range(5):
        scheduler.create_schedule(
            Name=f"p{number}", GroupName="pages", ScheduleExpression="rate(5 days)", **REST
        )
    pages = scheduler.get_paginator("list_schedules").paginate(
        GroupName="pages", PaginationConfig={"PageSize": 2}
    )
    names = [[schedule["Name"] for schedule in page["Schedules"]] for page in pages]
    assert names == [["p0", "p1"], ["p2", "p3"], ["p4"]]


def test_a_repeated_request_finds_the_schedule(aws: Aws) -> None:
    """With the same client token."""
    if aws.is_moto:
        pytest.skip("moto does not look at tokens")
    scheduler = aws("scheduler")
    params = {"Name": "again", "ScheduleExpression": "rate(5 days)", **REST}
    first = scheduler.create_schedule(ClientToken="t", **params)["ScheduleArn"]
    assert scheduler.create_schedule(ClientToken="t", **params)["ScheduleArn"] == first
