"""What CreatePipe and UpdatePipe take, complete and refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.services.pipes.world import ASYNCHRONOUS, FUNCTIONS, PLACE, QUEUES, ROLE, World

_BATCH = "SqsQueueParameters"
_STREAM = "DynamoDBStreamParameters"


async def _prepared(world: World) -> dict[str, str]:
    """Sources and targets; their ARNs."""
    for name in ("jobs", "done"):
        await world.queue(name)
    await world.queue("jobs.fifo", FifoQueue="true")
    return {
        "standard": await world.machine("standard"),
        "express": await world.machine("express", "EXPRESS"),
        "stream": await world.stream(),
    }


def _sources(arns: dict[str, str]) -> dict[str, tuple[dict[str, Any], str]]:
    """Name -> (what is changed of a good request, what the refusal says)."""
    kinesis = f"arn:aws:kinesis:{PLACE}:stream/s"
    dead = {"StartingPosition": "LATEST", "DeadLetterConfig": {"Arn": arns["express"]}}
    return {
        "kinesis": ({"Source": kinesis}, "sources of the service kinesis"),
        "kafka": ({"Source": "smk://broker.example.com:9092"}, "self-managed Kafka"),
        "no queue": ({"Source": QUEUES + "none"}, "does not exist"),
        "no stream": ({"Source": arns["stream"] + "9"}, "does not exist"),
        "no position": ({"Source": arns["stream"]}, "StartingPosition is required"),
        "dead": (
            {"Source": arns["stream"], "SourceParameters": {_STREAM: dead}},
            "neither a queue nor a topic",
        ),
        "window": ({"SourceParameters": {_BATCH: {"BatchSize": 11}}}, "greater than 0"),
        "fifo window": (
            {
                "Source": QUEUES + "jobs.fifo",
                "SourceParameters": {_BATCH: {"MaximumBatchingWindowInSeconds": 1}},
            },
            "not supported for FIFO",
        ),
        "fifo size": (
            {
                "Source": QUEUES + "jobs.fifo",
                "SourceParameters": {_BATCH: {"BatchSize": 11}},
            },
            "must not exceed 10",
        ),
        "other source": (
            {"SourceParameters": {_STREAM: {"StartingPosition": "LATEST"}}},
            "DynamoDBStreamParameters is not valid for the source",
        ),
        "filter": (
            {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}},
            "Invalid filter pattern",
        ),
    }


def _others(arns: dict[str, str]) -> dict[str, tuple[dict[str, Any], str]]:
    """The same about enrichments, targets and the rest."""
    topic = f"arn:aws:sns:{PLACE}:t.fifo"
    return {
        "ecs": ({"Target": f"arn:aws:ecs:{PLACE}:cluster/c"}, "targets of the service ecs"),
        "rule": ({"Target": f"arn:aws:events:{PLACE}:rule/r"}, "targets of the service events"),
        "fifo topic": ({"Target": topic}, "FIFO topics"),
        "group": ({"Target": QUEUES + "jobs.fifo"}, "MessageGroupId is required"),
        "other target": (
            {"TargetParameters": {"LambdaFunctionParameters": {}}},
            "LambdaFunctionParameters is not valid for the target",
        ),
        "standard": ({"Target": arns["standard"]}, "only EXPRESS state machines"),
        "standard enrichment": ({"Enrichment": arns["standard"]}, "only EXPRESS state machines"),
        "queue enrichment": (
            {"Enrichment": QUEUES + "done"},
            "enrichments of the service sqs",
        ),
        "http": (
            {
                "Enrichment": FUNCTIONS + "f",
                "EnrichmentParameters": {"HttpParameters": {"PathParameterValues": ["x"]}},
            },
            "HttpParameters is not valid for the enrichment",
        ),
        "no enrichment": ({"EnrichmentParameters": {"InputTemplate": "x"}}, "no Enrichment"),
        "endpoint": (
            {
                "Target": f"arn:aws:events:{PLACE}:event-bus/default",
                "TargetParameters": {"EventBridgeEventBusParameters": {"EndpointId": "a.b"}},
            },
            "EndpointId",
        ),
        "logs": ({"LogConfiguration": {"Level": "INFO"}}, "needs a CloudwatchLogsLogDestination"),
        "bucket": (
            {
                "LogConfiguration": {
                    "Level": "INFO",
                    "S3LogDestination": {"BucketName": "logs", "BucketOwner": "0" * 12},
                }
            },
            "S3LogDestination",
        ),
        "tags": ({"Tags": {"aws:x": "y"}}, "reserved"),
        "half an arn": ({"Target": "arn:aws:sqs:us-east-1"}, "not a valid ARN"),
    }


def test_what_cannot_be_is_refused_by_name() -> None:
    """Each of them, and nothing is made."""

    async def play(world: World) -> None:
        arns = await _prepared(world)
        good = {"Name": "p", "RoleArn": ROLE, "Source": QUEUES + "jobs", "Target": QUEUES + "done"}
        for name, (change, told) in {**_sources(arns), **_others(arns)}.items():
            with pytest.raises(ServiceError) as refused:
                await world.simulation.call("CreatePipe", **{**good, **change})
            assert refused.value.code == "ValidationException", name
            assert told in refused.value.message, name
        assert (await world.call("ListPipes"))["Pipes"] == []
        await world.call("CreatePipe", **good)
        with pytest.raises(ServiceError, match="already exists") as taken:
            await world.simulation.call("CreatePipe", **good)
        assert (taken.value.code, taken.value.status) == ("ConflictException", 409)

    World().run(play)


def test_what_is_not_given_is_completed_and_shown() -> None:
    """Batches of 10 from queues, of 100 from streams, tried for ever."""

    async def play(world: World) -> None:
        arns = await _prepared(world)
        await world.pipe("q", Source=QUEUES + "jobs", Target=QUEUES + "done")
        shown = await world.call("DescribePipe", Name="q")
        assert shown["SourceParameters"] == {_BATCH: {"BatchSize": 10}}
        stream = {"StartingPosition": "LATEST"}
        await world.pipe(
            "s",
            Source=arns["stream"],
            Target=arns["express"],
            SourceParameters={_STREAM: stream},
        )
        shown = await world.call("DescribePipe", Name="s")
        assert shown["SourceParameters"][_STREAM] == {
            "BatchSize": 100,
            "StartingPosition": "LATEST",
        }

    World().run(play)


def test_an_update_keeps_what_it_does_not_name() -> None:
    """Members stay; those of a service's own parameters go together; empty texts take away."""

    async def play(world: World) -> None:
        arns = await _prepared(world)
        pattern = {"Filters": [{"Pattern": json.dumps({"body": {"a": [1]}})}]}
        await world.pipe(
            Source=QUEUES + "jobs",
            SourceParameters={
                "FilterCriteria": pattern,
                _BATCH: {"BatchSize": 5, "MaximumBatchingWindowInSeconds": 2},
            },
            Enrichment=FUNCTIONS + "f",
            EnrichmentParameters={"InputTemplate": "<$.body>"},
            Target=arns["standard"],
            TargetParameters={"InputTemplate": "<$.body>", **ASYNCHRONOUS},
            Description="first",
        )

        async def updated(**given: Any) -> Any:
            answer = await world.call("UpdatePipe", Name="p", RoleArn=ROLE, **given)
            assert answer["CurrentState"] == "UPDATING"
            return await world.call("DescribePipe", Name="p")

        shown = await updated(SourceParameters={_BATCH: {"BatchSize": 7}})
        assert shown["SourceParameters"] == {"FilterCriteria": pattern, _BATCH: {"BatchSize": 7}}
        assert shown["Description"] == "first"
        shown = await updated(TargetParameters={"InputTemplate": ""}, Description="second")
        assert shown["TargetParameters"] == ASYNCHRONOUS
        assert shown["EnrichmentParameters"] == {"InputTemplate": "<$.body>"}
        assert shown["Description"] == "second"
        shown = await updated(Enrichment="", SourceParameters={"FilterCriteria": {"Filters": []}})
        assert not {"Enrichment", "EnrichmentParameters"} & set(shown)
        assert "FilterCriteria" not in shown["SourceParameters"]
        shown = await updated(Target=QUEUES + "done")
        assert shown["Target"] == QUEUES + "done"
        assert "TargetParameters" not in shown
        with pytest.raises(ServiceError, match="not valid for the source"):
            await world.simulation.call(
                "UpdatePipe", Name="p", RoleArn=ROLE, SourceParameters={_STREAM: {}}
            )

    World().run(play)


