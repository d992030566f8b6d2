"""Map Runs that are redriven until they succeed, while the process dies at every commit."""

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
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit
from tests.sim.workload import EXECUTIONS, MACHINES, ROLE

ITEMS = list(range(1, 11))
PARENT = f"{EXECUTIONS}parent:one"
WORK = (
    "{% $states.context.Execution.RedriveCount < 1 and $states.input % 4 = 3"
    " ? $error('not yet') : $states.input %}"
)
"""Every fourth item fails until its execution is redriven."""


LUCK = "{% $random() < 0.4 ? $error('no luck') : $states.input %}"


def definition(kind: str) -> str:
    """A distributed Map whose children wait a little and then work."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "Rest",
        "States": {
            "Rest": {"Type": "Wait", "Seconds": 2, "Next": "Work"},
            "Work": {
                "Type": "Pass",
                "Output": WORK if kind == "STANDARD" else LUCK,
                "End": True,
            },
        },
    }
    each = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 3, "Label": "each"}
    states = {"Each": {**each, "End": True}}
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Each", "States": states})


@dataclass
class Record:
    """What can be read at the end."""

    kind: str
    described: dict[str, Any] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    children: list[dict[str, Any]] = field(default_factory=list)
    redriven: list[dict[str, Any]] = field(default_factory=list)


async def operator(sim: Simulation, record: Record) -> None:
    """Starts the parent and redrives it until it succeeds."""
    await sim.insist(
        "CreateStateMachine", name="parent", definition=definition(record.kind), roleArn=ROLE
    )
    await sim.insist(
        "StartExecution",
        stateMachineArn=f"{MACHINES}parent",
        name="one",
        input=json.dumps(ITEMS),
    )
    for _ in range(500):
        described = await sim.insist("DescribeExecution", executionArn=PARENT)
        if described["status"] == "SUCCEEDED":
            break
        if described["status"] == "FAILED":
            token = f"redrive-{described['redriveCount']}"
            await sim.insist("RedriveExecution", executionArn=PARENT, clientToken=token)
        await sim.sleep(1_000)
    await _read(sim, record)
    record.described = described


async def _read(sim: Simulation, record: Record) -> None:
    history = await sim.insist("GetExecutionHistory", executionArn=PARENT)
    record.types = [event["type"] for event in history["events"]]
    listed = await sim.insist("ListMapRuns", executionArn=PARENT)
    for run in listed["mapRuns"]:
        arn = run["mapRunArn"]
        record.runs.append(await sim.insist("DescribeMapRun", mapRunArn=arn))
        if record.kind == "EXPRESS":
            continue
        children = await sim.insist("ListExecutions", mapRunArn=arn)
        record.children += children["executions"]
        redriven = await sim.insist("ListExecutions", mapRunArn=arn, redriveFilter="REDRIVEN")
        record.redriven += redriven["executions"]


async def play(
    faults: Sequence[Faults] = (), *, cached_max: int = 4_000, kind: str = "STANDARD"
) -> tuple[Record, Simulation]:
    """The record of one run."""
    record = Record(kind)
    simulation = Simulation(seed=5, faults=faults, cached_max=cached_max)
    await simulation.run(functools.partial(operator, record=record))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits when nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def check(record: Record) -> None:
    """One run, redriven a few times, with one child for each item; results in order."""
    assert record.described["status"] == "SUCCEEDED"
    assert json.loads(record.described["output"]) == ITEMS
    count = record.described["redriveCount"]
    assert count >= 2
    assert record.types.count("MapRunStarted") == 1
    assert record.types.count("MapRunRedriven") == count
    [run] = record.runs
    assert (run["status"], run["redriveCount"]) == ("SUCCEEDED", count)
    assert run["executionCounts"]["succeeded"] == run["itemCounts"]["succeeded"] == len(ITEMS)
    assert run["executionCounts"]["pendingRedrive"] == 0
    assert run["executionCounts"]["total"] == len(record.children) == len(ITEMS)
    assert {child["status"] for child in record.children} == {"SUCCEEDED"}
    assert 2 <= len(record.redriven) < len(ITEMS)
    assert all(child["redriveCount"] >= 1 for child in record.redriven)


def test_undisturbed() -> None:
    """Redrives lead to the end."""
    record, _ = undisturbed()
    check(record)


def test_express_children() -> None:
    """Express children begin anew; those that succeeded do not."""
    record, _ = asyncio.run(play(kind="EXPRESS"))
    assert record.described["status"] == "SUCCEEDED"
    assert json.loads(record.described["output"]) == ITEMS
    [run] = record.runs
    assert run["redriveCount"] == record.described["redriveCount"] >= 1
    assert run["executionCounts"]["succeeded"] == run["executionCounts"]["total"] == len(ITEMS)


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before a commit, after it, or a full disk at it, loses and doubles no child."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, check)


def test_nothing_kept_in_memory() -> None:
    """Folded from their histories at every touch, the executions come to the same."""
    record, _ = asyncio.run(play(cached_max=1))
    check(record)


def test_pending_children_are_shown() -> None:
    """Children that wait for being redriven say so, and can't be redriven one by one."""
    seen: dict[str, Any] = {}

    async def client(sim: Simulation) -> None:
        processor = {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Rest",
            "States": {"Rest": {"Type": "Wait", "Seconds": 100, "End": True}},
        }
        states = {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True}}
        text = json.dumps({"StartAt": "Each", "States": states})
        await sim.insist("CreateStateMachine", name="parent", definition=text, roleArn=ROLE)
        machine = f"{MACHINES}parent"
        await sim.insist("StartExecution", stateMachineArn=machine, name="one", input="[1, 2, 3]")
        await sim.sleep(5_000)
        await sim.insist("StopExecution", executionArn=PARENT)
        await sim.sleep(5_000)
        [run] = (await sim.insist("ListMapRuns", executionArn=PARENT))["mapRuns"]
        asked = {"mapRunArn": run["mapRunArn"]}
        [child, *_] = (await sim.insist("ListExecutions", **asked))["executions"]
        described = await sim.insist("DescribeExecution", executionArn=child["executionArn"])
        seen["status"] = described["status"], described["redriveStatus"]
        try:
            await sim.insist("RedriveExecution", executionArn=child["executionArn"])
        except ServiceError as error:
            seen["refused"] = error.code
        await sim.insist("RedriveExecution", executionArn=PARENT)
        await sim.insist("UpdateMapRun", **asked, maxConcurrency=1)
        await sim.sleep(1_000)
        seen["run"] = await sim.insist("DescribeMapRun", **asked)
        for status in ("PENDING_REDRIVE", "ABORTED", "RUNNING"):
            listed = await sim.insist("ListExecutions", **asked, statusFilter=status)
            seen[status] = [one["status"] for one in listed["executions"]]

    asyncio.run(Simulation().run(client))
    assert seen["status"] == ("ABORTED", "REDRIVABLE_BY_MAP_RUN")
    assert seen["refused"] == "ExecutionNotRedrivable"
    counts = seen["run"]["executionCounts"]
    assert counts["running"] + counts["pendingRedrive"] == 3
    assert seen["ABORTED"] == []
    assert seen["PENDING_REDRIVE"] == ["PENDING_REDRIVE"] * counts["pendingRedrive"]
    assert seen["RUNNING"] == ["RUNNING"] * counts["running"]
