"""Calls through `aws-sdk:` happen once in effect, whatever commit the process dies at."""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import QUEUE, create, ended, sdk, start
from tests.sim.crashing import WHERE
from tests.sim.workload import canonical

_ISO = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
OUT = "http://localhost:4566/000000000000/out"


@dataclass(slots=True)
class Record:
    """What is left of a run: histories, children by input, messages."""

    histories: dict[str, list[str]] = field(default_factory=dict)
    children: list[tuple[str, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


async def workload(simulation: Simulation, record: Record) -> None:
    """Two waiting machines; one more that starts children, sends a message, answers both."""
    for queue in ("played", "out"):
        await simulation.insist("CreateQueue", QueueName=queue)
    child = await create(simulation, "child", Done={"Type": "Succeed"})
    body = {"name.$": "$$.Execution.Name", "token.$": "$$.Task.Token"}
    ask = sdk("sqs:sendMessage.waitForTaskToken", {"QueueUrl": QUEUE, "MessageBody": body})
    asks = await create(simulation, "asks", Ask=ask)
    answers = await create(simulation, "answers", **answering(child))
    asking = [await start(simulation, asks, name, {}) for name in ("won", "lost")]
    asked = [json.loads(await received(simulation, QUEUE)) for _ in asking]
    tokens = {message["name"]: message["token"] for message in asked}
    given = {name: tokens[name] for name in ("won", "lost")}
    answered = await start(simulation, answers, "one", given)
    for arn in (*asking, answered):
        done = await ended(simulation, arn)
        text = [_ISO.sub("<iso>", event) for event in canonical(done.events)]
        record.histories[f"{arn[-4:]} {done.status}"] = text
    listed = await simulation.insist("ListExecutions", stateMachineArn=child)
    for row in listed["executions"]:
        told = await simulation.insist("DescribeExecution", executionArn=row["executionArn"])
        record.children.append((told["input"], told["status"]))
    record.children.sort()
    record.messages.append(await received(simulation, OUT))
    told = await simulation.insist("GetQueueAttributes", QueueUrl=OUT, AttributeNames=["All"])
    record.messages.append(told["Attributes"]["ApproximateNumberOfMessages"])


def answering(child: str) -> dict[str, dict[str, Any]]:
    """Children with and without a name, a message, an answer of either kind."""
    named = {"StateMachineArn": child, "Name": "named", "Input": {"by": "name"}}
    unnamed = {"StateMachineArn": child, "Input": {"by": "chance"}}
    message = {"QueueUrl": OUT, "MessageBody": "out"}
    won = {"TaskToken.$": "$.won", "Output": '{"won": true}'}
    lost = {"TaskToken.$": "$.lost", "Error": "Lost"}
    return {
        "Named": sdk("sfn:startExecution", named, ResultPath=None, Next="Unnamed"),
        "Unnamed": sdk("sfn:startExecution", unnamed, ResultPath=None, Next="Send"),
        "Send": sdk("sqs:sendMessage", message, ResultPath=None, Next="Win"),
        "Win": sdk("sfn:sendTaskSuccess", won, ResultPath="$.answer", Next="Lose"),
        "Lose": sdk("sfn:sendTaskFailure", lost),
    }


async def received(simulation: Simulation, url: str) -> str:
    """The next message of a queue, taken out."""
    while True:
        told = await simulation.insist("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
        for message in told.get("Messages", ()):
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
            return str(message["Body"])


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=5, faults=faults)
    await simulation.run(functools.partial(workload, record=record))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def test_undisturbed() -> None:
    """Two children, one message, one execution that won and one that lost."""
    record, _ = undisturbed()
    assert [name.split()[1] for name in record.histories] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert record.children == [('{"by":"chance"}', "SUCCEEDED"), ('{"by":"name"}', "SUCCEEDED")]
    assert record.messages == ["out", "0"]


@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1):
        record, _ = asyncio.run(play([Faults(**{where: point})]))
        assert record == expected, (where, point)


@pytest.mark.parametrize("where", ["crash_before", "crash_after"])
def test_two_crashes(where: str) -> None:
    """Neither does a second crash soon after the first."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1, 2):
        record, _ = asyncio.run(play([Faults(**{where: point}), Faults(**{where: 2})]))
        assert record == expected, point