def test_states_tags_and_lists() -> None:
    """Each change answers with the state between; a list is filtered and has pages."""

    async def play(world: World) -> None:
        await _prepared(world)
        for name in ("a1", "a2", "b1"):
            made = await world.call(
                "CreatePipe",
                Name=name,
                RoleArn=ROLE,
                Source=QUEUES + "jobs",
                Target=QUEUES + "done",
                DesiredState="STOPPED",
                Tags={"n": name},
            )
            assert (made["DesiredState"], made["CurrentState"]) == ("STOPPED", "CREATING")
        assert made["Arn"] == f"arn:aws:pipes:{PLACE}:pipe/b1"
        started = await world.call("StartPipe", Name="a1")
        assert (started["DesiredState"], started["CurrentState"]) == ("RUNNING", "STARTING")

        async def listed(**given: Any) -> list[str]:
            return [pipe["Name"] for pipe in (await world.call("ListPipes", **given))["Pipes"]]

        assert await listed() == ["a1", "a2", "b1"]
        assert await listed(NamePrefix="a") == ["a1", "a2"]
        assert await listed(CurrentState="RUNNING") == ["a1"]
        assert await listed(DesiredState="STOPPED", SourcePrefix=QUEUES) == ["a2", "b1"]
        assert await listed(TargetPrefix="arn:aws:sns") == []
        first = await world.call("ListPipes", Limit=2)
        assert await listed(Limit=2, NextToken=first["NextToken"]) == ["b1"]
        with pytest.raises(ServiceError, match="NextToken"):
            await listed(NextToken="\x00")
        stopped = await world.call("StopPipe", Name="a1")
        assert (stopped["DesiredState"], stopped["CurrentState"]) == ("STOPPED", "STOPPING")
        arn = made["Arn"]
        await world.call("pipes.TagResource", resourceArn=arn, tags={"x": "y"})
        await world.call("pipes.UntagResource", resourceArn=arn, tagKeys=["n", "none"])
        told = await world.call("pipes.ListTagsForResource", resourceArn=arn)
        assert told == {"tags": {"x": "y"}}
        gone = await world.call("DeletePipe", Name="b1")
        assert (gone["DesiredState"], gone["CurrentState"]) == ("DELETED", "DELETING")
        for operation in ("DescribePipe", "StartPipe", "StopPipe", "DeletePipe"):
            with pytest.raises(ServiceError) as refused:
                await world.simulation.call(operation, Name="b1")
            assert (refused.value.code, refused.value.status) == ("NotFoundException", 404)
        with pytest.raises(ServiceError, match="does not exist"):
            await world.simulation.call("pipes.ListTagsForResource", resourceArn=arn)

    World().run(play)
