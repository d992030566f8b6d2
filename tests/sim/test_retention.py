"""Executions that ended long ago go, with everything of theirs; nothing else does."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError
from stepwell.runtime import retention
from stepwell.runtime.records import (
    CHILD,
    EVENT,
    EXECUTION,
    EXECUTION_NAME,
    MAP_ITEMS,
    MAP_RUN,
    TOKEN,
)
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit
from tests.sim.workload import ACTIVITY, EXECUTIONS, MACHINES, ROLE

DAY_MS = 86_400_000
STATES: dict[str, dict[str, Any]] = {
    "short": {"P": {"Type": "Pass", "End": True}},
    "long": {"W": {"Type": "Wait", "Seconds": 40 * 86_400, "End": True}},
    "asked": {"A": {"Type": "Task", "Resource": ACTIVITY, "End": True}},
    "mapped": {
        "M": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "C",
                "States": {"C": {"Type": "Pass", "End": True}},
            },
            "End": True,
        }
    },
}
TABLES = (EXECUTION, EXECUTION_NAME, EVENT, TOKEN, CHILD, MAP_RUN, MAP_ITEMS)


@dataclass
class Record:
    """What is there when the time has passed."""

    statuses: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


async def operator(sim: Simulation, record: Record) -> None:
    """Starts one of each, lets 31 days pass, and looks."""
    await sim.insist("CreateActivity", name="sim")
    for name, states in STATES.items():
        definition: dict[str, Any] = {"StartAt": next(iter(states)), "States": states}
        if name == "asked":
            definition["TimeoutSeconds"] = 50
        text = json.dumps(definition)
        await sim.insist("CreateStateMachine", name=name, definition=text, roleArn=ROLE)
        await _start(sim, name, "one")
    await sim.sleep(31 * DAY_MS)
    await _start(sim, "short", "two")
    await sim.sleep(2 * 3_600_000)
    for name in (*(f"{name}:one" for name in STATES), "short:two"):
        try:
            told = await sim.insist("DescribeExecution", executionArn=f"{EXECUTIONS}{name}")
            record.statuses[name] = told["status"]
        except ServiceError as error:
            record.statuses[name] = error.code
    for table in TABLES:
        record.rows[table.name] = await sim.core.store.count(table)


async def _start(sim: Simulation, machine: str, name: str) -> None:
    arn = f"{MACHINES}{machine}"
    with contextlib.suppress(ServiceError):  # begun before a crash, and over already
        await sim.insist("StartExecution", stateMachineArn=arn, name=name, input="[1, 2]")


async def play(faults: Sequence[Faults] = ()) -> tuple[Record, Simulation]:
    """The record of one run."""
    record = Record()
    limits = Limits(executions_kept_days=30)
    simulation = Simulation(seed=9, faults=faults, limits=limits)
    await simulation.run(functools.partial(operator, record=record))
    return record, simulation


def check(record: Record) -> None:
    """The old ones are gone, the running and the new one are not."""
    assert record.statuses == {
        **dict.fromkeys(("short:one", "asked:one", "mapped:one"), "ExecutionDoesNotExist"),
        "long:one": "RUNNING",
        "short:two": "SUCCEEDED",
    }
    assert record.rows == {
        "execution": 2,
        "execution_name": 2,
        "execution_event": 2 + 4,
        "task_token": 0,
        "execution_child": 0,
        "map_run": 0,
        "map_run_items": 0,
    }


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits when nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def test_undisturbed() -> None:
    """What is due is deleted, and nothing else."""
    check(undisturbed()[0])


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A sweep that is cut off is finished by the next one."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, check)


def test_small_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long history goes in several turns."""
    monkeypatch.setattr(retention, "ROWS_PER_TURN", 2)
    record, simulation = asyncio.run(play())
    check(record)
    assert simulation.commits > undisturbed()[1]


def test_kept_for_ever_by_default() -> None:
    """Without a bound nothing is swept."""

    async def client(sim: Simulation) -> None:
        assert await sim.core.executions.retention.sweep() == 0

    asyncio.run(Simulation().run(client))
