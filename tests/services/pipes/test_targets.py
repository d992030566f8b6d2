"""Every kind of target and of enrichment."""

from __future__ import annotations

import json
from typing import Any

from tests.services.pipes.world import FUNCTIONS, PLACE, QUEUES, ROLE, World

_SOURCE = QUEUES + "jobs"
_BODY = {"InputTemplate": "<$.body>"}
_BUS = f"arn:aws:events:{PLACE}:event-bus/default"
_GATHER = {"SqsQueueParameters": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 1}}


async def _carried(world: World, *bodies: Any, **pipe: Any) -> None:
    """Messages that went through a pipe."""
    await world.queue("jobs")
    await world.pipe(Source=_SOURCE, **pipe)
    await world.send("jobs", *bodies)
    await world.sleep(3)
    assert await world.depth("jobs") == (0, 0)


async def _api(world: World) -> str:
    """The id of an HTTP API whose every route is the function `api`."""
    target = await world.function_arn("api")
    api = await world.call("apigatewayv2.CreateApi", Name="api", ProtocolType="HTTP", Target=target)
    return str(api["ApiId"])


async def _destination(world: World, **more: Any) -> str:
    """The ARN of an API destination that leads to that API."""
    endpoint = f"https://{await _api(world)}.execute-api.us-east-1.localhost/orders/*"
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}}
    connection = await world.call(
        "CreateConnection", Name="c", AuthorizationType="API_KEY", AuthParameters=key
    )
    made = await world.call(
        "CreateApiDestination",
        Name="d",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=endpoint,
        HttpMethod="POST",
        **more,
    )
    return str(made["ApiDestinationArn"])


def test_a_queue_gets_one_message_for_each_event() -> None:
    """The whole event as JSON without a template."""

    async def play(world: World) -> None:
        await world.queue("done")
        await _carried(world, "a", "b", Target=QUEUES + "done", SourceParameters=_GATHER)
        assert [event["body"] for event in await world.received("done")] == ["a", "b"]

    World().run(play)


def test_a_fifo_queue_gets_group_and_deduplication_from_the_event() -> None:
    """Either may be a path."""

    async def play(world: World) -> None:
        await world.queue("done.fifo", FifoQueue="true")
        own = {"MessageGroupId": "$.body.customer", "MessageDeduplicationId": "$.messageId"}
        await _carried(
            world,
            {"customer": "ann"},
            Target=QUEUES + "done.fifo",
            TargetParameters={**_BODY, "SqsQueueParameters": own},
        )
        url = "http://localhost:4566/000000000000/done.fifo"
        answer = await world.call("ReceiveMessage", QueueUrl=url, AttributeNames=["All"])
        (message,) = answer["Messages"]
        assert json.loads(message["Body"]) == {"customer": "ann"}
        assert message["Attributes"]["MessageGroupId"] == "ann"

    World().run(play)


def test_a_topic_hands_on_what_it_gets() -> None:
    """A subscription gets the text."""

    async def play(world: World) -> None:
        await world.queue("done")
        topic = (await world.call("CreateTopic", Name="t"))["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        await world.call(
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=QUEUES + "done",
            Attributes=raw,
        )
        await _carried(world, {"a": 1}, Target=topic, TargetParameters=_BODY)
        assert await world.received("done") == [{"a": 1}]

    World().run(play)


def test_a_bus_gets_events() -> None:
    """With AWS's source and detail type, or with those of the parameters."""

    async def play(world: World) -> None:
        await world.queue("done")
        await world.call("PutRule", Name="all", EventPattern='{"source":[{"prefix":""}]}')
        target = {"Id": "q", "Arn": QUEUES + "done"}
        await world.call("PutTargets", Rule="all", Targets=[target])
        await _carried(world, {"a": 1}, Target=_BUS)
        (event,) = await world.received("done")
        assert (event["source"], event["detail-type"]) == ("Pipe p", "Event from aws:sqs")
        assert event["detail"]["body"] == '{"a": 1}'
        own = {
            "Source": "shop",
            "DetailType": "$.body.kind",
            "Resources": ["$.eventSourceARN"],
            "Time": "$.body.at",
        }
        await world.call(
            "UpdatePipe",
            Name="p",
            RoleArn=ROLE,
            TargetParameters={**_BODY, "EventBridgeEventBusParameters": own},
        )
        at = "2024-02-03T04:05:06Z"
        await world.send("jobs", {"kind": "order", "at": at})
        await world.sleep(3)
        (event,) = await world.received("done")
        assert (event["source"], event["detail-type"]) == ("shop", "order")
        assert (event["resources"], event["time"]) == ([_SOURCE], at)
        assert event["detail"] == {"kind": "order", "at": at}

    World().run(play)


