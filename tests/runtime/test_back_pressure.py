"""An execution that never waits is slowed to the pace of the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from stepwell.engine.limits import Limits
from stepwell.runtime.ports import Changes
from stepwell.runtime.records import EVENT
from stepwell.server import Core
from stepwell.services.api import Call
from stepwell.stores.memory import MemoryStore
from stepwell.stores.migrations.declared import declared_tables
from stepwell.testing.virtual import SeededIds, VirtualClock
from stepwell.values import JsonObject, encode_text

ROUNDS = 400
CALL = Call("000000000000", "us-east-1", "request", "http://localhost")
ENDLESS = {
    "StartAt": "Again",
    "States": {
        "Again": {"Type": "Pass", "Next": "More"},
        "More": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Done"}],
            "Default": "Again",
        },
        "Done": {"Type": "Succeed"},
    },
}


SENDING = {
    "StartAt": "Send",
    "States": {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "http://localhost/000000000000/q", "MessageBody": "b"},
            "ResultPath": None,
            "Next": "Enough",
        },
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Done"}],
            "Default": "Send",
        },
        "Done": {"Type": "Succeed"},
    },
}
"""A loop whose every task is answered within the turn."""


class SlowStore(MemoryStore):
    """Commits when it is told to; remembers how many events each commit brings."""

    def __init__(self) -> None:
        super().__init__(declared_tables())
        self.allowed = asyncio.Semaphore(0)
        self.events: list[int] = []

    def commit(self, changes: Changes) -> asyncio.Future[None]:
        """Wait for permission."""
        self.events.append(len(changes.get(EVENT, ())))
        return asyncio.ensure_future(self._later(changes))

    async def _later(self, changes: Changes) -> None:
        await self.allowed.acquire()
        await super().commit(changes)


async def _settle(clock: VirtualClock) -> None:
    for _ in range(ROUNDS):
        clock.advance(clock.now() + 1)
        await asyncio.sleep(0)


async def _operate(core: Core, store: SlowStore, operation_name: str, **params: Any) -> Any:
    operation = next(
        service.operations[operation_name]
        for service in core.services()
        if operation_name in service.operations
    )
    store.allowed.release()
    work: Awaitable[Any] = operation(CALL, params)
    return await work


@pytest.mark.parametrize("definition", [ENDLESS, SENDING], ids=["states", "tasks"])
async def test_a_loop_does_not_run_ahead_of_the_disk(definition: JsonObject) -> None:
    """While a commit takes its time, an endless loop adds one turn at most; then it goes on."""
    store, clock = SlowStore(), VirtualClock()
    await store.open()
    limits = Limits(transitions_per_turn_max=10)
    core = Core(store, clock=clock, ids=SeededIds(), alarm=clock, limits=limits)
    await core.load()
    await _operate(core, store, "CreateQueue", QueueName="q")
    machine = await _operate(
        core,
        store,
        "CreateStateMachine",
        name="loop",
        definition=encode_text(definition),
        roleArn="arn:aws:iam::000000000000:role/loop",
    )
    arn = machine["stateMachineArn"]
    await _operate(core, store, "StartExecution", stateMachineArn=arn, input="{}")
    await _settle(clock)
    for _ in range(5):
        begun = len(store.events)
        await _settle(clock)
        assert len(store.events) == begun
        store.allowed.release()
        await _settle(clock)
        assert len(store.events) == begun + 1
        assert 0 < store.events[-1] < 60
    for _ in range(100):
        store.allowed.release()
    await core.close()
