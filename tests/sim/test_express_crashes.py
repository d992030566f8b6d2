"""Express executions, and a process that dies at every commit: what was started runs to its end.

They run at least once: a message may come twice, but none is missing, and nothing is left over.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.runtime.records import EXPRESS_START
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import WHERE
from tests.sim.workload import EXECUTIONS, MACHINES, QUEUE, ROLE

STARTED = 4
"""How many are started by a client; a standard execution starts one more."""


def send(**more: Any) -> dict[str, Any]:
    """A state that sends what it was given."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody.$": "$.say"},
        "ResultPath": None,
        **more,
    }


EXPRESS: dict[str, Any] = {
    "StartAt": "Send",
    "States": {
        "Send": send(Next="Wait"),
        "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Again"},
        "Again": send(End=True),
    },
}
PARENT: dict[str, Any] = {
    "StartAt": "Start",
    "States": {
        "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": f"{MACHINES}quick", "Input": {"say": "kid"}},
            "End": True,
        }
    },
}


async def client(simulation: Simulation, said: Counter[str]) -> None:
    """Creates, starts, and takes every message until all is over."""
    await simulation.insist("CreateQueue", QueueName="sim")
    for name, definition, kind in (("quick", EXPRESS, "EXPRESS"), ("parent", PARENT, "STANDARD")):
        await simulation.insist(
            "CreateStateMachine",
            name=name,
            definition=json.dumps(definition),
            roleArn=ROLE,
            type=kind,
        )
    for number in range(STARTED):
        given = json.dumps({"say": f"{number}"})
        await simulation.insist("StartExecution", stateMachineArn=f"{MACHINES}quick", input=given)
    with contextlib.suppress(ServiceError):  # begun before a crash, and over already
        await simulation.insist("StartExecution", stateMachineArn=f"{MACHINES}parent", name="one")
    for _ in range(10):  # messages that a process gave away as it died are there again after 30 s
        await take(simulation, said)
        await simulation.sleep(5_000)
    told = await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}parent:one")
    assert told["status"] == "SUCCEEDED"
    assert await simulation.core.store.count(EXPRESS_START) == 0, "a row was left over"


async def take(simulation: Simulation, said: Counter[str]) -> None:
    """Count the messages that are there."""
    while True:
        told = await simulation.insist("ReceiveMessage", QueueUrl=QUEUE, MaxNumberOfMessages=10)
        if not told.get("Messages"):
            return
        for message in told["Messages"]:
            said[message["Body"]] += 1
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=handle)


def play(faults: Sequence[Faults] = ()) -> tuple[Counter[str], Simulation]:
    """What was said."""
    said: Counter[str] = Counter()
    simulation = Simulation(seed=3, faults=faults)
    asyncio.run(simulation.run(functools.partial(client, said=said)))
    return said, simulation


@functools.cache
def undisturbed() -> tuple[Counter[str], int]:
    """What is said, and after how many commits, when nothing goes wrong."""
    said, simulation = play()
    return said, simulation.commits


def test_undisturbed() -> None:
    """Without a fault every execution says its word twice."""
    said, _ = undisturbed()
    assert said == dict.fromkeys(("0", "1", "2", "3", "kid"), 2)


@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str) -> None:
    """Whatever commit a process dies at, or a disk is full at, each word is said at least twice."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1):
        said, simulation = play([Faults(**{where: point})])
        assert simulation.crashes == (0 if where == "fail_at" else 1), point
        assert all(said[word] >= times for word, times in expected.items()), (point, said)
        assert set(said) == set(expected)
        assert said["kid"] <= 4, "one crash repeats an execution once"
