"""What is published reaches every queue once, whatever commit the process dies at."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import create, ended, start
from tests.sim.crashing import WHERE

ARN = "arn:aws:sqs:us-east-1:000000000000:"
URL = "http://localhost:4566/000000000000/"


@dataclass(slots=True)
class Record:
    """What is left of a run: the ends of executions, the messages of each queue."""

    statuses: list[str] = field(default_factory=list)
    queues: dict[str, list[str]] = field(default_factory=dict)


async def workload(simulation: Simulation, record: Record) -> None:
    """Two executions publish to a topic with two queues; one of them asks for an answer."""
    for queue in ("one", "two", "dead"):
        await simulation.insist("CreateQueue", QueueName=queue)
    told = await simulation.insist("CreateTopic", Name="news")
    topic = told["TopicArn"]
    for queue in ("one", "two"):
        await simulation.insist("Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=ARN + queue)
    redrive = json.dumps({"deadLetterTargetArn": ARN + "dead"})
    await simulation.insist(
        "Subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=ARN + "nowhere",
        Attributes={"RedrivePolicy": redrive, "RawMessageDelivery": "true"},
    )
    machine = await create(
        simulation,
        "publishes",
        Optimised=task("sns:publish", {"TopicArn": topic, "Message": {"a": 1}}, "Sdk"),
        Sdk=task("aws-sdk:sns:publish", {"TopicArn": topic, "Message": "sdk"}, "Ask"),
        Ask=task(
            "sns:publish.waitForTaskToken",
            {"TopicArn": topic, "Message": {"token.$": "$$.Task.Token"}},
            None,
        ),
    )
    arns = [await start(simulation, machine, name, {}) for name in ("x", "y")]
    await answer_all(simulation, record)
    for arn in arns:
        done = await ended(simulation, arn)
        record.statuses.append(f"{done.status} {done.output}")
    for queue in ("two", "dead"):
        record.queues[queue] = sorted([await received(simulation, queue) for _ in range(6)])
    for queue in ("one", "two", "dead"):
        left = await simulation.insist(
            "GetQueueAttributes", QueueUrl=URL + queue, AttributeNames=["All"]
        )
        assert left["Attributes"]["ApproximateNumberOfMessages"] == "0"


async def answer_all(simulation: Simulation, record: Record) -> None:
    """Take six messages from the first queue and answer the tokens among them."""
    seen = []
    for _ in range(6):
        text = await received(simulation, "one", keep_token=True)
        if "token" in text:
            token = json.loads(text)["token"]
            # Refused when the first answer was taken and the crash kept us from being told.
            with contextlib.suppress(ServiceError):
                await simulation.insist("SendTaskSuccess", taskToken=token, output='"done"')
            text = "<token>"
        seen.append(text)
    record.queues["one"] = sorted(seen)


def task(resource: str, parameters: Any, following: str | None) -> dict[str, Any]:
    """A Task."""
    after: dict[str, Any] = {"Next": following} if following else {"End": True}
    resource = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, **after}


async def received(simulation: Simulation, queue: str, *, keep_token: bool = False) -> str:
    """The message published, of the next message of a queue, taken out."""
    while True:
        told = await simulation.insist("ReceiveMessage", QueueUrl=URL + queue, WaitTimeSeconds=20)
        for message in told.get("Messages", ()):
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=URL + queue, ReceiptHandle=handle)
            text = str(message["Body"])
            body = json.loads(text) if text.startswith("{") else {}
            text = str(body.get("Message", text))
            return "<token>" if "token" in text and not keep_token else text


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=11, faults=faults)
    await simulation.run(functools.partial(workload, record=record))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def test_undisturbed() -> None:
    """Three messages of each execution in every queue; dead letters for the one that is missing."""
    record, _ = undisturbed()
    assert record.statuses == ["SUCCEEDED done", "SUCCEEDED done"]
    expected = sorted(['{"a":1}', "sdk", "<token>"] * 2)
    assert record.queues == {"one": expected, "two": expected, "dead": expected}


@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1):
        record, _ = asyncio.run(play([Faults(**{where: point})]))
        assert record == expected, (where, point)