def test_a_log_group_gets_lines() -> None:
    """In a stream of the pipe's name, or of another one; at the time in the event."""

    async def play(world: World) -> None:
        await world.call("CreateLogGroup", logGroupName="g")
        own = {"LogStreamName": "$.body.stream", "Timestamp": "$.body.at"}
        await _carried(
            world,
            {"stream": "mine", "at": 1_700_000_000_000},
            Target=f"arn:aws:logs:{PLACE}:log-group:g",
            TargetParameters={"InputTemplate": "line", "CloudWatchLogsParameters": own},
        )
        (line,) = (await world.call("FilterLogEvents", logGroupName="g"))["events"]
        assert (line["logStreamName"], line["message"]) == ("mine", "line")
        assert line["timestamp"] == 1_700_000_000_000
        await world.call(
            "UpdatePipe",
            Name="p",
            RoleArn=ROLE,
            TargetParameters={"CloudWatchLogsParameters": {}},
        )
        await world.send("jobs", "x")
        await world.sleep(3)
        lines = (await world.call("FilterLogEvents", logGroupName="g"))["events"]
        assert sorted(line["logStreamName"] for line in lines) == ["mine", "p"]

    World().run(play)


def test_an_api_destination_is_called_for_each_event() -> None:
    """Path, headers and query from the event; the connection adds its key."""

    async def play(world: World) -> None:
        own = {
            "PathParameterValues": ["$.body.id"],
            "HeaderParameters": {"x-by": "p"},
            "QueryStringParameters": {"q": "$.messageId"},
        }
        await _carried(
            world,
            {"id": 1},
            {"id": 2},
            SourceParameters=_GATHER,
            Target=await _destination(world),
            TargetParameters={**_BODY, "HttpParameters": own},
        )
        events = world.runner.events_of("api")
        assert [event["rawPath"] for event in events] == ["/orders/1", "/orders/2"]
        assert json.loads(events[0]["body"]) == {"id": 1}
        assert events[0]["headers"]["x-by"] == "p"
        assert events[0]["headers"]["x-key"] == "secret"
        assert set(events[0]["queryStringParameters"]) == {"q"}

    World().run(play)


def test_an_api_is_called_and_what_it_refuses_comes_back() -> None:
    """By the ARN of stage, method and path."""

    def api(event: Any) -> Any:
        return {"statusCode": 500 if "bad" in event["body"] else 204}

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        api = await _api(world)
        await world.call("apigatewayv2.CreateStage", ApiId=api, StageName="s", AutoDeploy=True)
        target = f"arn:aws:execute-api:{PLACE}:{api}/s/PUT/a/*"
        own = {"HttpParameters": {"PathParameterValues": ["b"]}}
        await world.pipe(
            Source=_SOURCE,
            SourceParameters=_GATHER,
            Target=target,
            TargetParameters={**own, "InputTemplate": "<$.body>"},
        )
        await world.send("jobs", "good", "bad", "fine")
        await world.sleep(5)
        events = world.runner.events_of("api")
        assert {event["requestContext"]["http"]["method"] for event in events} == {"PUT"}
        assert {event["rawPath"] for event in events} == {"/s/a/b"}
        assert sorted(event["body"] for event in events) == ['"bad"', '"fine"', '"good"']
        assert await world.depth("jobs") == (0, 1)

    World({"api": api}).run(play)


def test_a_function_enriches_a_batch() -> None:
    """It gets the shaped list; the list that it answers goes to the target, one by one."""

    def enrich(event: Any) -> Any:
        return [{"n": each["n"] * 10} for each in event if each["n"] != 2]

    async def play(world: World) -> None:
        await world.queue("done")
        await _carried(
            world,
            {"n": 1},
            {"n": 2},
            {"n": 3},
            SourceParameters=_GATHER,
            Enrichment=await world.function_arn("enrich"),
            EnrichmentParameters=_BODY,
            Target=QUEUES + "done",
            TargetParameters={
                "InputTemplate": '{"n": <$.n>, "by": "<aws.pipes.enrichment-arn>"}',
            },
        )
        by = FUNCTIONS + "enrich"
        assert world.runner.events_of("enrich") == [[{"n": 1}, {"n": 2}, {"n": 3}]]
        assert await world.received("done") == [{"n": 10, "by": by}, {"n": 30, "by": by}]

    World({"enrich": enrich}).run(play)


