"""Queues that feed functions."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.services.feeds import queue_reader
from stepwell.services.feeds.queue_records import queue_record
from stepwell.testing.simulation import Faults
from stepwell.values import encode_text
from tests.services.lambda_.world import World, arn_of

SOURCE = "arn:aws:sqs:us-east-1:000000000000:jobs"


async def _wire(world: World, **more: Any) -> str:
    """A queue, a function and the mapping between them; the queue's URL."""
    url = await world.queue("jobs", VisibilityTimeout="30")
    await world.function("work")
    await world.call("CreateEventSourceMapping", EventSourceArn=SOURCE, FunctionName="work", **more)
    return url


async def _send(world: World, url: str, *bodies: Any) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else encode_text(body)
        await world.call("SendMessage", QueueUrl=url, MessageBody=text)


async def _depth(world: World, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = await world.call("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])


def _bodies(world: World) -> list[str]:
    return [
        record["body"] for event in world.runner.events_of("work") for record in event["Records"]
    ]


def test_messages_reach_the_function_in_awss_form_and_are_deleted() -> None:
    """Messages reach the function in awss form and are deleted."""

    async def play(world: World) -> None:
        url = await _wire(world)
        await world.call(
            "SendMessage",
            QueueUrl=url,
            MessageBody="hello",
            MessageAttributes={"Kind": {"DataType": "String", "StringValue": "greeting"}},
        )
        await world.sleep(1)
        (event,) = world.runner.events_of("work")
        (record,) = event["Records"]
        assert record["body"] == "hello"
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"] == SOURCE
        assert record["awsRegion"] == "us-east-1"
        assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert record["messageAttributes"] == {
            "Kind": {
                "stringValue": "greeting",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        }
        assert {"messageId", "receiptHandle"} <= set(record)
        assert await _depth(world, url) == (0, 0)

    World().run(play)


def test_what_a_function_fails_at_comes_back_after_its_visibility_timeout() -> None:
    """What a function fails at comes back after its visibility timeout."""
    seen: list[int] = []

    def work(event: Any) -> Any:
        seen.append(len(event["Records"]))
        if len(seen) == 1:
            raise ValueError("not today")

    async def play(world: World) -> None:
        url = await _wire(world)
        await _send(world, url, "a")
        await world.sleep(1)
        assert await _depth(world, url) == (0, 1)
        await world.sleep(28)
        assert seen == [1]
        await world.sleep(5)
        assert seen == [1, 1]
        assert await _depth(world, url) == (0, 0)

    World({"work": work}).run(play)


def test_only_the_items_that_are_reported_as_failed_come_back() -> None:
    """Only the items that are reported as failed come back."""

    def work(event: Any) -> Any:
        failed = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    async def play(world: World) -> None:
        url = await _wire(
            world,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            MaximumBatchingWindowInSeconds=1,
        )
        await _send(world, url, "good", "bad", "fine")
        await world.sleep(3)
        assert await _depth(world, url) == (0, 1)
        assert sorted(_bodies(world)) == ["bad", "fine", "good"]

    World({"work": work}).run(play)


def test_a_batching_window_gathers_more_than_ten() -> None:
    """A batching window gathers more than ten."""

    async def play(world: World) -> None:
        url = await _wire(world, BatchSize=100, MaximumBatchingWindowInSeconds=5)
        await _send(world, url, *[str(number) for number in range(25)])
        await world.sleep(10)
        assert [len(event["Records"]) for event in world.runner.events_of("work")] == [25]

    World().run(play)


def test_what_a_filter_does_not_want_is_deleted_unseen() -> None:
    """What a filter does not want is deleted unseen."""

    async def play(world: World) -> None:
        pattern = encode_text({"body": {"kind": ["order"]}})
        url = await _wire(world, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        await _send(world, url, {"kind": "order"}, {"kind": "news"}, "no json")
        await world.sleep(2)
        assert _bodies(world) == ['{"kind":"order"}']
        assert await _depth(world, url) == (0, 0)

    World().run(play)


def test_a_message_that_breaks_the_reading_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is read on, and the message comes back after its visibility timeout."""
    calls: list[str] = []

    def broken_once(message: dict[str, Any], arn: str) -> Any:
        calls.append(arn)
        if len(calls) == 1:
            raise RecursionError
        return queue_record(message, arn)

    monkeypatch.setattr(queue_reader, "queue_record", broken_once)

    async def play(world: World) -> None:
        url = await _wire(world)
        await _send(world, url, "hello")
        await world.sleep(60)
        assert _bodies(world) == ["hello"]
        assert await _depth(world, url) == (0, 0)

    World().run(play)


def test_no_more_batches_run_at_a_time_than_the_mapping_allows() -> None:
    """No more batches run at a time than the mapping allows."""
    running: list[int] = [0, 0]
    world = World()

    async def work(event: Any) -> Any:
        running[0] += 1
        running[1] = max(running)
        await world.sleep(5)
        running[0] -= 1

    async def play(world: World) -> None:
        url = await _wire(world, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
        await _send(world, url, *"abcdef")
        await world.sleep(25)
        assert running == [0, 2]
        assert sorted(_bodies(world)) == list("abcdef")

    world.runner.handlers["work"] = work
    world.run(play)


def test_no_message_is_taken_while_reserved_concurrency_is_used_up() -> None:
    """No message is taken while reserved concurrency is used up."""

    async def play(world: World) -> None:
        url = await _wire(world)
        await world.sleep(21)
        await world.call(
            "PutFunctionConcurrency", FunctionName="work", ReservedConcurrentExecutions=0
        )
        await world.sleep(21)
        await _send(world, url, "a")
        await world.sleep(30)
        assert _bodies(world) == []

    World().run(play)


def test_a_fifo_queue_keeps_the_order_of_each_group() -> None:
    """A fifo queue keeps the order of each group."""
    seen: dict[str, list[str]] = {}

    def work(event: Any) -> Any:
        for record in event["Records"]:
            seen.setdefault(record["attributes"]["MessageGroupId"], []).append(record["body"])

    async def play(world: World) -> None:
        url = await world.queue(
            "jobs.fifo",
            FifoQueue="true",
            ContentBasedDeduplication="true",
            VisibilityTimeout="30",
        )
        await world.function("work")
        for number in range(12):
            await world.call(
                "SendMessage",
                QueueUrl=url,
                MessageBody=str(number),
                MessageGroupId="even" if number % 2 == 0 else "odd",
            )
        await world.call(
            "CreateEventSourceMapping",
            EventSourceArn=f"{SOURCE}.fifo",
            FunctionName="work",
            BatchSize=2,
        )
        await world.sleep(10)
        assert seen == {
            "even": ["0", "2", "4", "6", "8", "10"],
            "odd": ["1", "3", "5", "7", "9", "11"],
        }

    World({"work": work}).run(play)


def test_a_disabled_mapping_takes_nothing_until_it_is_enabled() -> None:
    """A disabled mapping takes nothing until it is enabled."""

    async def play(world: World) -> None:
        url = await _wire(world, Enabled=False)
        listed = await world.call("ListEventSourceMappings", FunctionName="work")
        (mapping,) = listed["EventSourceMappings"]
        assert mapping["State"] == "Disabled"
        assert mapping["FunctionArn"] == arn_of("work")
        await _send(world, url, "a")
        await world.sleep(5)
        assert _bodies(world) == []
        await world.call("UpdateEventSourceMapping", UUID=mapping["UUID"], Enabled=True)
        await world.sleep(5)
        assert _bodies(world) == ["a"]
        await world.call("DeleteEventSourceMapping", UUID=mapping["UUID"])
        await _send(world, url, "b")
        await world.sleep(60)
        assert _bodies(world) == ["a"]

    World().run(play)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:none"}, "does not exist"),
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern"),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/x"}, "not supported"),
    ],
    ids=["queue", "window", "position", "filter", "kinesis"],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], text: str) -> None:
    """What cannot be is refused."""

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        await world.function("work")
        with pytest.raises(ServiceError) as refused:
            await world.simulation.call(
                "CreateEventSourceMapping",
                **({"EventSourceArn": SOURCE, "FunctionName": "work"} | given),
            )
        assert refused.value.code == "InvalidParameterValueException"
        assert text in refused.value.message

    World().run(play)


def test_a_function_that_is_gone_is_complained_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """One warning, however long it is gone; messages wait, and arrive once it is back."""

    async def play(world: World) -> None:
        url = await _wire(world)
        await world.call("DeleteFunction", FunctionName="work")
        await _send(world, url, "a", "b")
        await world.sleep(600)
        assert _bodies(world) == []
        await world.function("work")
        await world.sleep(60)
        assert sorted(_bodies(world)) == ["a", "b"]

    World().run(play)
    told = [record for record in caplog.records if record.message.startswith("reading ")]
    assert [record.levelname for record in told] == ["WARNING"]


@pytest.mark.parametrize("point", range(1, 17))
def test_a_crash_at_any_commit_loses_no_message(point: int) -> None:
    """A crash at any commit loses no message."""

    async def play(world: World) -> None:
        url = await world.queue("jobs", VisibilityTimeout="30")
        # A call that is repeated after a crash may find that it was carried out before.
        with contextlib.suppress(ServiceError):
            await world.function("work")
        with contextlib.suppress(ServiceError):
            await world.call("CreateEventSourceMapping", EventSourceArn=SOURCE, FunctionName="work")
        bodies = [str(number) for number in range(8)]
        await _send(world, url, *bodies)
        while await _depth(world, url) != (0, 0):
            await world.sleep(5)
        assert set(_bodies(world)) == set(bodies)
        assert world.simulation.crashes == 1

    World(faults=[Faults(crash_after=point)]).run(play)


def test_what_reserved_concurrency_has_no_room_for_is_not_taken() -> None:
    """No message counts as received, and waits for its visibility timeout, for lack of room."""
    world = World()

    async def work(event: Any) -> None:
        await world.sleep(5)

    async def play(world: World) -> None:
        url = await _wire(world, BatchSize=1)
        await world.call(
            "PutFunctionConcurrency", FunctionName="work", ReservedConcurrentExecutions=1
        )
        await _send(world, url, *"abcd")
        await world.sleep(25)
        counts = [
            record["attributes"]["ApproximateReceiveCount"]
            for event in world.runner.events_of("work")
            for record in event["Records"]
        ]
        assert counts == ["1"] * 4

    world.runner.handlers["work"] = work
    world.run(play)
