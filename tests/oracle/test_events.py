"""EventBridge through boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import REGION, Aws

PATTERN = json.dumps({"source": ["shop"]})


def queue_of(aws: Aws, name: str) -> tuple[str, str]:
    """A new queue: its URL and its ARN."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def bodies(aws: Aws, url: str) -> list[Any]:
    """What is in a queue, taken out."""
    messages = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in messages.get("Messages", [])]


def entry(detail: Any, **other: Any) -> dict[str, Any]:
    """An entry of the shop."""
    return {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail), **other}


def error_of(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """Code and message."""
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_event_reaches_the_queue_of_the_rule_that_wants_it(stepwell: Aws) -> None:
    """The body is the whole event."""
    events = stepwell("events")
    url, arn = queue_of(stepwell, "reaches")
    rule = events.put_rule(Name="reaches", EventPattern=json.dumps({"detail": {"n": [1]}}))
    answer = events.put_targets(Rule="reaches", Targets=[{"Id": "q", "Arn": arn}])
    assert (answer["FailedEntryCount"], answer["FailedEntries"]) == (0, [])
    put = events.put_events(Entries=[entry({"n": 1}, Resources=["arn:x"]), entry({"n": 2})])
    assert put["FailedEntryCount"] == 0
    [event] = bodies(stepwell, url)
    assert event.pop("time").endswith("Z")
    assert event.pop("id") == put["Entries"][0]["EventId"]
    assert rule["RuleArn"] == f"arn:aws:events:{REGION}:{event.pop('account')}:rule/reaches"
    assert event == {
        "version": "0",
        "detail-type": "order",
        "source": "shop",
        "region": REGION,
        "resources": ["arn:x"],
        "detail": {"n": 1},
    }


def test_each_entry_fails_by_itself(aws: Aws) -> None:
    """What is missing or malformed is told per entry; the others are put."""
    events = aws("events")
    put = events.put_events(
        Entries=[
            entry({}),
            {"DetailType": "d", "Detail": "{}"},
            {"Source": "s", "Detail": "{}"},
            {"Source": "s", "DetailType": "d"},
            {"Source": "s", "DetailType": "d", "Detail": "{"},
        ]
    )
    assert put["FailedEntryCount"] == 4
    assert "EventId" in put["Entries"][0]
    assert [e.get("ErrorCode") for e in put["Entries"][1:]] == ["InvalidArgument"] * 3 + [
        "MalformedDetail"
    ]
    assert [e.get("ErrorMessage") for e in put["Entries"][1:]] == [
        "Parameter Source is not valid. Reason: Source is a required argument.",
        "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        "Parameter Detail is not valid. Reason: Detail is a required argument.",
        "Detail is malformed.",
    ]


def test_a_rule_is_described_listed_switched_and_deleted(aws: Aws) -> None:
    """The life of a rule on a bus of its own."""
    events = aws("events")
    bus = events.create_event_bus(Name="life")["EventBusArn"]
    assert bus.endswith(":event-bus/life")
    made = events.put_rule(
        Name="one", EventBusName="life", EventPattern=PATTERN, Description="first", State="DISABLED"
    )
    assert made["RuleArn"].endswith(":rule/life/one")
    events.put_rule(Name="two", EventBusName=bus, EventPattern=PATTERN)
    shown = events.describe_rule(Name="one", EventBusName="life")
    wanted = {
        "Name": "one",
        "Arn": made["RuleArn"],
        "EventPattern": PATTERN,
        "State": "DISABLED",
        "Description": "first",
        "EventBusName": "life",
    }
    assert {k: shown[k] for k in wanted} == wanted
    events.enable_rule(Name="one", EventBusName="life")
    rules = events.list_rules(EventBusName="life", NamePrefix="o")["Rules"]
    assert [(rule["Name"], rule["State"]) for rule in rules] == [("one", "ENABLED")]
    events.disable_rule(Name="one", EventBusName="life")
    assert events.describe_rule(Name="one", EventBusName="life")["State"] == "DISABLED"
    events.delete_rule(Name="one", EventBusName="life")
    events.delete_rule(Name="one", EventBusName="life")
    with pytest.raises(ClientError) as refused:
        events.describe_rule(Name="one", EventBusName="life")
    assert error_of(refused)[0] == "ResourceNotFoundException"


def test_targets_are_listed_found_and_removed(aws: Aws) -> None:
    """The life of a target."""
    events = aws("events")
    _, arn = queue_of(aws, "targets")
    events.put_rule(Name="targets", EventPattern=PATTERN)
    events.put_targets(
        Rule="targets",
        Targets=[{"Id": "a", "Arn": arn}, {"Id": "b", "Arn": arn, "InputPath": "$.detail"}],
    )
    listed = events.list_targets_by_rule(Rule="targets")["Targets"]
    assert listed == [{"Id": "a", "Arn": arn}, {"Id": "b", "Arn": arn, "InputPath": "$.detail"}]
    assert events.list_rule_names_by_target(TargetArn=arn)["RuleNames"] == ["targets"]
    with pytest.raises(ClientError) as refused:
        events.delete_rule(Name="targets")
    assert error_of(refused) == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    events.remove_targets(Rule="targets", Ids=["a", "b", "c"])
    assert events.list_targets_by_rule(Rule="targets")["Targets"] == []
    events.delete_rule(Name="targets")


def test_inputs_are_shaped(aws: Aws) -> None:
    """A constant, and a template with variables."""
    if aws.is_moto:
        pytest.skip("moto fills templates without predefined variables and paths of its own")
    events = aws("events")
    url, arn = queue_of(aws, "inputs")
    events.put_rule(Name="inputs", EventPattern=json.dumps({"source": ["inputs"]}))
    transformer = {
        "InputPathsMap": {"n": "$.detail.list[1]", "who": "$.detail.who", "no": "$.nothing"},
        "InputTemplate": '{"n": <n>, "who": <who>, "said": "<who> <no>by <aws.events.rule-name>",'
        ' "all": <aws.events.event.json>}',
    }
    events.put_targets(
        Rule="inputs",
        Targets=[
            {"Id": "1", "Arn": arn, "Input": '{"constant": 1}'},
            {"Id": "2", "Arn": arn, "InputPath": "$.detail.who"},
            {"Id": "3", "Arn": arn, "InputTransformer": transformer},
        ],
    )
    events.put_events(Entries=[entry({"list": [1, {"x": "y"}], "who": "me"}, Source="inputs")])
    constant, path, filled = bodies(aws, url)
    assert (constant, path) == ({"constant": 1}, "me")
    assert filled.pop("all")["detail"]["who"] == "me"
    assert filled == {"n": {"x": "y"}, "who": "me", "said": "me by inputs"}


def test_buses(aws: Aws) -> None:
    """The default bus is there, others are made and deleted."""
    events = aws("events")
    events.create_event_bus(Name="buses-1")
    with pytest.raises(ClientError) as refused:
        events.create_event_bus(Name="buses-1")
    assert error_of(refused) == (
        "ResourceAlreadyExistsException",
        "Event bus buses-1 already exists.",
    )
    names = [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
    assert {"default", "buses-1"} <= set(names)
    assert events.describe_event_bus()["Name"] == "default"
    with pytest.raises(ClientError) as refused:
        events.describe_event_bus(Name="nowhere")
    assert error_of(refused) == (
        "ResourceNotFoundException",
        "Event bus nowhere does not exist.",
    )
    events.delete_event_bus(Name="buses-1")
    with pytest.raises(ClientError) as refused:
        events.delete_event_bus(Name="default")
    assert error_of(refused) == ("ValidationException", "Cannot delete event bus default.")


def test_permissions_are_a_policy(aws: Aws) -> None:
    """A statement is added, shown, removed."""
    events = aws("events")
    events.create_event_bus(Name="permitted")
    permission = {
        "EventBusName": "permitted",
        "Action": "events:PutEvents",
        "Principal": "111111111111",
        "StatementId": "one",
    }
    events.put_permission(**permission)
    shown = events.describe_event_bus(Name="permitted")
    [statement] = json.loads(shown["Policy"])["Statement"]
    assert statement == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "events:PutEvents",
        "Resource": shown["Arn"],
    }
    events.remove_permission(EventBusName="permitted", StatementId="one")
    with pytest.raises(ClientError) as refused:
        events.remove_permission(EventBusName="permitted", StatementId="one")
    assert error_of(refused)[0] == "ResourceNotFoundException"


def test_tags(aws: Aws) -> None:
    """Rules carry tags."""
    events = aws("events")
    tags = [{"Key": "a", "Value": "1"}]
    arn = events.put_rule(Name="tags", EventPattern=PATTERN, Tags=tags)["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"EventPattern": "{"}, "InvalidEventPatternException"),
        ({"EventPattern": '{"a": "b"}'}, "InvalidEventPatternException"),
        ({"ScheduleExpression": "rate(0 minutes)"}, "ValidationException"),
        ({"ScheduleExpression": "cron(0 9 * * * *)"}, "ValidationException"),
        ({}, "ValidationException"),
        ({"EventPattern": PATTERN, "EventBusName": "nowhere"}, "ResourceNotFoundException"),
    ],
)
def test_rules_that_make_no_sense_are_refused(aws: Aws, params: Any, code: str) -> None:
    """Patterns and schedules are checked when a rule is put."""
    if aws.is_moto and ("ScheduleExpression" in params or not params or "[" not in str(params)):
        pytest.skip("moto does not look")
    with pytest.raises(ClientError) as refused:
        aws("events").put_rule(Name="nonsense", **params)
    assert error_of(refused)[0] == code


def test_targets_without_a_rule_are_refused(aws: Aws) -> None:
    """The rule comes first."""
    with pytest.raises(ClientError) as refused:
        aws("events").put_targets(Rule="none", Targets=[{"Id": "a", "Arn": "arn:aws:sqs:a:1:b"}])
    assert error_of(refused) == (
        "ResourceNotFoundException",
        "Rule none does not exist on EventBus default.",
    )


def test_patterns_can_be_tried(aws: Aws) -> None:
    """TestEventPattern says whether an event is wanted."""
    if aws.is_moto:
        pytest.skip("moto has not got it")
    events = aws("events")
    event = {
        "id": "1",
        "account": "123456789012",
        "source": "shop",
        "time": "2025-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail-type": "order",
        "detail": {"n": 5},
    }
    for pattern, wanted in (({"detail": {"n": [{"numeric": [">", 4]}]}}, True),
                            ({"source": [{"prefix": "x"}]}, False)):  # fmt: skip
        answer = events.test_event_pattern(
            EventPattern=json.dumps(pattern), Event=json.dumps(event)
        )
        assert answer["Result"] is wanted
    with pytest.raises(ClientError) as refused:
        events.test_event_pattern(EventPattern='{"a": [{"like": 1}]}', Event=json.dumps(event))
    assert error_of(refused) == (
        "InvalidEventPatternException",
        "Event pattern is not valid. Reason: Unrecognized match type like",
    )


def test_connections_and_destinations(aws: Aws) -> None:
    """Secrets are not shown."""
    events = aws("events")
    made = events.create_connection(
        Name="partner",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "secret"}},
    )
    assert made["ConnectionState"] == "AUTHORIZED"
    shown = events.describe_connection(Name="partner")
    assert shown["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key"}}
    destination = events.create_api_destination(
        Name="orders",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint="https://partner.example/orders",
        HttpMethod="POST",
    )
    listed = events.list_api_destinations()["ApiDestinations"]
    assert [d["ApiDestinationArn"] for d in listed] == [destination["ApiDestinationArn"]]
    updated = events.update_api_destination(Name="orders", HttpMethod="PUT")
    assert updated["ApiDestinationArn"] == destination["ApiDestinationArn"]
    assert events.describe_api_destination(Name="orders")["HttpMethod"] == "PUT"
    events.delete_api_destination(Name="orders")
    events.delete_connection(Name="partner")
    with pytest.raises(ClientError) as refused:
        events.describe_connection(Name="partner")
    assert error_of(refused)[0] == "ResourceNotFoundException"


