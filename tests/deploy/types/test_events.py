"""Buses, rules, archives, connections and API destinations of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.deploy.world import Deployed

RULE = "AWS::Events::Rule"
BUS = "AWS::Events::EventBus"
STATEMENT = "AWS::Events::EventBusPolicy"
ARCHIVE = "AWS::Events::Archive"
CONNECTION = "AWS::Events::Connection"
DESTINATION = "AWS::Events::ApiDestination"
QUEUE = "AWS::SQS::Queue"
HERE = "arn:aws:events:eu-west-1:000000000000"
PATTERN = {"source": ["shop"]}


async def test_a_rule_on_the_default_bus_has_its_name_as_reference(deployed: Deployed) -> None:
    """A rule on the default bus has its name as reference."""
    rule = await deployed.make(RULE, {"ScheduleExpression": "rate(1 hour)", "State": "DISABLED"})
    assert rule.id == "shop-Thing-ABCDEF123456"
    assert rule.attributes == {"Arn": f"{HERE}:rule/shop-Thing-ABCDEF123456"}
    shown = await deployed.call("events", "DescribeRule", Name=rule.id)
    assert shown["State"] == "DISABLED"


@pytest.mark.parametrize("given", ["orders", f"{HERE}:event-bus/orders"])
async def test_a_rule_on_another_bus_names_it_too(deployed: Deployed, given: str) -> None:
    """A rule on another bus, given by name or ARN, has both as reference, and both are deleted."""
    bus = await deployed.make(BUS, {"Name": "orders"}, "Bus")
    rule = await deployed.make(
        RULE, {"Name": "new", "EventBusName": given, "EventPattern": PATTERN}
    )
    assert rule.id == "orders|new"
    assert rule.attributes == {"Arn": f"{HERE}:rule/orders/new"}
    await deployed.drop(RULE, rule)
    await deployed.drop(BUS, bus)


async def test_a_rule_sends_to_its_targets(deployed: Deployed) -> None:
    """Targets get the events as their parameters say, and follow the template."""
    queue = await deployed.make(QUEUE, {}, "Queue")
    dead = await deployed.make(QUEUE, {}, "Dead")
    fifo = await deployed.make(QUEUE, {"FifoQueue": True}, "Fifo")
    transformer = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"number": <n>}'}
    targets: list[Any] = [
        {
            "Id": "queue",
            "Arn": queue.attributes["Arn"],
            "InputTransformer": transformer,
            "DeadLetterConfig": {"Arn": dead.attributes["Arn"]},
            "RetryPolicy": {"MaximumEventAgeInSeconds": "60", "MaximumRetryAttempts": 3},
        },
        {
            "Id": "fifo",
            "Arn": fifo.attributes["Arn"],
            "SqsParameters": {"MessageGroupId": "all"},
        },
    ]
    rule = await deployed.make(RULE, {"EventPattern": PATTERN, "Targets": targets})
    entry = {"Source": "shop", "DetailType": "t", "Detail": '{"n": 5}'}
    await deployed.call("events", "PutEvents", Entries=[entry])
    received = await deployed.call("sqs", "ReceiveMessage", QueueUrl=queue.id)
    assert [each["Body"] for each in received["Messages"]] == ['{"number": 5}']
    changed = [{"Id": "queue", "Arn": queue.attributes["Arn"], "Input": '"hello"'}]
    await deployed.change(RULE, rule, {"EventPattern": PATTERN, "Targets": [*changed]})
    shown = await deployed.call("events", "ListTargetsByRule", Rule=rule.id)
    assert shown["Targets"] == changed


async def test_a_target_that_is_not_served_is_refused(deployed: Deployed) -> None:
    """Parameters for targets that do not exist here are refused by name."""
    target = {
        "Id": "t",
        "Arn": "arn:aws:ecs:eu-west-1:000000000000:cluster/c",
        "EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:000000000000:task/t"},
    }
    with pytest.raises(ServiceError, match="not supported by this server"):
        await deployed.make(RULE, {"Name": "r", "EventPattern": PATTERN, "Targets": [target]})
    await deployed.make(RULE, {"Name": "r", "EventPattern": PATTERN})


async def test_what_a_template_drops_of_a_rule_is_gone(deployed: Deployed) -> None:
    """What a template drops of a rule is as for a new one; tags follow."""
    rule = await deployed.make(
        RULE,
        {
            "EventPattern": PATTERN,
            "ScheduleExpression": "rate(1 hour)",
            "State": "DISABLED",
            "Description": "d",
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "Tags": [{"Key": "a", "Value": "1"}],
        },
    )
    rule = await deployed.change(RULE, rule, {"EventPattern": {"source": ["other"]}})
    shown = await deployed.call("events", "DescribeRule", Name=rule.id)
    assert shown["State"] == "ENABLED"
    assert shown["EventPattern"] == '{"source":["other"]}'
    assert not {"Description", "RoleArn", "ScheduleExpression"} & set(shown)
    arn = rule.attributes["Arn"]
    shown = await deployed.call("events", "ListTagsForResource", ResourceARN=arn)
    assert shown["Tags"] == []


async def test_a_rule_goes_with_targets_that_others_put_there(deployed: Deployed) -> None:
    """A rule is deleted together with targets that somebody else gave it."""
    rule = await deployed.make(RULE, {"EventPattern": PATTERN})
    target = {"Id": "mine", "Arn": "arn:aws:sqs:eu-west-1:000000000000:q"}
    await deployed.call("events", "PutTargets", Rule=rule.id, Targets=[target])
    await deployed.drop(RULE, rule)
    with pytest.raises(ServiceError, match="does not exist"):
        await deployed.call("events", "DescribeRule", Name=rule.id)


async def test_a_bus_changes_in_place(deployed: Deployed) -> None:
    """A bus has name, ARN and policy as attributes; what the template drops is gone."""
    dead = await deployed.make(QUEUE, {}, "Dead")
    given = {
        "Name": "orders",
        "Description": "d",
        "DeadLetterConfig": {"Arn": dead.attributes["Arn"]},
        "KmsKeyIdentifier": "alias/k",
        "LogConfig": {"Level": "ERROR"},
        "Policy": {"Version": "2012-10-17", "Statement": []},
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    bus = await deployed.make(BUS, given)
    assert bus.id == "orders"
    assert bus.attributes["Arn"] == f"{HERE}:event-bus/orders"
    assert bus.attributes["Name"] == "orders"
    shown = await deployed.call("events", "DescribeEventBus", Name="orders")
    assert shown["Policy"] == '{"Version":"2012-10-17","Statement":[]}'
    assert shown["DeadLetterConfig"] == {"Arn": dead.attributes["Arn"]}
    await deployed.change(BUS, bus, {"Name": "orders"})
    shown = await deployed.call("events", "DescribeEventBus", Name="orders")
    assert set(shown) == {"Name", "Arn", "CreationTime", "LastModifiedTime"}


async def test_statements_of_a_policy_stand_side_by_side(deployed: Deployed) -> None:
    """Two statements stand in one policy, in either form, and go one by one."""
    bus = await deployed.make(BUS, {"Name": "orders"}, "Bus")
    short = {"Action": "events:PutEvents", "Principal": "111122223333"}
    one = await deployed.make(
        STATEMENT, {"EventBusName": "orders", "StatementId": "one", **short}, "One"
    )
    assert one.id == "orders|one"
    whole = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    given = {"EventBusName": "orders", "StatementId": "two", "Statement": whole}
    two = await deployed.make(STATEMENT, given, "Two")
    shown = await deployed.call("events", "DescribeEventBus", Name="orders")
    assert '"Sid":"one"' in shown["Policy"]
    assert '"Sid":"two"' in shown["Policy"]
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(STATEMENT, given, "Three")
    changed = {**given, "Statement": {**whole, "Effect": "Deny"}}
    two = await deployed.change(STATEMENT, two, changed)
    shown = await deployed.call("events", "DescribeEventBus", Name="orders")
    assert '"Effect":"Deny"' in shown["Policy"]
    await deployed.drop(STATEMENT, one)
    shown = await deployed.call("events", "DescribeEventBus", Name="orders")
    assert "one" not in shown["Policy"]
    await deployed.drop(BUS, bus)
    await deployed.drop(STATEMENT, two)


async def test_an_archive_is_changed_in_place(deployed: Deployed) -> None:
    """An archive has its name as reference; a dropped pattern takes all events again."""
    given = {
        "SourceArn": f"{HERE}:event-bus/default",
        "EventPattern": PATTERN,
        "RetentionDays": "7",
        "Description": "d",
    }
    archive = await deployed.make(ARCHIVE, given, "Everything")
    assert archive.id == "shop-Everything-ABCDEF123456"
    assert archive.attributes == {"Arn": f"{HERE}:archive/{archive.id}"}
    await deployed.change(ARCHIVE, archive, {"SourceArn": given["SourceArn"]})
    shown = await deployed.call("events", "DescribeArchive", ArchiveName=archive.id)
    assert shown["RetentionDays"] == 0
    assert "EventPattern" not in shown
    assert not shown.get("Description")


async def test_a_destination_goes_by_way_of_its_connection(deployed: Deployed) -> None:
    """Connection and destination have their names as references, and ARNs with and without id."""
    key = {"ApiKeyName": "x-key", "ApiKeyValue": "k"}
    connection = await deployed.make(
        CONNECTION,
        {
            "AuthorizationType": "API_KEY",
            "AuthParameters": {
                "ApiKeyAuthParameters": key,
                "InvocationHttpParameters": {"HeaderParameters": [{"Key": "a", "Value": "b"}]},
            },
        },
        "Way",
    )
    assert connection.id == "shop-Way-ABCDEF123456"
    assert connection.attributes["ArnForPolicy"] == f"{HERE}:connection/{connection.id}"
    assert str(connection.attributes["Arn"]).startswith(f"{HERE}:connection/{connection.id}/")
    given = {
        "ConnectionArn": connection.attributes["Arn"],
        "HttpMethod": "POST",
        "InvocationEndpoint": "https://example.org/hook",
        "InvocationRateLimitPerSecond": 5,
    }
    destination = await deployed.make(DESTINATION, given, "Hook")
    assert destination.attributes["ArnForPolicy"] == f"{HERE}:api-destination/{destination.id}"
    after = {**given, "HttpMethod": "PUT"}
    del after["InvocationRateLimitPerSecond"]
    await deployed.change(DESTINATION, destination, after)
    shown = await deployed.call("events", "DescribeApiDestination", Name=destination.id)
    assert shown["HttpMethod"] == "PUT"
    assert shown["InvocationRateLimitPerSecond"] == 300
    basic = {"Username": "u", "Password": "p"}
    await deployed.change(
        CONNECTION,
        connection,
        {"AuthorizationType": "BASIC", "AuthParameters": {"BasicAuthParameters": basic}},
    )
    shown = await deployed.call("events", "DescribeConnection", Name=connection.id)
    assert shown["AuthParameters"]["BasicAuthParameters"] == {"Username": "u"}
    assert "b" not in str(shown["AuthParameters"].get("InvocationHttpParameters"))
