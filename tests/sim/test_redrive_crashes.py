"""Redrives while the process crashes at every commit, before it and after it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.testing.simulation import Crashed, Faults, Simulation
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit
from tests.sim.workload import EXECUTIONS, MACHINES, QUEUE, ROLE

TASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {
        "QueueUrl": QUEUE,
        "MessageBody": {
            "token.$": "$$.Task.Token",
            "redrives.$": "$$.Execution.RedriveCount",
            "state.$": "$$.State.Name",
        },
    },
    "TimeoutSeconds": 1_000,
    "End": True,
}

DEFINITION: dict[str, Any] = {
    "StartAt": "Both",
    "TimeoutSeconds": 5_000,
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Easy", "States": {"Easy": TASK}},
                {"StartAt": "Hard", "States": {"Hard": TASK}},
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "MaxConcurrency": 2,
                            "ItemProcessor": {
                                "StartAt": "Pause",
                                "States": {"Pause": {"Type": "Wait", "Seconds": 50, "End": True}},
                            },
                            "End": True,
                        }
                    },
                },
            ],
            "End": True,
        }
    },
}

ARN = f"{EXECUTIONS}again:one"


@dataclass
class Record:
    """What came of it."""

    described: dict[str, Any] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    dates: set[float] = field(default_factory=set)


async def operator(sim: Simulation, record: Record) -> None:
    """Starts the execution and redrives it, with a token for each time, until it succeeds."""
    await sim.insist("CreateQueue", QueueName="sim")
    await sim.insist(
        "CreateStateMachine", name="again", definition=json.dumps(DEFINITION), roleArn=ROLE
    )
    await sim.insist(
        "StartExecution",
        stateMachineArn=f"{MACHINES}again",
        name="one",
        input='{"items": [1, 2, 3]}',
    )
    for count in range(1_000):
        described = await sim.insist("DescribeExecution", executionArn=ARN)
        if described["status"] == "SUCCEEDED":
            break
        if described["status"] != "RUNNING":
            token = f"redrive-{described['redriveCount']}"
            for _ in range(2):
                again = await sim.insist("RedriveExecution", executionArn=ARN, clientToken=token)
            record.dates.add(again["redriveDate"])
        await sim.sleep(1_000 + count)
    history = await sim.insist("GetExecutionHistory", executionArn=ARN)
    record.types = [event["type"] for event in history["events"]]
    record.described = described


async def worker(sim: Simulation, record: Record) -> None:
    """Answers easy tasks well, and hard ones the third time."""
    while not record.described:
        try:
            got = await sim.call("ReceiveMessage", QueueUrl=QUEUE)
            for message in got.get("Messages", []):
                asked = json.loads(message["Body"])
                operation, params = "SendTaskSuccess", {"output": f'"{asked["state"]}"'}
                if asked["state"] == "Hard" and asked["redrives"] < 2:
                    operation, params = "SendTaskFailure", {"error": "Hard"}
                # It may be answered already, or its attempt over.
                with contextlib.suppress(ServiceError):
                    await sim.insist(operation, taskToken=asked["token"], **params)
                await sim.insist(
                    "DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"]
                )
        except (Crashed, StorageTrouble, ServiceError):
            pass
        await sim.sleep(500)


async def play(
    faults: Sequence[Faults] = (), *, cached_max: int = 4_000
) -> tuple[Record, Simulation]:
    """The record of one run."""
    record = Record()
    simulation = Simulation(seed=3, faults=faults, cached_max=cached_max)
    await simulation.run(
        functools.partial(operator, record=record), functools.partial(worker, record=record)
    )
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits when nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def check(record: Record) -> None:
    """It succeeded after two redrives, whose branches kept what they had."""
    assert record.described["status"] == "SUCCEEDED"
    assert record.described["redriveCount"] == 2
    assert len(record.dates) == 2
    assert json.loads(record.described["output"]) == ["Easy", "Hard", [1, 2, 3]]
    assert record.types.count("ExecutionRedriven") == 2
    assert record.types.count("MapIterationStarted") == 3
    assert record.types.count("TaskStateEntered") == 2


def test_undisturbed() -> None:
    """Two redrives lead to the end."""
    record, _ = undisturbed()
    check(record)
    assert record.described["redriveStatus"] == "NOT_REDRIVABLE"


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before a commit, after it, or a full disk at it, loses and doubles no redrive."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, check)


def test_nothing_kept_in_memory() -> None:
    """Folded from its history at every touch, it comes to the same."""
    record, _ = asyncio.run(play(cached_max=1))
    assert record.types == undisturbed()[0].types
