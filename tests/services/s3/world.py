"""S3 and its neighbours in one process, under virtual time, without a gateway."""

from __future__ import annotations

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
        await self.s3("CreateBucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.core.close()
        await self.core.store.close()

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
