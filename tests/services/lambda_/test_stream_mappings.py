"""Streams of tables that feed functions."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Faults
from stepwell.values import encode_text
from tests.services.lambda_.world import World

QUEUE = "arn:aws:sqs:us-east-1:000000000000:failed"


async def _table(world: World) -> str:
    """A table with a stream; the stream's ARN."""
    with contextlib.suppress(ServiceError):
        await world.call(
            "CreateTable",
            TableName="things",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
    described = await world.call("DescribeTable", TableName="things")
    return str(described["Table"]["LatestStreamArn"])


async def _wire(world: World, **more: Any) -> None:
    source = await _table(world)
    with contextlib.suppress(ServiceError):
        await world.function("work")
    given = {"StartingPosition": "TRIM_HORIZON"} | more
    with contextlib.suppress(ServiceError):
        await world.call(
            "CreateEventSourceMapping", EventSourceArn=source, FunctionName="work", **given
        )


async def _put(world: World, *names: str) -> None:
    for name in names:
        await world.call("PutItem", TableName="things", Item={"id": {"S": name}})


def _names(event: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]


def _seen(world: World) -> list[list[str]]:
    return [_names(event) for event in world.runner.events_of("work")]


def test_changes_reach_the_function_in_order_and_awss_form() -> None:
    """Changes reach the function in order and awss form."""

    async def play(world: World) -> None:
        await _wire(world)
        await _put(world, "a", "b", "c")
        await world.sleep(2)
        assert [name for names in _seen(world) for name in names] == ["a", "b", "c"]
        record = world.runner.events_of("work")[0]["Records"][0]
        assert record["eventName"] == "INSERT"
        assert record["eventSource"] == "aws:dynamodb"
        assert record["eventSourceARN"].startswith("arn:aws:dynamodb:us-east-1:")
        assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}}

    World().run(play)


def test_latest_begins_with_what_comes_after_the_mapping() -> None:
    """Latest begins with what comes after the mapping."""

    async def play(world: World) -> None:
        await _table(world)
        await _put(world, "before")
        await _wire(world, StartingPosition="LATEST")
        await _put(world, "after")
        await world.sleep(2)
        assert _seen(world) == [["after"]]

    World().run(play)


def test_a_failing_batch_is_tried_again_and_holds_up_what_follows() -> None:
    """A failing batch is tried again and holds up what follows."""
    failures = [2]

    def work(event: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            raise ValueError("not yet")

    async def play(world: World) -> None:
        await _wire(world, BatchSize=1)
        await _put(world, "a", "b")
        await world.sleep(30)
        assert _seen(world) == [["a"], ["a"], ["a"], ["b"]]

    World({"work": work}).run(play)


def test_what_is_given_up_goes_to_the_destination() -> None:
    """What is given up goes to the destination."""

    def work(event: Any) -> Any:
        if "bad" in _names(event):
            raise ValueError("never")

    async def play(world: World) -> None:
        url = await world.queue("failed")
        await _wire(
            world,
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=2,
            DestinationConfig={"OnFailure": {"Destination": QUEUE}},
            MaximumBatchingWindowInSeconds=1,
        )
        await _put(world, "a", "bad")
        await world.sleep(60)
        (record,) = await world.received(url)
        assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert record["DDBStreamBatchInfo"]["batchSize"] == 1
        assert record["responseContext"]["functionError"] == "Unhandled"
        assert ["a"] in _seen(world)
        await _put(world, "c")
        await world.sleep(5)
        assert _seen(world)[-1] == ["c"]

    World({"work": work}).run(play)


def test_a_reported_item_is_where_it_goes_on() -> None:
    """A reported item is where it goes on."""
    seen: list[list[str]] = []

    def work(event: Any) -> Any:
        seen.append(_names(event))
        if len(seen) == 1:
            number = event["Records"][1]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": number}]}
        return None

    async def play(world: World) -> None:
        await _wire(
            world,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            MaximumBatchingWindowInSeconds=1,
        )
        await _put(world, "a", "b", "c")
        await world.sleep(10)
        assert seen == [["a", "b", "c"], ["b", "c"]]

    World({"work": work}).run(play)


def test_a_filter_looks_into_the_change() -> None:
    """A filter looks into the change."""

    async def play(world: World) -> None:
        pattern = encode_text({"dynamodb": {"Keys": {"id": {"S": [{"prefix": "x"}]}}}})
        await _wire(world, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        await _put(world, "a", "xb", "c")
        await world.sleep(2)
        assert _seen(world) == [["xb"]]

    World().run(play)


@pytest.mark.parametrize("point", range(1, 14))
def test_a_crash_at_any_commit_loses_no_change(point: int) -> None:
    """A crash at any commit loses no change."""

    async def play(world: World) -> None:
        await _wire(world, BatchSize=2)
        for name in "abcdef":
            await _put(world, name)
        await world.sleep(60)
        seen = [name for names in _seen(world) for name in names]
        assert set(seen) == set("abcdef")
        assert world.simulation.crashes == 1

    World(faults=[Faults(crash_after=point)]).run(play)
