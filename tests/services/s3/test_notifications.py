"""Who is told of what, and how the documents look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.services.s3.world import ACCOUNT, BUCKET, REGION, World


def in_world(play: Callable[[World], Awaitable[None]]) -> None:
    """Play something in a fresh world."""

    async def run() -> None:
        async with World() as world:
            await play(world)

    asyncio.run(run())


async def configure(world: World, **configuration: Any) -> None:
    """PutBucketNotificationConfiguration."""
    await world.s3("PutBucketNotificationConfiguration", NotificationConfiguration=configuration)


def test_a_queue_gets_the_event_of_a_put() -> None:
    """The document is AWS's, keys are encoded; the test event came first."""

    async def play(world: World) -> None:
        arn = await world.queue("q")
        entry = {"Id": "mine", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
        await configure(world, QueueConfigurations=[entry])
        await world.put("a b/ü.txt", b"hello")
        test, told = await world.messages("q")
        assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", BUCKET)
        (event,) = told["Records"]
        assert event["eventVersion"] == "2.1"
        assert (event["eventSource"], event["awsRegion"]) == ("aws:s3", REGION)
        assert event["eventName"] == "ObjectCreated:Put"
        assert event["s3"]["configurationId"] == "mine"
        assert event["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{BUCKET}"
        shown = event["s3"]["object"]
        assert (shown["key"], shown["size"]) == ("a+b/%C3%BC.txt", 5)
        assert shown["eTag"] == "5d41402abc4b2a76b9719d911017c592"

    in_world(play)


def test_filters_look_at_both_ends_of_a_key() -> None:
    """Prefix and suffix must both fit; other events are not told."""

    async def play(world: World) -> None:
        arn = await world.queue("q")
        rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
        entry = {
            "QueueArn": arn,
            "Events": ["s3:ObjectRemoved:Delete"],
            "Filter": {"Key": {"FilterRules": rules}},
        }
        await configure(world, QueueConfigurations=[entry])
        for key in ("in/a.csv", "in/a.txt", "a.csv"):
            await world.put(key)
            await world.s3("DeleteObject", Key=key)
        told = [m for m in await world.messages("q") if "Records" in m]
        assert [m["Records"][0]["s3"]["object"]["key"] for m in told] == ["in/a.csv"]
        assert told[0]["Records"][0]["eventName"] == "ObjectRemoved:Delete"
        shown = await world.s3("GetBucketNotificationConfiguration")
        names = [
            rule["Name"] for rule in shown["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"]
        ]
        assert names == ["Prefix", "Suffix"]

    in_world(play)


def test_the_default_bus_gets_events_of_its_own_shape() -> None:
    """EventBridge's detail has the reason, the requester and the object."""

    async def play(world: World) -> None:
        arn = await world.queue("q")
        pattern = '{"source": ["aws.s3"], "detail": {"bucket": {"name": ["the-bucket"]}}}'
        await world.call("events", "PutRule", Name="r", EventPattern=pattern)
        await world.call("events", "PutTargets", Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        await configure(world, EventBridgeConfiguration={})
        await world.put("k", b"hello")
        await world.s3("DeleteObject", Key="k")
        created, deleted = await world.messages("q")
        assert created["detail-type"] == "Object Created"
        assert created["resources"] == [f"arn:aws:s3:::{BUCKET}"]
        assert created["detail"]["reason"] == "PutObject"
        assert created["detail"]["requester"] == ACCOUNT
        assert created["detail"]["object"]["size"] == 5
        assert deleted["detail-type"] == "Object Deleted"
        assert deleted["detail"]["deletion-type"] == "Permanently Deleted"

    in_world(play)


def test_a_topic_gets_the_event_with_its_subject() -> None:
    """A subscribed queue sees the subject that S3 sets."""

    async def play(world: World) -> None:
        arn = await world.queue("q")
        topic = (await world.call("sns", "CreateTopic", Name="t"))["TopicArn"]
        await world.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn)
        entry = {"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}
        await configure(world, TopicConfigurations=[entry])
        await world.put("k")
        told = await world.messages("q")
        assert [message["Subject"] for message in told] == ["Amazon S3 Notification"] * 2
        assert "ObjectCreated:Put" in told[1]["Message"]

    in_world(play)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([{"QueueArn": "arn:aws:sns:eu-west-1:1:t", "Events": ["s3:ObjectCreated:*"]}], "parsed"),
        ([{"QueueArn": "{q}", "Events": ["s3:Nothing"]}], "not supported"),
        (
            [
                {"QueueArn": "{q}", "Events": ["s3:ObjectCreated:*"]},
                {"QueueArn": "{q}", "Events": ["s3:ObjectCreated:Put"]},
            ],
            "Configurations overlap",
        ),
    ],
)
def test_what_cannot_be_configured(entries: list[dict[str, Any]], text: str) -> None:
    """A wrong target, an unknown event, two that would both be told."""

    async def play(world: World) -> None:
        arn = await world.queue("q")
        given = [entry | {"QueueArn": entry["QueueArn"].format(q=arn)} for entry in entries]
        with pytest.raises(ServiceError, match=text) as refused:
            await configure(world, QueueConfigurations=given)
        assert refused.value.code == "InvalidArgument"
        assert await world.s3("GetBucketNotificationConfiguration") == {}

    in_world(play)
