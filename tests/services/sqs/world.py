"""SQS without a server: virtual time, counted ids, a store in memory that survives crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Store
from stepwell.services.api import Call
from stepwell.services.sqs import TABLES, Queues, Settings, service
from stepwell.services.sqs.moves import keep_going
from stepwell.services.sqs.records import MESSAGE
from stepwell.stores.memory import MemoryDisk, MemoryStore

BASE_URL = "http://localhost:4566"
CALL = Call("000000000000", "us-east-1", "request", BASE_URL)


class VirtualTime:
    """Clock and alarm in one: time moves only when a test moves it."""

    def __init__(self) -> None:
        self._now = 1_700_000_000_000
        self._order = count()
        self._alarms: list[tuple[int, int, Callable[[], None]]] = []
        self._called_off: set[int] = set()
        self.rest: Callable[[], Awaitable[None]] = settle

    def now(self) -> int:
        """The virtual time."""
        return self._now

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Remember the action until time gets there."""
        number = next(self._order)
        heappush(self._alarms, (at, number, action))
        return lambda: self._called_off.add(number)

    async def advance(self, seconds: float) -> None:
        """Move on, calling every alarm at its time and letting everybody finish in between."""
        end = self._now + int(seconds * 1000)
        await self.rest()
        while self._alarms and self._alarms[0][0] <= end:
            at, number, action = heappop(self._alarms)
            self._now = max(self._now, at)
            if number not in self._called_off:
                action()
                await self.rest()
        self._now = end


async def settle() -> None:
    """Let everything that can run now run."""
    for _ in range(60):
        await asyncio.sleep(0)


class CountedIds:
    """Ids that only grow, and chance that is none."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self._count = count(1)

    def next_id(self) -> int:
        """Time, then a number."""
        return self._time.now() << 20 | next(self._count) & 0xFFFFF

    def uuid(self) -> str:
        """A text in the form of a UUID."""
        return f"00000000-0000-4000-8000-{next(self._count):012x}"

    def secret(self, size: int) -> bytes:
        """The next number."""
        return next(self._count).to_bytes(size, "big")


class World:
    """One SQS on one disk. `restart` is a crash and a new start."""

    def __init__(
        self,
        settings: Settings | None = None,
        open_store: Callable[[], Store] | None = None,
    ) -> None:
        disk = MemoryDisk()
        self._open_store = open_store or (lambda: MemoryStore(TABLES, disk))
        self._settings = settings
        self.time = VirtualTime()
        self._ids = CountedIds(self.time)

    async def start(self) -> World:
        """Open the store and load the queues."""
        self.store = self._open_store()
        await self.store.open()
        self.ledger = Ledger(self.store)
        self.queues = Queues(
            self.store, self.ledger, self.time, self._ids, self._settings, self.time
        )
        keep_going(self.queues)
        await self.queues.load()
        self.time.rest = self.settle
        self._operations = service(self.queues).operations
        return self

    async def stop(self) -> None:
        """Close everything in order."""
        self.queues.close()
        await self.settle()
        await self.store.close()

    async def settle(self) -> None:
        """Let everything that can run now run, and everything staged reach the disk."""
        for _ in range(3):
            await settle()
            await self.ledger.committed()
        await settle()

    async def restart(self) -> None:
        """Lose everything in memory and start again on the same disk."""
        await self.store.close()
        await self.start()

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """One API call."""
        answer = await self._operations[operation](CALL, params)
        return dict(answer) if isinstance(answer, dict) else {}

    async def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Code and text of the error that an API call must answer."""
        try:
            answer = await self.call(operation, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused but answered {answer}")

    async def queue(self, name: str = "q", **attributes: str) -> str:
        """The URL of a new queue."""
        if name.endswith(".fifo"):
            attributes.setdefault("FifoQueue", "true")
        answer = await self.call("CreateQueue", QueueName=name, Attributes=attributes)
        return str(answer["QueueUrl"])

    async def send(self, url: str, body: str = "hello", **params: Any) -> dict[str, Any]:
        """SendMessage."""
        return await self.call("SendMessage", QueueUrl=url, MessageBody=body, **params)

    async def receive(self, url: str, most: int = 10, **params: Any) -> list[dict[str, Any]]:
        """The messages of one ReceiveMessage."""
        answer = await self.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=most, **params)
        return list(answer.get("Messages", []))

    async def bodies(self, url: str, most: int = 10, **params: Any) -> list[str]:
        """The bodies of one ReceiveMessage."""
        return [message["Body"] for message in await self.receive(url, most, **params)]

    async def delete(self, url: str, message: dict[str, Any]) -> None:
        """DeleteMessage."""
        await self.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    async def rows(self) -> int:
        """How many messages are on disk."""
        await self.ledger.committed()
        return await self.store.count(MESSAGE)

    async def counts(self, url: str) -> tuple[int, int, int]:
        """How many messages are visible, in flight, delayed."""
        answer = await self.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        shown = answer["Attributes"]
        return (
            int(shown["ApproximateNumberOfMessages"]),
            int(shown["ApproximateNumberOfMessagesNotVisible"]),
            int(shown["ApproximateNumberOfMessagesDelayed"]),
        )
