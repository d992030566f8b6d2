"""DynamoDB without a server: virtual time, ids from a seed, a store in memory that survives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.services.api import Call, Encoded
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.deliveries.records import TABLES as DELIVERY_TABLES
from stepwell.services.dynamodb import TABLES, DynamoDb
from stepwell.services.dynamodb.api import embedded
from stepwell.services.parts import ServiceParts
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import decode

CALL = Call("000000000000", "us-east-1", "request", "http://localhost:4566")
ALL_TABLES = (*TABLES, *DELIVERY_TABLES)


class World:
    """One DynamoDB on one disk. `restart` is a crash and a new start."""

    def __init__(self, open_store: Callable[[], Store] | None = None) -> None:
        disk = MemoryDisk()
        self._open_store = open_store or (lambda: MemoryStore(ALL_TABLES, disk))
        self.clock = VirtualClock()
        self._ids = SeededIds()

    async def start(self) -> World:
        """Open the store and load the tables."""
        self.clock.silence()
        self.store = self._open_store()
        await self.store.open()
        self.ledger = Ledger(self.store)
        clock = self.clock
        deliveries = Deliveries(self.store, self.ledger, clock, self._ids, clock)
        parts = ServiceParts(self.store, self.ledger, clock, self._ids, clock, deliveries)
        self.dynamodb = DynamoDb(parts)
        self._embedded = embedded(self.dynamodb)
        await self._embedded.load()
        services = self._embedded.services()
        self.operations = {n: run for s in services for n, run in s.operations.items()}
        return self

    async def stop(self) -> None:
        """Close everything in order."""
        await self._embedded.close()
        await self.ledger.committed()
        await self.store.close()

    async def restart(self) -> None:
        """Lose everything in memory and start again on the same disk."""
        await self._embedded.close()
        await self.store.close()
        await self.start()

    async def settle(self) -> None:
        """Return once nothing is left to do for now."""
        for _ in range(3):
            await asyncio.sleep(0)
            await self.ledger.committed()
            await self.dynamodb.chores.settle()

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self.clock.now() + int(seconds * 1000)
        await self.settle()
        while (at := self.clock.next_alarm()) is not None and at <= end:
            self.clock.advance(at)
            await self.settle()
        self.clock.advance(end)

    async def call(self, operation: str, **params: Any) -> Any:
        """One API call."""
        answer = await self.operations[operation](CALL, params)
        return decode(answer.body) if isinstance(answer, Encoded) else answer or {}

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Code and text of the error that an API call must answer."""
        try:
            answer = await self.call(operation, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused but answered {answer}")

    async def table(self, name: str = "tab", **more: Any) -> Any:
        """A new table with the hash key `id`."""
        return await self.call(
            "CreateTable",
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    async def put(self, name: str, **attributes: Any) -> Any:
        """PutItem into `tab`."""
        return await self.call("PutItem", TableName="tab", Item={"id": {"S": name}, **attributes})

    async def ids(self) -> list[str]:
        """The items of `tab`."""
        found = await self.call("Scan", TableName="tab")
        return sorted(item["id"]["S"] for item in found["Items"])

    async def records(self) -> list[Any]:
        """All records of the newest stream of `tab`."""
        streams = (await self.call("ListStreams", TableName="tab"))["Streams"]
        arn = streams[-1]["StreamArn"]
        shown = (await self.call("DescribeStream", StreamArn=arn))["StreamDescription"]
        begin = await self.call(
            "GetShardIterator",
            StreamArn=arn,
            ShardId=shown["Shards"][0]["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )
        answer = await self.call("GetRecords", ShardIterator=begin["ShardIterator"])
        return list(answer["Records"])
