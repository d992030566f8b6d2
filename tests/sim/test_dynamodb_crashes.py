"""Tasks write items exactly once, whatever commit the process dies at."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Faults, Simulation
from tests.integrations.played import create, ended, sdk, start
from tests.sim.crashing import WHERE

RUNS = 3


@dataclass(slots=True)
class Record:
    """What is left of a run: how executions ended, items, changes."""

    statuses: list[str] = field(default_factory=list)
    items: dict[str, Any] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)


def counting(resource: str, **fields: Any) -> dict[str, Any]:
    """A task that adds one to the counter."""
    task = sdk("dynamodb:updateItem", _PARAMETERS, **fields)
    return {**task, "Resource": resource}


_PARAMETERS = {
    "TableName": "tab",
    "Key": {"id": {"S": "counter"}},
    "UpdateExpression": "ADD c :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}
_OPTIMISED = "arn:aws:states:::dynamodb:updateItem"
_SDK = "arn:aws:states:::aws-sdk:dynamodb:updateItem"


async def workload(simulation: Simulation, record: Record) -> None:
    """Executions that count twice each, and put an item that nobody put before."""
    with suppress(ServiceError):  # It exists: a crash kept its making from being told.
        await simulation.insist(
            "CreateTable",
            TableName="tab",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
    put = {
        "TableName": "tab",
        "Item": {"id": {"S.$": "$$.Execution.Name"}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    machine = await create(
        simulation,
        "counts",
        First=counting(_OPTIMISED, Next="Second", ResultPath=None),
        Second=counting(_SDK, Next="Put", ResultPath=None),
        Put={**sdk("", put), "Resource": "arn:aws:states:::dynamodb:putItem"},
    )
    arns = [await start(simulation, machine, f"run{n}", {}) for n in range(RUNS)]
    record.statuses = [(await ended(simulation, arn)).status for arn in arns]
    found = await simulation.insist("Scan", TableName="tab")
    record.items = {item["id"]["S"]: item for item in found["Items"]}
    arn = (await simulation.insist("DescribeTable", TableName="tab"))["Table"]["LatestStreamArn"]
    kept = await simulation.core.dynamodb.streams.records(arn)
    record.changes = sorted(each["dynamodb"]["Keys"]["id"]["S"] for _, each in kept)


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
    """Every execution counted twice and put its item, and each change is in the stream once."""
    record, _ = undisturbed()
    assert record.statuses == ["SUCCEEDED"] * RUNS
    assert record.items["counter"]["c"] == {"N": str(2 * RUNS)}
    assert record.changes == ["counter"] * (2 * RUNS) + [f"run{n}" for n in range(RUNS)]


@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str) -> None:
    """A crash before or after any commit, or a full disk at it, changes nothing that is left."""
    expected, commits = undisturbed()
    for point in range(1, commits + 1):
        record, _ = asyncio.run(play([Faults(**{where: point})]))
        assert record == expected, (where, point)
