"""Map Runs through the API: described, listed, changed; their children; refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Simulation
from tests.sim.map_runs import distributed, passes
from tests.sim.workload import EXECUTIONS, MACHINES, ROLE

WAITS = {"W": {"Type": "Wait", "Seconds": 1_000, "End": True}}
Client = Callable[[Simulation, str], Awaitable[None]]


def play(state: dict[str, Any], items: list[Any], client: Client) -> None:
    """Start a Map over the items and let the client have a look at its run."""

    async def look(simulation: Simulation) -> None:
        definition = json.dumps({"StartAt": "M", "States": {"M": state}})
        await simulation.insist("CreateStateMachine", name="m", definition=definition, roleArn=ROLE)
        await simulation.insist(
            "StartExecution",
            stateMachineArn=f"{MACHINES}m",
            name="x",
            input=json.dumps({"items": items}),
        )
        listed = await simulation.insist("ListMapRuns", executionArn=f"{EXECUTIONS}m:x")
        await simulation.sleep(500)
        await client(simulation, listed["mapRuns"][0]["mapRunArn"])

    asyncio.run(Simulation(seed=2).run(look))


async def refusal(simulation: Simulation, operation: str, **params: Any) -> ServiceError:
    """The refusal of a call."""
    with pytest.raises(ServiceError) as refused:
        await simulation.insist(operation, **params)
    return refused.value


def test_counts_while_it_runs() -> None:
    """Items and executions, pending and running, as batches make them differ."""

    async def look(simulation: Simulation, run: str) -> None:
        told = await simulation.insist("DescribeMapRun", mapRunArn=run)
        assert told["status"] == "RUNNING"
        assert "stopDate" not in told
        assert told["executionArn"] == f"{EXECUTIONS}m:x"
        zero = {"succeeded": 0, "failed": 0, "timedOut": 0, "aborted": 0, "resultsWritten": 0}
        assert told["itemCounts"] == {"pending": 3, "running": 4, "total": 7, **zero}
        assert told["executionCounts"] == {"pending": 2, "running": 2, "total": 4, **zero}

    state = distributed(WAITS, ItemBatcher={"MaxItemsPerBatch": 2}, MaxConcurrency=2)
    play(state, list(range(7)), look)


def test_children() -> None:
    """A child is an execution of the labelled machine, with a history of its own."""

    async def look(simulation: Simulation, run: str) -> None:
        listed = await simulation.insist("ListExecutions", mapRunArn=run)
        child = listed["executions"][0]
        assert child["stateMachineArn"] == f"{MACHINES}m/here"
        assert child["mapRunArn"] == run
        assert child["itemCount"] == 1
        arn = child["executionArn"]
        assert arn == f"{EXECUTIONS}m/here:{child['name']}"
        told = await simulation.insist("DescribeExecution", executionArn=arn)
        assert (told["mapRunArn"], told["input"]) == (run, '"b"')
        history = await simulation.insist("GetExecutionHistory", executionArn=arn)
        assert [e["type"] for e in history["events"]] == [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
        described = await simulation.insist("DescribeStateMachineForExecution", executionArn=arn)
        assert (described["mapRunArn"], described["label"]) == (run, "here")
        assert described["name"] == "m"
        machine = await simulation.insist(
            "DescribeStateMachine", stateMachineArn=f"{MACHINES}m/here"
        )
        assert machine["label"] == "here"
        mine = await simulation.insist("ListExecutions", stateMachineArn=f"{MACHINES}m")
        assert [e["name"] for e in mine["executions"]] == ["x"]
        missing = await refusal(
            simulation, "DescribeStateMachine", stateMachineArn=f"{MACHINES}m/there"
        )
        assert missing.code == "StateMachineDoesNotExist"

    play(distributed({"P": passes()}, Label="here"), ["a", "b"], look)


def test_express_children() -> None:
    """An express child has an express ARN, and no API of executions knows it."""

    async def look(simulation: Simulation, run: str) -> None:
        refused = await refusal(simulation, "ListExecutions", mapRunArn=run)
        assert refused.code == "StateMachineTypeNotSupported"
        told = await simulation.insist("DescribeMapRun", mapRunArn=run)
        assert told["itemCounts"]["succeeded"] == 2

    play(distributed({"P": passes()}, "EXPRESS", Label="here"), ["a", "b"], look)


def test_update() -> None:
    """A change of the concurrency holds at once."""

    async def look(simulation: Simulation, run: str) -> None:
        assert (await _running(simulation, run)) == 1
        await simulation.insist("UpdateMapRun", mapRunArn=run, maxConcurrency=3)
        await simulation.sleep(500)
        assert (await _running(simulation, run)) == 3

    play(distributed(WAITS, MaxConcurrency=1), [1, 2, 3, 4], look)


async def _running(simulation: Simulation, run: str) -> int:
    told = await simulation.insist("DescribeMapRun", mapRunArn=run)
    return int(told["executionCounts"]["running"])


def test_update_lowers_what_is_tolerated() -> None:
    """A tolerance below what has failed already ends the run."""
    odd = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}],
            "Default": "W",
        },
        "F": {"Type": "Fail"},
        **WAITS,
    }

    async def look(simulation: Simulation, run: str) -> None:
        await simulation.insist("UpdateMapRun", mapRunArn=run, toleratedFailureCount=0)
        await simulation.sleep(500)
        told = await simulation.insist("DescribeMapRun", mapRunArn=run)
        assert told["status"] == "FAILED"
        assert (told["itemCounts"]["failed"], told["itemCounts"]["aborted"]) == (1, 2)
        ended = await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}m:x")
        assert ended["error"] == "States.ExceedToleratedFailureThreshold"

    play(distributed(odd, ToleratedFailureCount=2), [1, 2, 3], look)


@pytest.mark.parametrize(("percentage", "status"), [(50, "SUCCEEDED"), (49.9, "FAILED")])
def test_tolerated_percentage(percentage: float, status: str) -> None:
    """As many items may fail as the percentage says, and no more."""
    odd = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericGreaterThan": 1, "Next": "F"}],
            "Default": "P",
        },
        "F": {"Type": "Fail"},
        "P": passes(),
    }

    async def look(simulation: Simulation, run: str) -> None:
        told = await simulation.insist("DescribeMapRun", mapRunArn=run)
        assert told["status"] == status

    play(distributed(odd, ToleratedFailurePercentage=percentage), [0, 1, 2, 3], look)


def test_refusals() -> None:
    """A run that is over can't be changed; what is no run does not exist."""

    async def look(simulation: Simulation, run: str) -> None:
        over = await refusal(simulation, "UpdateMapRun", mapRunArn=run, maxConcurrency=1)
        assert over.code == "ValidationException"
        assert over.fields == {"reason": "CANNOT_UPDATE_COMPLETED_MAP_RUN"}
        for operation in ("DescribeMapRun", "ListExecutions"):
            missing = await refusal(simulation, operation, mapRunArn=f"{run}0")
            assert missing.code == "ResourceNotFound"
        wrong = await refusal(simulation, "DescribeMapRun", mapRunArn=f"{MACHINES}m")
        assert wrong.code == "InvalidArn"
        labelled = await refusal(simulation, "StartExecution", stateMachineArn=f"{MACHINES}m/here")
        assert labelled.fields == {"reason": "API_DOES_NOT_SUPPORT_LABELED_ARNS"}

    play(distributed({"P": passes()}, Label="here"), [1], look)


