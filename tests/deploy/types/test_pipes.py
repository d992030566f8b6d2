"""Pipes of stacks."""

from __future__ import annotations

import asyncio

import pytest

from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.world import Deployed

PIPE = "AWS::Pipes::Pipe"
HERE = "eu-west-1:000000000000"
BUS = f"arn:aws:events:{HERE}:event-bus/default"


async def _plain(deployed: Deployed) -> JsonObject:
    """A pipe from one queue to another, both there."""
    arns = []
    for name in ("From", "To"):
        queue = await deployed.make("AWS::SQS::Queue", {"QueueName": name}, name)
        arns.append(queue.attributes["Arn"])
    role = "arn:aws:iam::000000000000:role/r"
    return {"Source": arns[0], "Target": arns[1], "RoleArn": role}


async def test_a_pipe_has_its_name_as_reference(deployed: Deployed) -> None:
    """It runs, and has the attributes that AWS gives."""
    given = await _plain(deployed)
    pipe = await deployed.make(PIPE, {**given, "Tags": {"a": "1"}}, tags={"s": "2"})
    assert pipe.id == "shop-Thing-ABCDEF123456"
    assert pipe.attributes["Arn"] == f"arn:aws:pipes:{HERE}:pipe/{pipe.id}"
    assert pipe.attributes["CurrentState"] == "RUNNING"
    assert pipe.attributes["StateReason"] == ""
    assert str(pipe.attributes["CreationTime"]).endswith("+00:00")
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert shown["Tags"] == {"a": "1", "s": "2"}
    await deployed.call("sqs", "SendMessage", QueueUrl="From", MessageBody="m")
    polled = deployed.call("sqs", "ReceiveMessage", QueueUrl="To", WaitTimeSeconds=20)
    async with asyncio.timeout(10):
        assert '"body":"m"' in (await polled)["Messages"][0]["Body"]


async def test_what_a_template_drops_is_as_by_default(deployed: Deployed) -> None:
    """Member by member, also of a target of another kind."""
    given = await _plain(deployed)
    everything: JsonObject = {
        **given,
        "Description": "d",
        "DesiredState": "STOPPED",
        "Enrichment": f"arn:aws:lambda:{HERE}:function:f",
        "EnrichmentParameters": {"InputTemplate": "<$.body>"},
        "LogConfiguration": {"Level": "OFF"},
        "SourceParameters": {
            "FilterCriteria": {"Filters": [{"Pattern": '{"body":["x"]}'}]},
            "SqsQueueParameters": {"BatchSize": "1"},
        },
        "TargetParameters": {
            "InputTemplate": "<$.body>",
            "SqsQueueParameters": {"MessageGroupId": "g"},
        },
        "Tags": {"a": "1", "b": "2"},
    }
    pipe = await deployed.make(PIPE, everything)
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert shown["SourceParameters"]["SqsQueueParameters"] == {"BatchSize": 1}
    assert shown["CurrentState"] == "STOPPED"
    pipe = await deployed.change(PIPE, pipe, {**given, "Tags": {"b": "3"}})
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert shown["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 10}}
    assert shown["CurrentState"] == "RUNNING"
    assert shown["Tags"] == {"b": "3"}
    absent = {"Description", "Enrichment", "EnrichmentParameters", "TargetParameters"}
    assert not absent & set(shown)
    pipe = await deployed.change(PIPE, pipe, {**everything, "Target": given["Target"]})
    bus = {"EventBridgeEventBusParameters": {"Source": "shop"}}
    await deployed.change(PIPE, pipe, {**given, "Target": BUS, "TargetParameters": bus})
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert (shown["Target"], shown["TargetParameters"]) == (BUS, bus)


async def test_a_key_is_kept(deployed: Deployed) -> None:
    """The pipe shows the key that the template names, until it names none."""
    given = await _plain(deployed)
    pipe = await deployed.make(PIPE, {**given, "KmsKeyIdentifier": "alias/k"})
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert shown["KmsKeyIdentifier"] == "alias/k"
    await deployed.change(PIPE, pipe, given)
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    assert not shown.get("KmsKeyIdentifier")


async def test_where_a_stream_began_cannot_be_changed(deployed: Deployed) -> None:
    """The rest of its parameters can."""
    given = await _plain(deployed)
    table = await deployed.call(
        "dynamodb",
        "CreateTable",
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )

    def stream(**own: str) -> JsonObject:
        parameters: JsonObject = {"DynamoDBStreamParameters": dict(own)}
        source = table["TableDescription"]["LatestStreamArn"]
        return {**given, "Source": source, "SourceParameters": parameters}

    pipe = await deployed.make(PIPE, stream(StartingPosition="LATEST", BatchSize="5"))
    changed = stream(StartingPosition="LATEST", MaximumRetryAttempts="3")
    pipe = await deployed.change(PIPE, pipe, changed)
    shown = await deployed.call("pipes", "DescribePipe", Name=pipe.id)
    own = shown["SourceParameters"]["DynamoDBStreamParameters"]
    assert (own["BatchSize"], own["MaximumRetryAttempts"]) == (100, 3)
    assert own["StartingPosition"] == "LATEST"
    with pytest.raises(ServiceError, match="cannot be changed"):
        await deployed.change(PIPE, pipe, stream(StartingPosition="TRIM_HORIZON"))


async def test_a_pipe_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """One that an attempt before made is; what is gone already is deleted."""
    given = {**await _plain(deployed), "Name": "mine"}
    first = await deployed.make(PIPE, given, repeated=True)
    assert await deployed.make(PIPE, given, repeated=True) == first
    with pytest.raises(ServiceError, match="'mine' already exists"):
        await deployed.make(PIPE, given)
    await deployed.drop(PIPE, first)
    await deployed.drop(PIPE, first)
    assert (await deployed.call("pipes", "ListPipes"))["Pipes"] == []
