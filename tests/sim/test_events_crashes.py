"""Events have their effect once, whatever commit the process dies at.

An execution puts events: its history, the events of its own status, the messages and the
executions that rules make of them, a schedule's call and its end are each there exactly once.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import ROLE, create, ended, start
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit

_URL = "http://localhost:4566/000000000000/"
_QUEUE = "arn:aws:sqs:us-east-1:000000000000:"
_BUS = "arn:aws:events:us-east-1:000000000000:event-bus/other"
_DEFAULT = "arn:aws:events:us-east-1:000000000000:event-bus/default"
_STATUS = json.dumps({"source": ["aws.states"], "detail": {"name": ["one"]}})


@dataclass(slots=True)
class Record:
    """What is left of a run."""

    statuses: list[str] = field(default_factory=list)
    orders: list[Any] = field(default_factory=list)
    dead: list[Any] = field(default_factory=list)
    scheduled: list[str] = field(default_factory=list)
    children: list[Any] = field(default_factory=list)
    replayed: list[Any] = field(default_factory=list)


async def workload(simulation: Simulation, record: Record) -> None:
    """Rules of all kinds, one execution that puts events, two schedules."""
    insist = simulation.insist
    for queue in ("statuses", "orders", "dead", "scheduled"):
        await insist("CreateQueue", QueueName=queue)
    child = await create(simulation, "child", Done={"Type": "Succeed"})
    await make_rules(simulation, child)
    await make_schedules(simulation)
    entry = {"Source": "shop", "DetailType": "order", "Detail": {"n.$": "$.n"}}
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Parameters": {"Entries": [entry, {**entry, "EventBusName": "other"}]},
        "ResultPath": None,
        "End": True,
    }
    machine = await create(simulation, "puts", Put=put)
    done = await ended(simulation, await start(simulation, machine, "one", {"n": 7}))
    assert done.status == "SUCCEEDED"
    await simulation.sleep(200_000)
    for event in await shown(simulation, "statuses"):
        record.statuses.append(event["detail"]["status"])
    orders = await shown(simulation, "orders")
    record.orders = [[*event["resources"], event["detail"]] for event in orders]
    record.dead = [event["detail"] for event in await shown(simulation, "dead")]
    record.scheduled = sorted(e["time"] for e in await shown(simulation, "scheduled"))
    record.children = await children_of(simulation, child)
    record.replayed = await replayed(simulation)


async def make_rules(simulation: Simulation, child: str) -> None:
    """To queues, to nowhere, to a machine, to another bus and from there to a queue."""
    insist = simulation.insist
    shop = json.dumps({"source": ["shop"]})
    await insist_once(simulation, "CreateEventBus", Name="other")
    archive = {"ArchiveName": "kept", "EventPattern": json.dumps({"source": ["shop"]})}
    await insist_once(simulation, "CreateArchive", EventSourceArn=_DEFAULT, **archive)
    await insist("PutRule", Name="statuses", EventPattern=_STATUS)
    await insist("PutRule", Name="orders", EventPattern=shop)
    await insist("PutRule", Name="others", EventPattern=shop, EventBusName="other")
    targets: list[dict[str, Any]] = [
        {"Id": "queue", "Arn": _QUEUE + "orders"},
        {"Id": "gone", "Arn": _QUEUE + "gone", "DeadLetterConfig": {"Arn": _QUEUE + "dead"}},
        {"Id": "child", "Arn": child, "InputPath": "$.detail"},
        {"Id": "bus", "Arn": _BUS},
    ]
    await insist("PutTargets", Rule="orders", Targets=targets)
    status = {"Id": "queue", "Arn": _QUEUE + "statuses"}
    await insist("PutTargets", Rule="statuses", Targets=[status])
    await insist("PutTargets", Rule="others", EventBusName="other", Targets=targets[:1])


async def replayed(simulation: Simulation) -> list[Any]:
    """What a replay of the archive sends to a queue of its own."""
    insist = simulation.insist
    await insist("CreateQueue", QueueName="replayed")
    await insist("PutRule", Name="replayed", EventPattern='{"replay-name":["again"]}')
    target = {"Id": "queue", "Arn": _QUEUE + "replayed"}
    await insist("PutTargets", Rule="replayed", Targets=[target])
    for rule in ("orders", "statuses"):
        await insist("DisableRule", Name=rule)
    await insist_once(
        simulation,
        "StartReplay",
        ReplayName="again",
        EventSourceArn="arn:aws:events:us-east-1:000000000000:archive/kept",
        EventStartTime=1_700_000_000.0,
        EventEndTime=1_800_000_000.0,
        Destination={"Arn": _DEFAULT},
    )
    while (await insist("DescribeReplay", ReplayName="again"))["State"] != "COMPLETED":
        await simulation.sleep(1_000)
    return [
        [event["source"], event["replay-name"]] for event in await shown(simulation, "replayed")
    ]


async def make_schedules(simulation: Simulation) -> None:
    """A rule that ticks every minute, a schedule that is due once and deletes itself."""
    await simulation.insist("PutRule", Name="tick", ScheduleExpression="rate(1 minute)")
    target = {"Id": "queue", "Arn": _QUEUE + "scheduled"}
    await simulation.insist("PutTargets", Rule="tick", Targets=[target])
    await insist_once(
        simulation,
        "CreateSchedule",
        Name="once",
        ScheduleExpression="at(2025-06-15T15:07:30)",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        ClientToken="once",
        Target={"Arn": _QUEUE + "scheduled", "RoleArn": ROLE},
    )


async def insist_once(simulation: Simulation, operation: str, **params: Any) -> None:
    """An operation that is refused when it was carried out before."""
    try:
        await simulation.insist(operation, **params)
    except ServiceError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


async def shown(simulation: Simulation, queue: str) -> list[Any]:
    """The bodies of everything in a queue, which stays there; it is less than ten messages."""
    answer = await simulation.insist(
        "ReceiveMessage", QueueUrl=_URL + queue, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    assert len(answer.get("Messages", ())) < 10
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


async def children_of(simulation: Simulation, machine: str) -> list[Any]:
    """Status and input of every execution."""
    children = []
    listed = await simulation.insist("ListExecutions", stateMachineArn=machine)
    for row in listed["executions"]:
        told = await simulation.insist("DescribeExecution", executionArn=row["executionArn"])
        children.append([told["status"], json.loads(told["input"])])
    return children


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
    """Everything happened, once."""
    record, _ = undisturbed()
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:puts"
    execution = "arn:aws:states:us-east-1:000000000000:execution:puts:one"
    assert record.statuses == ["RUNNING", "SUCCEEDED"]
    # Put on the default bus, put on the other one, forwarded from the first to the second.
    assert record.orders == [[machine, execution, {"n": 7}]] * 3
    assert record.dead == [{"n": 7}]
    assert record.replayed == [["shop", "again"]]
    assert record.children == [["SUCCEEDED", {"n": 7}]]
    assert record.scheduled[:3] == [
        "2025-06-15T15:07:30Z",
        "2025-06-15T15:07:40Z",
        "2025-06-15T15:08:40Z",
    ]


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    expected, commits = undisturbed()

    def check(record: Record) -> None:
        # Ticks go on for as long as the run takes, which is longer with a crash.
        count = len(expected.scheduled)
        assert record.scheduled[:count] == expected.scheduled
        record.scheduled = expected.scheduled
        assert record == expected

    play_every_commit(where, block, commits, play, check)
