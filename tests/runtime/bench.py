"""The product without its edge, under a clock of ours, on a store that can be held up and fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.ports import Changes
from stepwell.runtime.tables import Key, Table
from stepwell.server import Core
from stepwell.services.api import Call, Encoded
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import decode

R = TypeVar("R", bound=tuple[Any, ...])

ROLE = "arn:aws:iam::000000000000:role/bench"
PREFIX = "arn:aws:states:us-east-1:000000000000"
QUEUE = "http://localhost:4566/000000000000/bench"


class HeldStore(MemoryStore):
    """Commits wait while `commits_may` is not set; reads ask `on_read` first."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(declared_tables(), disk)
        self.commits_may = asyncio.Event()
        self.commits_may.set()
        self.on_read: Callable[[str], Awaitable[None]] | None = None
        self.reads: list[str] = []
        self.sizes: list[int] = []
        self.commits_fail = 0
        """So many commits fail from now on."""

    def commit(self, changes: Changes) -> asyncio.Future[None]:
        """Commit, once that is allowed."""
        self.sizes.append(sum(len(rows) for rows in changes.values()))
        return asyncio.ensure_future(self._held(changes))

    async def _held(self, changes: Changes) -> None:
        await self.commits_may.wait()
        if self.commits_fail:
            self.commits_fail -= 1
            raise StorageTrouble("no writing now, as planned")
        await super().commit(changes)

    async def get(self, table: Table[R], key: Key) -> R | None:
        """Read, once that is allowed."""
        await self._read(table.name)
        return await super().get(table, key)

    async def scan(self, table: Table[R], prefix: Key = (), **more: Any) -> list[R]:
        """Read, once that is allowed."""
        await self._read(table.name)
        return await super().scan(table, prefix, **more)

    async def _read(self, table: str) -> None:
        self.reads.append(table)
        if self.on_read is not None:
            await self.on_read(table)


class Bench:
    """A core and its operations."""

    def __init__(
        self,
        *,
        disk: MemoryDisk | None = None,
        clock: VirtualClock | None = None,
        ids: SeededIds | None = None,
        cached_max: int = 4_000,
        limits: Limits | None = None,
    ) -> None:
        self.disk = disk or MemoryDisk()
        self.clock = clock or VirtualClock()
        self.ids = ids or SeededIds(1)
        self.cached_max = cached_max
        self.limits = limits or Limits()
        self.store: HeldStore
        self.core: Core
        self._make()

    def _make(self) -> None:
        self.store = HeldStore(self.disk)
        self.core = Core(
            self.store,
            clock=self.clock,
            ids=self.ids,
            alarm=self.clock,
            limits=self.limits,
            cached_max=self.cached_max,
        )
        self.operations = {
            name: operation
            for service in self.core.services()
            for name, operation in service.operations.items()
        }

    async def open(self) -> None:
        """Start it."""
        await self.store.open()
        await self.core.load()

    async def close(self) -> None:
        """Stop it in good order."""
        self.store.commits_may.set()
        self.store.on_read = None
        await self.core.close()
        await self.store.close()

    async def restart(self) -> None:
        """Stop it, and start another on the same disk, at the same time."""
        await self.close()
        self.clock.silence()
        self._make()
        await self.open()

    # -- calling

    async def call(self, operation: str, account: str = "000000000000", **params: Any) -> Any:
        """One API call."""
        call = Call(
            account=account, region="us-east-1", request_id="request", base_url="http://localhost:4566"
        )  # fmt: skip
        answer = await self.operations[operation](call, params)
        return decode(answer.body) if isinstance(answer, Encoded) else answer

    async def machine(self, name: str, states: dict[str, Any], **more: Any) -> str:
        """Create a machine; its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states, **more}
        answer = await self.call(
            "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
        )
        return str(answer["stateMachineArn"])

    async def start(self, machine: str, name: str, given: Any = None) -> str:
        """Start an execution; its ARN."""
        text = json.dumps({} if given is None else given)
        answer = await self.call("StartExecution", stateMachineArn=machine, name=name, input=text)
        return str(answer["executionArn"])

    async def status(self, execution: str) -> str:
        """The status of an execution."""
        return str((await self.call("DescribeExecution", executionArn=execution))["status"])

    async def types(self, execution: str) -> list[str]:
        """The event types of an execution's history."""
        answer = await self.call("GetExecutionHistory", executionArn=execution, maxResults=1000)
        return [event["type"] for event in answer["events"]]

    async def tokens(self) -> list[str]:
        """The tokens in the queue's messages, in the order in which they came."""
        answer = await self.call("ReceiveMessage", QueueUrl=QUEUE, MaxNumberOfMessages=10)
        return [json.loads(m["Body"])["token"] for m in answer.get("Messages", [])]

    async def refusal(self, operation: str, **params: Any) -> ServiceError:
        """The error that a call is answered with."""
        try:
            await self.call(operation, **params)
        except ServiceError as error:
            return error
        raise AssertionError(f"{operation} was not refused")

    # -- time

    async def settle(self, rounds: int = 60) -> None:
        """Let what can move move."""
        for _ in range(rounds):
            await asyncio.sleep(0)

    async def wait(self, seconds: float) -> None:
        """Let time pass, alarm by alarm."""
        until = self.clock.now() + round(seconds * 1000)
        await self.settle()
        while (at := self.clock.next_alarm()) is not None and at <= until:
            self.clock.advance(at)
            await self.settle()
        self.clock.advance(until)
        await self.settle()

    def fail_reads(self, table: str, times: int) -> None:
        """Let the next reads of a table fail."""
        left = times

        async def fail(name: str) -> None:
            nonlocal left
            if name == table and left:
                left -= 1
                raise StorageTrouble("no reading now, as planned")

        self.store.on_read = fail


@contextlib.asynccontextmanager
async def bench(**more: Any) -> AsyncIterator[Bench]:
    """A bench with a queue, open for the length of a block."""
    made = Bench(**more)
    await made.open()
    try:
        await made.call("CreateQueue", QueueName="bench")
        yield made
    finally:
        await made.close()


def ask(**more: Any) -> dict[str, Any]:
    """A Task that sends its token to the queue and waits."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"token.$": "$$.Task.Token"}},
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def starts(machine: str, pattern: str = "", **parameters: Any) -> dict[str, Any]:
    """A Task that starts an execution."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": machine, **parameters},
        "End": True,
    }