def test_archives_and_replays(aws: Aws) -> None:
    """An archive is made, shown, changed and deleted; a replay needs one."""
    events = aws("events")
    bus = events.create_event_bus(Name="archived")["EventBusArn"]
    made = events.create_archive(ArchiveName="kept", EventSourceArn=bus, EventPattern=PATTERN)
    assert made["State"] == "ENABLED"
    with pytest.raises(ClientError) as refused:
        events.create_archive(ArchiveName="kept", EventSourceArn=bus)
    assert error_of(refused) == (
        "ResourceAlreadyExistsException",
        "Archive kept already exists.",
    )
    events.update_archive(ArchiveName="kept", RetentionDays=3)
    shown = events.describe_archive(ArchiveName="kept")
    wanted = {
        "ArchiveArn": made["ArchiveArn"],
        "ArchiveName": "kept",
        "EventSourceArn": bus,
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "RetentionDays": 3,
        "SizeBytes": 0,
        "EventCount": 0,
    }
    assert {k: shown.get(k) for k in wanted} == wanted
    [listed] = events.list_archives(EventSourceArn=bus)["Archives"]
    assert listed["ArchiveName"] == "kept"
    times = {"EventStartTime": 1_700_000_000, "EventEndTime": 1_700_000_001}
    source = {"EventSourceArn": made["ArchiveArn"], "Destination": {"Arn": bus}}
    started = events.start_replay(ReplayName="again", **source, **times)
    assert started["State"] == "STARTING"
    with pytest.raises(ClientError) as refused:
        events.start_replay(ReplayName="again", **source, **times)
    assert error_of(refused) == (
        "ResourceAlreadyExistsException",
        "Replay again already exists.",
    )
    assert events.describe_replay(ReplayName="again")["Destination"] == {"Arn": bus}
    events.delete_archive(ArchiveName="kept")
    with pytest.raises(ClientError) as refused:
        events.describe_archive(ArchiveName="kept")
    assert error_of(refused) == ("ResourceNotFoundException", "Archive kept does not exist.")
