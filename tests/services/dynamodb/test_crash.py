"""A crash at every commit: items, indexes and streams agree, and transactions are whole."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.stores.faulty import FaultyStore, StoreCrashed
from stepwell.stores.memory import MemoryDisk, MemoryStore
from tests.services.dynamodb.world import ALL_TABLES, World

ROUNDS = 5
START = 100


@dataclass
class Known:
    """What clients know for certain."""

    counted: int = 0
    claimed: set[str] = field(default_factory=set)
    ready: bool = False


def key(name: str) -> dict[str, Any]:
    """A key."""
    return {"id": {"S": name}}


async def prepare(world: World, known: Known) -> None:
    """A table with a stream and an index, and two accounts."""
    await world.call(
        "CreateTable",
        TableName="tab",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "c", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-c",
                "KeySchema": [{"AttributeName": "c", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    for name in ("left", "right"):
        await world.put(name, c={"N": str(START)})
    known.ready = True


async def add(world: World, known: Known) -> None:
    """Count up, one after the other."""
    for _ in range(ROUNDS):
        await world.call(
            "UpdateItem",
            TableName="tab",
            Key=key("counter"),
            UpdateExpression="ADD c :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        known.counted += 1


async def claim(world: World, known: Known, who: str) -> None:
    """Take names that nobody took before."""
    for number in range(ROUNDS):
        with suppress(ServiceError):
            await world.call(
                "PutItem",
                TableName="tab",
                Item={**key(f"name{number}"), "who": {"S": who}},
                ConditionExpression="attribute_not_exists(id)",
            )
            known.claimed.add(f"name{number}:{who}")


async def move(world: World) -> None:
    """Carry one from left to right."""
    for _ in range(ROUNDS):
        await world.call(
            "TransactWriteItems", TransactItems=[_step("left", "-1"), _step("right", "1")]
        )


def _step(name: str, number: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "tab",
            "Key": key(name),
            "UpdateExpression": "ADD c :n",
            "ExpressionAttributeValues": {":n": {"N": number}},
        }
    }


async def work(world: World, known: Known) -> None:
    """All together, so that commits are shared."""
    await prepare(world, known)
    await asyncio.gather(
        add(world, known),
        add(world, known),
        claim(world, known, "a"),
        claim(world, known, "b"),
        move(world),
    )


async def run_until_crash(disk: MemoryDisk, known: Known, moment: str, number: int) -> bool:
    """Whether the crash happened before the work was done."""
    died = asyncio.Event()
    # The task that commits dies with nobody waiting for it; that is no news here.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)

    def open_store() -> FaultyStore:
        store = MemoryStore(ALL_TABLES, disk)
        if moment == "before":
            return FaultyStore(store, crash_before=number, on_crash=died.set)
        return FaultyStore(store, crash_after=number, on_crash=died.set)

    world = await World(open_store).start()
    working = asyncio.create_task(work(world, known))
    dying = asyncio.create_task(died.wait())
    await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
    crashed = died.is_set()
    for task in (working, dying):
        task.cancel()
        with suppress(asyncio.CancelledError, StoreCrashed):
            await task
    await world.dynamodb.close()
    await world.store.close()
    return crashed


async def check(disk: MemoryDisk, known: Known) -> None:
    """What the next process finds."""
    world = await World(lambda: MemoryStore(ALL_TABLES, disk)).start()
    found = await world.call("Scan", TableName="tab")
    items = {item["id"]["S"]: item for item in found["Items"]}
    assert known.counted <= int(items.get("counter", {"c": {"N": "0"}})["c"]["N"]) <= 2 * ROUNDS
    assert sum(int(items[name]["c"]["N"]) for name in ("left", "right")) == 2 * START
    assert all(items[c.split(":")[0]]["who"]["S"] == c.split(":")[1] for c in known.claimed)
    replayed: dict[str, Any] = {}
    for record in await world.records():
        change = record["dynamodb"]
        name = change["Keys"]["id"]["S"]
        assert replayed.get(name) == change.get("OldImage")
        replayed[name] = change["NewImage"]
    assert replayed == items
    listed = await world.call("Scan", TableName="tab", IndexName="by-c")
    assert {item["id"]["S"]: item for item in listed["Items"]} == {
        name: item for name, item in items.items() if "c" in item
    }
    await world.stop()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_crash_at_any_commit_leaves_all_in_agreement(moment: str) -> None:
    """Acknowledged writes are there; stream and index tell the same story as the items."""
    for number in count(1):
        disk, known = MemoryDisk(), Known()
        crashed = await run_until_crash(disk, known, moment, number)
        if known.ready:
            await check(disk, known)
        if not crashed:
            assert number > 7
            return