def test_pages_of_runs() -> None:
    """Runs are listed in pages, newest first, each once."""
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1}]

    async def look(simulation: Simulation, run: str) -> None:
        await simulation.sleep(60_000)
        found: list[str] = []
        token: dict[str, str] = {}
        for _ in range(3):
            page = await simulation.insist(
                "ListMapRuns", executionArn=f"{EXECUTIONS}m:x", maxResults=1, **token
            )
            found.extend(entry["mapRunArn"] for entry in page["mapRuns"])
            token = {"nextToken": page.get("nextToken", "")}
        assert token == {"nextToken": ""}
        assert len(set(found)) == 3
        assert found[-1] == run

    play(distributed({"F": {"Type": "Fail"}}, Retry=retry), [1], look)


def test_many_items() -> None:
    """Ten thousand items keep no more than a few executions in memory."""

    async def look(simulation: Simulation, run: str) -> None:
        for _ in range(100):
            told = await simulation.insist("DescribeMapRun", mapRunArn=run)
            assert len(simulation.core.executions.live) < 500
            if told["status"] != "RUNNING":
                break
            await simulation.sleep(1_000)
        assert told["itemCounts"]["succeeded"] == 10_000

    play(distributed({"P": passes()}), list(range(10_000)), look)


@pytest.mark.parametrize(
    ("batcher", "sizes"),
    [
        ({"MaxItemsPerBatch": 1_500}, [1_500, 1_500, 1_000]),
        ({"MaxInputBytesPerBatch": 1_000}, None),
        ({"MaxItemsPerBatch": 10, "MaxInputBytesPerBatch": 30}, None),
        ({"MaxItemsPerBatch": 100_000}, [4_000]),
    ],
)
def test_batches(batcher: dict[str, int], sizes: list[int] | None) -> None:
    """A batch is as large as may be, however many items that takes, and never larger."""

    async def look(simulation: Simulation, run: str) -> None:
        await simulation.sleep(60_000)
        told = await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}m:x")
        batches = json.loads(told["output"])
        assert [n for batch in batches for n in batch["Items"]] == list(range(4_000))
        if sizes is not None:
            assert [len(batch["Items"]) for batch in batches] == sizes
            return
        most = batcher["MaxInputBytesPerBatch"]
        texts = [json.dumps(batch, separators=(",", ":")) for batch in batches]
        assert max(map(len, texts)) <= most
        for text, following in zip(texts, batches[1:], strict=False):
            full = len(json.loads(text)["Items"]) == batcher.get("MaxItemsPerBatch")
            assert full or len(text) + 1 + len(str(following["Items"][0])) > most

    play(distributed({"P": passes()}, ItemBatcher=batcher), list(range(4_000)), look)


def test_a_deleted_machine_ends_the_children() -> None:
    """Children of a deleted machine end at their next transition, and so does the run."""

    async def look(simulation: Simulation, run: str) -> None:
        await simulation.insist("DeleteStateMachine", stateMachineArn=f"{MACHINES}m")
        await simulation.sleep(2_000_000)
        told = await simulation.insist("DescribeMapRun", mapRunArn=run)
        assert (told["itemCounts"]["aborted"], told["itemCounts"]["running"]) == (4, 0)

    waits = {"W": {"Type": "Wait", "Seconds": 1_000, "Next": "P"}, "P": passes()}
    play(distributed(waits, MaxConcurrency=2), [1, 2, 3, 4], look)
