"""Pipes lose nothing, whatever commit the process dies at, and most of them double nothing.

Messages become executions and events, changes of a table become messages of a FIFO queue, each
exactly once; what a function is asked about is asked at least once. Whoever the target refuses ends
as a dead letter of the queue it came from.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.functions import FakeRunner, zip_of
from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import ROLE, create
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit, random_faults

_URL = "http://localhost:4566/000000000000/"
_QUEUE = "arn:aws:sqs:us-east-1:000000000000:"
_BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
_ASYNCHRONOUS = {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}
_BODY = {"InputTemplate": "<$.body>"}
_SENT: dict[str, list[Any]] = {
    "started": [{"n": n} for n in range(4)],
    "events": [{"n": 9}, "no object"],
    "asked": ["x"],
}


@dataclass(slots=True)
class Record:
    """What is left of a run."""

    started: Counter[str] = field(default_factory=Counter)
    put: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    changes: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    left: list[int] = field(default_factory=list)


async def workload(simulation: Simulation, record: Record, runner: FakeRunner) -> None:
    """Four pipes, some messages, some items."""
    await _sources(simulation)
    machine = await create(simulation, "works", Done={"Type": "Succeed"})
    await _pipes(simulation, machine)
    for queue, bodies in _SENT.items():
        for number, body in enumerate(bodies):
            await _send(simulation, queue, json.dumps(body), f"{queue}-{number}")
    for name in "abcde":
        await simulation.insist("PutItem", TableName="things", Item={"id": {"S": name}})
    await simulation.sleep(120_000)
    listed = await simulation.insist("ListExecutions", stateMachineArn=machine)
    for row in listed["executions"]:
        told = await simulation.insist("DescribeExecution", executionArn=row["executionArn"])
        record.started.update(map(json.dumps, json.loads(told["input"])))
    for event in await _bodies(simulation, "put"):
        record.put[json.dumps(json.loads(event)["detail"])] += 1
    record.dead.update(await _bodies(simulation, "dead.fifo"))
    record.changes = await _bodies(simulation, "changes.fifo")
    record.asked = {text for event in runner.events_of("asked") for text in event}
    for queue in _SENT:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        url = f"{_URL}{queue}.fifo"
        told = await simulation.insist("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
        record.left += [int(text) for text in told["Attributes"].values()]


async def _once(simulation: Simulation, operation: str, **params: Any) -> None:
    """An operation that is refused when it was carried out before."""
    with contextlib.suppress(ServiceError):
        await simulation.insist(operation, **params)


async def _sources(simulation: Simulation) -> None:
    fifo = {"FifoQueue": "true", "VisibilityTimeout": "10"}
    for queue in ("dead", "changes"):
        await simulation.insist("CreateQueue", QueueName=f"{queue}.fifo", Attributes=fifo)
    await simulation.insist("CreateQueue", QueueName="put")
    redrive = {"deadLetterTargetArn": f"{_QUEUE}dead.fifo", "maxReceiveCount": 3}
    mortal = {**fifo, "RedrivePolicy": json.dumps(redrive)}
    for queue in _SENT:
        attributes = mortal if queue == "events" else fifo
        await simulation.insist("CreateQueue", QueueName=f"{queue}.fifo", Attributes=attributes)
    await _once(
        simulation,
        "CreateTable",
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    await _once(
        simulation,
        "CreateFunction",
        FunctionName="asked",
        Runtime="python3.12",
        Handler="handler.handler",
        Role=ROLE,
        Code={"ZipFile": zip_of({"handler.py": ""})},
    )
    await simulation.insist("PutRule", Name="all", EventPattern='{"source":["Pipe events"]}')
    target = {"Id": "q", "Arn": _QUEUE + "put"}
    await simulation.insist("PutTargets", Rule="all", Targets=[target])


async def _pipes(simulation: Simulation, machine: str) -> None:
    table = (await simulation.insist("DescribeTable", TableName="things"))["Table"]
    function = "arn:aws:lambda:us-east-1:000000000000:function:asked"
    targets = {
        "started": (machine, {**_BODY, **_ASYNCHRONOUS}),
        "events": (_BUS, _BODY),
        "asked": (function, _BODY),
    }
    for name, (target, parameters) in targets.items():
        await _once(
            simulation,
            "CreatePipe",
            Name=name,
            RoleArn=ROLE,
            Source=f"{_QUEUE}{name}.fifo",
            Target=target,
            TargetParameters=parameters,
        )
    begin = {"StartingPosition": "TRIM_HORIZON", "BatchSize": 2}
    await _once(
        simulation,
        "CreatePipe",
        Name="changes",
        RoleArn=ROLE,
        Source=table["LatestStreamArn"],
        SourceParameters={"DynamoDBStreamParameters": begin},
        Target=_QUEUE + "changes.fifo",
        TargetParameters={
            "InputTemplate": "<$.dynamodb.Keys.id.S>",
            "SqsQueueParameters": {
                "MessageGroupId": "one",
                "MessageDeduplicationId": "$.eventID",
            },
        },
    )


async def _send(simulation: Simulation, queue: str, body: str, number: str) -> None:
    """Sent twice because of a crash, it is one message: it has a deduplication id."""
    await simulation.insist(
        "SendMessage",
        QueueUrl=f"{_URL}{queue}.fifo",
        MessageBody=body,
        MessageGroupId=number,
        MessageDeduplicationId=number,
    )


async def _bodies(simulation: Simulation, queue: str) -> list[str]:
    answer = await simulation.insist(
        "ReceiveMessage", QueueUrl=_URL + queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [message["Body"] for message in answer.get("Messages", ())]


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The workload's record."""
    record, runner = Record(), FakeRunner()
    simulation = Simulation(seed=11, faults=faults, runner=runner)
    await simulation.run(functools.partial(workload, record=record, runner=runner))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def check(record: Record) -> None:
    """Nothing is lost, nothing doubled, nothing left behind."""
    assert record == undisturbed()[0]


def test_undisturbed() -> None:
    """Everything arrived, once."""
    record, _ = undisturbed()
    assert record.started == Counter(json.dumps({"n": n}) for n in range(4))
    assert record.put == Counter(['{"n": 9}'])
    assert record.dead == Counter(['"no object"'])
    assert record.changes == [f'"{name}"' for name in "abcde"]
    assert record.asked == {"x"}
    assert record.left == [0] * 6


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    play_every_commit(where, block, undisturbed()[1], play, check)


@pytest.mark.parametrize("seed", range(12))
def test_many_crashes(seed: int) -> None:
    """Nor do many of them, one after another."""
    record, _ = asyncio.run(play(random_faults(seed)))
    check(record)
