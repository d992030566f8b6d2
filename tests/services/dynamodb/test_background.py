"""What happens by itself: expiry, filled indexes, trimmed streams, cleared tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from stepwell.services.dynamodb import counting
from stepwell.services.dynamodb.records import ENTRY, ITEM, STREAM_RECORD
from tests.services.dynamodb.world import World

IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
TTL = {"AttributeName": "until", "Enabled": True}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A DynamoDB."""
    world = await World().start()
    yield world
    await world.stop()


def until(world: World, seconds: float) -> dict[str, Any]:
    """The attribute of an item that expires so many seconds from now."""
    return {"until": {"N": str(world.clock.now() // 1000 + seconds)}}


async def test_items_are_deleted_when_they_expire(world: World) -> None:
    """At their time, by the service, items that were there before too; others stay."""
    await world.table(StreamSpecification=IMAGES)
    await world.put("early", **until(world, 100))
    await world.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=TTL)
    await world.settle()
    await world.put("late", **until(world, 200))
    await world.put("text", until={"S": "soon"})
    await world.put("never")
    await world.put("ancient", until={"N": "1"})
    await world.advance(99)
    assert await world.ids() == ["ancient", "early", "late", "never", "text"]
    await world.advance(2)
    assert await world.ids() == ["ancient", "late", "never", "text"]
    await world.advance(100)
    assert await world.ids() == ["ancient", "never", "text"]
    removed = [r for r in await world.records() if r["eventName"] == "REMOVE"]
    assert [r["userIdentity"]["PrincipalId"] for r in removed] == ["dynamodb.amazonaws.com"] * 2


async def test_expiry_survives_a_restart_and_follows_changes(world: World) -> None:
    """The time of an item is that of its last write, whoever is there to look."""
    await world.table()
    await world.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=TTL)
    await world.settle()
    await world.put("a", **until(world, 100))
    await world.put("b", **until(world, 100))
    await world.put("b", **until(world, 300))
    await world.restart()
    await world.advance(150)
    assert await world.ids() == ["b"]
    await world.advance(150)
    assert await world.ids() == []


async def test_a_new_index_is_filled(world: World) -> None:
    """With the items that were there before, also after a restart in between."""
    await world.table()
    for number in range(250):
        await world.put(f"i{number}", g={"S": "x"})
    await world.put("without")
    answer = await world.call(
        "UpdateTable",
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            }
        ],
    )
    (index,) = answer["TableDescription"]["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "CREATING"
    await world.restart()
    await world.settle()
    shown = (await world.call("DescribeTable", TableName="tab"))["Table"]
    assert shown["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    found = await world.call(
        "Query",
        TableName="tab",
        IndexName="by-g",
        KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
        Select="COUNT",
    )
    assert found["Count"] == 250


async def test_a_deleted_table_leaves_nothing(world: World) -> None:
    """Its name is free at once, its rows go in the background."""
    await world.table(StreamSpecification=IMAGES)
    await world.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=TTL)
    for number in range(600):
        await world.put(f"i{number}", until={"N": "9000000000"})
    await world.call("DeleteTable", TableName="tab")
    await world.table()
    assert await world.ids() == []
    await world.settle()
    assert await world.store.count(ITEM) == 0
    assert await world.store.count(ENTRY) == 0


async def test_records_are_kept_for_a_day(world: World) -> None:
    """Also those of a stream that ended; then the stream is gone too."""
    await world.table(StreamSpecification=IMAGES)
    await world.put("a")
    await world.advance(20 * 3600)
    await world.put("b")
    assert len(await world.records()) == 2
    await world.advance(5 * 3600)
    assert [r["dynamodb"]["Keys"]["id"]["S"] for r in await world.records()] == ["b"]
    await world.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
    assert len(await world.records()) == 1
    await world.advance(25 * 3600)
    assert (await world.call("ListStreams", TableName="tab"))["Streams"] == []
    assert await world.store.count(STREAM_RECORD) == 0


async def test_listeners_are_told_of_records_on_disk(world: World) -> None:
    """After the commit, once for each record; not any more once they left."""
    shown = await world.table(StreamSpecification=IMAGES)
    arn = shown["TableDescription"]["LatestStreamArn"]
    told: list[int] = []
    leave = world.dynamodb.streams.on_record(arn, lambda: told.append(1))
    await world.put("a")
    await world.settle()
    assert len(told) == 1
    records = await world.dynamodb.streams.records(arn)
    assert [record["eventName"] for _, record in records] == ["INSERT"]
    leave()
    await world.put("b")
    await world.settle()
    assert len(told) == 1


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
async def test_records_show_what_was_asked_for(world: World, view: str, images: set[str]) -> None:
    """Each view type; a write that changes nothing leaves no record."""
    await world.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    await world.put("a", v={"N": "1"})
    await world.put("a", v={"N": "2"})
    await world.put("a", v={"N": "2"})
    inserted, modified = await world.records()
    assert inserted["eventName"] == "INSERT"
    assert modified["eventName"] == "MODIFY"
    assert {"NewImage", "OldImage"} & modified["dynamodb"].keys() == images
    numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in (inserted, modified)]
    assert numbers == sorted(numbers)


