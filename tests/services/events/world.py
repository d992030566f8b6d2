"""EventBridge and queues in one process, under virtual time, without a gateway."""

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
DAY_MS = 86_400_000


def arn_of(queue: str) -> str:
    """The ARN of a queue."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"


class World:
    """Start it, call operations, let time pass, let it die."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.disk = MemoryDisk()
        self.ids = SeededIds(1)

    async def start(self) -> None:
        """A process on the disk."""
        store = MemoryStore(declared_tables(), self.disk)
        self.core = Core(store, clock=self.clock, ids=self.ids, alarm=self.clock, limits=Limits())
        self.operations = {
            (service.name, name): run
            for service in self.core.services()
            for name, run in service.operations.items()
        }
        await store.open()
        await self.core.load()

    async def die(self) -> None:
        """The process is gone, with whatever was not on disk; time goes on without it."""
        self.clock.silence()
        await self.core.close()
        await self.core.store.close()

    async def call(self, service: str, operation: str, **params: Any) -> Any:
        """One call."""
        call = Call(ACCOUNT, REGION, "request", "http://localhost:4566")
        return await self.operations[service, operation](call, params)

    async def events(self, operation: str, **params: Any) -> Any:
        """One call of EventBridge."""
        return await self.call("events", operation, **params)

    async def queue(self, name: str) -> str:
        """A new queue's ARN."""
        await self.call("sqs", "CreateQueue", QueueName=name)
        return arn_of(name)

    async def messages(self, queue: str) -> list[dict[str, Any]]:
        """Everything in a queue, taken out; bodies are parsed."""
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.call(
                "sqs",
                "ReceiveMessage",
                QueueUrl=queue,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append({**message, "Body": decode(message["Body"])})
                await self.call(
                    "sqs", "DeleteMessage", QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"]
                )

    async def bodies(self, queue: str) -> list[Any]:
        """The bodies alone."""
        return [message["Body"] for message in await self.messages(queue)]

    async def pass_time(self, milliseconds: int) -> None:
        """Ring what is due on the way; each ring is on disk before the next."""
        end = self.clock.now() + milliseconds
        while (at := self.clock.next_alarm()) is not None and at <= end:
            self.clock.advance(at)
            await self.core.ledger.committed()
            await self.core.deliveries.settle()
            await self.core.events.archiving.settle()
        self.clock.advance(end)
        await self.core.ledger.committed()
