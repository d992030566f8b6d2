"""S3 and its neighbours in one process, under virtual time, without a gateway."""

from __future__ import annotations

import asyncio
from typing import Any

from stepwell.engine.limits import Limits
from stepwell.server import Core
from stepwell.services.api import Call
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import decode

ACCOUNT, REGION = "123456789012", "eu-west-1"
BUCKET = "the-bucket"


class World:
    """A process with one bucket."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.disk = MemoryDisk()
        self.core: Core
        self.is_new = True

    async def __aenter__(self) -> World:
        store = MemoryStore(declared_tables(), self.disk)
        self.core = Core(
            store, clock=self.clock, ids=SeededIds(1), alarm=self.clock, limits=Limits()
        )
        self._operations = {
            (service.name, name): run
            for service in self.core.services()
            for name, run in service.operations.items()
        }
        await store.open()
        await self.core.load()
        if self.is_new:
            await self.s3("CreateBucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.core.close()
        await self.core.store.close()

    def again(self) -> World:
        """A new process on the same disk, once the first has ended."""
        later = World()
        later.clock, later.disk = self.clock, self.disk
        later.is_new = False
        return later

    async def days(self, days: float) -> None:
        """Let time pass, and everything happen that is due meanwhile."""
        await self.until(self.clock.now() + int(days * 86_400_000))

    async def until(self, end: int) -> None:
        """The same until a time, in epoch milliseconds."""
        await self.settle()
        while (at := self.clock.next_alarm()) is not None and at <= end:
            self.clock.advance(at)
            await self.settle()
        self.clock.advance(end)

    async def settle(self) -> None:
        """Return once nothing is left to do for now."""
        for _ in range(20):
            await asyncio.sleep(0)
            await self.core.ledger.committed()
            await self.core.deliveries.settle()

    async def call(self, service: str, operation: str, **params: Any) -> Any:
        """One call."""
        call = Call(ACCOUNT, REGION, "the-request", "http://localhost:4566")
        return await self._operations[service, operation](call, params)

    async def s3(self, operation: str, **params: Any) -> Any:
        """One call of S3, in the bucket."""
        return await self.call("s3", operation, **{"Bucket": BUCKET, **params})

    async def put(self, key: str, body: bytes = b"x", **params: Any) -> Any:
        """PutObject."""
        return await self.s3("PutObject", Key=key, Body=body, **params)

    async def queue(self, name: str) -> str:
        """A new queue's ARN."""
        await self.call("sqs", "CreateQueue", QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    async def messages(self, name: str) -> list[Any]:
        """The bodies of up to ten messages, parsed."""
        answer = await self.call("sqs", "ReceiveMessage", QueueUrl=name, MaxNumberOfMessages=10)
        return [decode(message["Body"]) for message in answer.get("Messages", [])]