async def test_a_token_makes_a_transaction_happen_once(world: World) -> None:
    """The same request is answered, another one refused; after ten minutes all is forgotten."""
    await world.table()
    add = {
        "Update": {
            "TableName": "tab",
            "Key": {"id": {"S": "a"}},
            "UpdateExpression": "ADD c :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }

    async def count() -> str:
        found = await world.call("GetItem", TableName="tab", Key={"id": {"S": "a"}})
        return str(found["Item"]["c"]["N"])

    for _ in range(2):
        await world.call("TransactWriteItems", TransactItems=[add], ClientRequestToken="t")
    await world.restart()
    await world.call("TransactWriteItems", TransactItems=[add], ClientRequestToken="t")
    assert await count() == "1"
    add["Update"]["UpdateExpression"] = "ADD d :one"
    code, _ = await world.refused("TransactWriteItems", TransactItems=[add], ClientRequestToken="t")
    assert code == "IdempotentParameterMismatchException"
    add["Update"]["UpdateExpression"] = "ADD c :one"
    await world.advance(601)
    await world.call("TransactWriteItems", TransactItems=[add], ClientRequestToken="t")
    assert await count() == "2"


async def test_iterators_begin_where_they_say(world: World) -> None:
    """At a time, behind the newest record, at a number; a number that was forgotten is refused."""
    shown = await world.table(StreamSpecification=IMAGES)
    arn = shown["TableDescription"]["LatestStreamArn"]
    stream = (await world.call("DescribeStream", StreamArn=arn))["StreamDescription"]
    shard = stream["Shards"][0]["ShardId"]

    async def found(kind: str, **more: Any) -> list[str]:
        begin = await world.call(
            "GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more
        )
        answer = await world.call("GetRecords", ShardIterator=begin["ShardIterator"])
        return [record["dynamodb"]["Keys"]["id"]["S"] for record in answer["Records"]]

    await world.put("a")
    first = (await world.records())[0]["dynamodb"]["SequenceNumber"]
    await world.advance(3600)
    await world.put("b")
    await world.put("c")
    seconds = world.clock.now() / 1000
    assert await found("AT_TIMESTAMP", Timestamp=seconds - 1) == ["b", "c"]
    assert await found("AT_TIMESTAMP", Timestamp=seconds + 1) == []
    assert await found("LATEST") == []
    assert await found("AT_SEQUENCE_NUMBER", SequenceNumber=first) == ["a", "b", "c"]
    await world.advance(23.5 * 3600)
    assert await found("TRIM_HORIZON") == ["b", "c"]
    code, _ = await world.refused(
        "GetShardIterator",
        StreamArn=arn,
        ShardId=shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=first,
    )
    assert code == "TrimmedDataAccessException"


async def test_an_iterator_lasts_a_quarter_of_an_hour(world: World) -> None:
    """Then another one is needed."""
    shown = await world.table(StreamSpecification=IMAGES)
    arn = shown["TableDescription"]["LatestStreamArn"]
    stream = (await world.call("DescribeStream", StreamArn=arn))["StreamDescription"]
    begin = await world.call(
        "GetShardIterator",
        StreamArn=arn,
        ShardId=stream["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )
    await world.advance(901)
    code, _ = await world.refused("GetRecords", ShardIterator=begin["ShardIterator"])
    assert code == "ExpiredIteratorException"
    code, _ = await world.refused("GetRecords", ShardIterator="nonsense")
    assert code == "ValidationException"


async def test_many_items_are_counted_once_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A count of few is always that of now."""
    await world.table()

    async def count() -> int:
        shown = await world.call("DescribeTable", TableName="tab")
        return int(shown["Table"]["ItemCount"])

    assert await count() == 0
    await world.put("a")
    assert await count() == 1
    monkeypatch.setattr(counting, "MANY", 2)
    await world.put("b")
    assert await count() == 2
    await world.put("c")
    assert await count() == 2
    await world.advance(61)
    assert await count() == 3
