"""A workload of distributed Maps: children that pass, wait, fail, in batches, nested, stopped. And
everything that can be read of the runs afterwards."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Simulation
from tests.sim.workload import EXECUTIONS, MACHINES, ROLE, canonical


def distributed(states: dict[str, Any], kind: str = "STANDARD", **more: Any) -> dict[str, Any]:
    """A Map state whose iterations are executions."""
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": next(iter(states)),
            "States": states,
        },
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def passes() -> dict[str, Any]:
    """A state that hands on its input."""
    return {"Type": "Pass", "End": True}


PICKY: dict[str, Any] = {
    "Look": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericEquals": 3, "Next": "Bad"}],
        "Default": "Rest",
    },
    "Bad": {"Type": "Fail", "Error": "Odd", "Cause": "three"},
    "Rest": {"Type": "Wait", "Seconds": 2, "End": True},
}

STATES: dict[str, dict[str, Any]] = {
    "quick": {"Q": distributed({"QP": passes()}, Label="quick")},
    "slow": {
        "S": distributed(
            {"SW": {"Type": "Wait", "Seconds": 3, "End": True}}, MaxConcurrency=2, Label="slow"
        )
    },
    "batches": {
        "B": distributed(
            {"BP": passes()},
            "EXPRESS",
            ItemSelector={"place.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"},
            ItemBatcher={"MaxItemsPerBatch": 3, "BatchInput": {"of.$": "$.name"}},
            Label="batches",
        )
    },
    "picky": {
        "P": distributed(
            PICKY,
            MaxConcurrency=3,
            Retry=[{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1}],
            Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "PC"}],
            Label="picky",
        ),
        "PC": passes(),
    },
    "patient": {"T": distributed(PICKY, ToleratedFailureCount=1, Label="patient")},
    "nested": {
        "N": distributed(
            {"NN": distributed({"NP": passes()}, Label="inner")},
            ItemSelector={"items.$": "$$.Map.Item.Value"},
            Label="outer",
        )
    },
    "stopped": {
        "X": distributed({"XW": {"Type": "Wait", "Seconds": 5000, "End": True}}, Label="stopped")
    },
    "timed": {
        "Y": distributed({"YW": {"Type": "Wait", "Seconds": 5000, "End": True}}, Label="timed")
    },
}

INPUTS: dict[str, Any] = {
    "quick": {"items": list(range(150))},
    "slow": {"items": ["a", "b", "c", "d", "e"]},
    "batches": {"items": {f"k{n}": n for n in range(8)}, "name": "eight"},
    "picky": {"items": [1, 2, 3, 4, 5, 6]},
    "patient": {"items": [1, 2, 3, 4, 5, 6]},
    "nested": {"items": [[1, 2], [], [3]]},
    "stopped": {"items": [1, 2, 3]},
    "timed": {"items": [1, 2]},
}


@dataclass(slots=True)
class Record:
    """What the client was told when all was over."""

    executions: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    histories: dict[str, list[str]] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    children: dict[str, list[tuple[str, str, str | None]]] = field(default_factory=dict)


def definition(name: str) -> str:
    """The machine of that name."""
    states = STATES[name]
    whole: dict[str, Any] = {"StartAt": next(iter(states)), "States": states}
    if name == "timed":
        whole["TimeoutSeconds"] = 20
    return json.dumps(whole)


async def coordinator(simulation: Simulation, record: Record) -> None:
    """Creates, starts, stops one, waits until all is over, and reads everything."""
    for name in STATES:
        await simulation.insist(
            "CreateStateMachine", name=name, definition=definition(name), roleArn=ROLE
        )
        with contextlib.suppress(ServiceError):  # begun before a crash, and over already
            await simulation.insist(
                "StartExecution",
                stateMachineArn=f"{MACHINES}{name}",
                name="one",
                input=json.dumps(INPUTS[name]),
            )
    await _until_begun(simulation)
    await simulation.insist("StopExecution", executionArn=f"{EXECUTIONS}stopped:one")
    for name in STATES:
        await _until_over(simulation, f"{EXECUTIONS}{name}:one")
    await simulation.sleep(10_000)
    for name in STATES:
        await _read(simulation, record, name)


async def _runs(simulation: Simulation, execution: str) -> list[dict[str, Any]]:
    listed = await simulation.insist("ListMapRuns", executionArn=execution)
    found: list[dict[str, Any]] = listed["mapRuns"]
    return found


async def _until_begun(simulation: Simulation) -> None:
    """Until the run that will be stopped has all its children."""
    for _ in range(200):
        for run in await _runs(simulation, f"{EXECUTIONS}stopped:one"):
            told = await simulation.insist("DescribeMapRun", mapRunArn=run["mapRunArn"])
            if told["executionCounts"]["running"] == 3:
                return
        await simulation.sleep(100)
    raise AssertionError("the children do not begin")


async def _until_over(simulation: Simulation, execution: str) -> None:
    for _ in range(500):
        told = await simulation.insist("DescribeExecution", executionArn=execution)
        if told["status"] != "RUNNING":
            return
        await simulation.sleep(1_000)
    raise AssertionError(f"{execution} does not end")


async def _read(simulation: Simulation, record: Record, name: str) -> None:
    execution = f"{EXECUTIONS}{name}:one"
    told = await simulation.insist("DescribeExecution", executionArn=execution)
    record.executions[name] = (told["status"], told.get("output"))
    history = await simulation.insist("GetExecutionHistory", executionArn=execution)
    record.histories[name] = canonical(history["events"])
    record.runs[name] = []
    for number, run in enumerate(reversed(await _runs(simulation, execution))):
        told = await simulation.insist("DescribeMapRun", mapRunArn=run["mapRunArn"])
        record.runs[name].append(
            {k: v for k, v in told.items() if k not in ("mapRunArn", "startDate", "stopDate")}
        )
        if name != "batches":
            record.children[f"{name} {number}"] = await _children(simulation, run["mapRunArn"])


async def _children(simulation: Simulation, run: str) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    token: dict[str, Any] = {}
    while True:
        page = await simulation.insist("ListExecutions", mapRunArn=run, maxResults=100, **token)
        for listed in page["executions"]:
            told = await simulation.insist("DescribeExecution", executionArn=listed["executionArn"])
            assert told["mapRunArn"] == run
            found.append((told["input"], told["status"], told.get("output")))
        if "nextToken" not in page:
            return found[::-1]
        token = {"nextToken": page["nextToken"]}