def test_an_enrichment_that_answers_nothing_ends_the_way() -> None:
    """The messages are done, and the target hears nothing."""
    answers: list[Any] = ["", {}, [], None]

    async def play(world: World) -> None:
        await world.queue("done")
        await world.queue("jobs")
        await world.pipe(
            Source=_SOURCE,
            Enrichment=await world.function_arn("enrich"),
            Target=await world.function_arn("work"),
        )
        for _ in range(4):
            await world.send("jobs", "x")
            await world.sleep(2)
        assert await world.depth("jobs") == (0, 0)
        assert len(world.runner.events_of("enrich")) == 4
        assert world.runner.events_of("work") == []

    World({"enrich": lambda event: answers.pop()}).run(play)


def test_an_enrichment_that_fails_brings_the_batch_back() -> None:
    """The target hears nothing of it."""

    def enrich(event: Any) -> Any:
        raise ValueError("no")

    async def play(world: World) -> None:
        await world.queue("jobs")
        await world.queue("done")
        enrichment = await world.function_arn("enrich")
        await world.pipe(Source=_SOURCE, Enrichment=enrichment, Target=QUEUES + "done")
        await world.send("jobs", "x")
        await world.sleep(3)
        assert await world.depth("jobs") == (0, 1)
        assert await world.depth("done") == (0, 0)

    World({"enrich": enrich}).run(play)


def test_an_express_machine_enriches() -> None:
    """Its output is what goes on."""

    async def play(world: World) -> None:
        await world.queue("done")
        state = {"Type": "Pass", "Parameters": {"first.$": "$[0].body"}, "End": True}
        machine = await world.machine("enrich", "EXPRESS", **state)
        await _carried(world, "a", Enrichment=machine, Target=QUEUES + "done")
        assert await world.received("done") == [{"first": "a"}]

    World().run(play)


def test_an_api_enriches_each_event() -> None:
    """A JSON answer goes on as what it stands for."""

    def api(event: Any) -> Any:
        body = json.loads(event["body"])
        return {"statusCode": 200, "body": json.dumps({"seen": body})}

    async def play(world: World) -> None:
        await world.queue("done")
        await _carried(
            world,
            {"id": 1},
            {"id": 2},
            SourceParameters=_GATHER,
            Enrichment=await _destination(world),
            EnrichmentParameters={
                **_BODY,
                "HttpParameters": {"PathParameterValues": ["$.body.id"]},
            },
            Target=QUEUES + "done",
        )
        assert await world.received("done") == [{"seen": {"id": 1}}, {"seen": {"id": 2}}]
        paths = [event["rawPath"] for event in world.runner.events_of("api")]
        assert sorted(paths) == ["/orders/1", "/orders/2"]

    World({"api": api}).run(play)


def test_only_the_event_that_an_api_refuses_to_enrich_comes_back() -> None:
    """The others go on; of a FIFO queue nothing that comes after it does."""

    def api(event: Any) -> Any:
        return {"statusCode": 500 if "bad" in event["body"] else 200, "body": event["body"]}

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        await world.queue("done")
        await world.queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        given: dict[str, Any] = {
            "Enrichment": await _destination(world),
            "EnrichmentParameters": _BODY,
            "Target": QUEUES + "done",
        }
        await world.pipe(Source=_SOURCE, SourceParameters=_GATHER, **given)
        await world.send("jobs", "a", "bad", "b")
        await world.sleep(3)
        assert await world.received("done") == ["a", "b"]
        assert await world.depth("jobs") == (0, 1)
        await world.send("jobs.fifo", "a", "bad", "b", MessageGroupId="one")
        await world.pipe("fifo", Source=_SOURCE + ".fifo", **given)
        await world.sleep(3)
        assert await world.received("done") == ["a"]
        assert await world.depth("jobs.fifo") == (0, 2)

    World({"api": api}).run(play)
