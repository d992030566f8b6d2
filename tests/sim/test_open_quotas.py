"""The quotas on what is open at a time: executions are refused, Map Runs wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from stepwell.engine.limits import QUOTAS, Limits
from stepwell.errors import ServiceError
from stepwell.testing.simulation import Client, Crashed, Faults, Simulation
from tests.sim.map_runs import distributed, passes
from tests.sim.workload import EXECUTIONS, MACHINES, ROLE

WAIT = {"W": {"Type": "Wait", "Seconds": 1_000, "End": True}}
TWO = Limits(executions_open_max=2)
ONE_RUN = Limits(map_runs_open_max=1)


def play(client: Client, limits: Limits, faults: Sequence[Faults] = ()) -> None:
    """Let a client use a server with those limits."""
    asyncio.run(Simulation(seed=4, limits=limits, faults=faults).run(client))


async def machine(simulation: Simulation, name: str, states: dict[str, Any]) -> None:
    """Create a machine that begins with the first of these states."""
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    await simulation.insist("CreateStateMachine", name=name, definition=definition, roleArn=ROLE)


async def start(simulation: Simulation, name: str, of: str = "m", given: str = "{}") -> None:
    """Start an execution; what crashes is tried again."""
    await simulation.insist(
        "StartExecution", stateMachineArn=f"{MACHINES}{of}", name=name, input=given
    )


async def refused(simulation: Simulation, operation: str, **given: Any) -> str:
    """The code of a call that must be refused."""
    with pytest.raises(ServiceError) as refusal:
        await simulation.insist(operation, **given)
    return refusal.value.code


async def one_too_many(simulation: Simulation) -> None:
    """Assert that a third execution is refused."""
    given = {"stateMachineArn": f"{MACHINES}m", "name": "c"}
    assert await refused(simulation, "StartExecution", **given) == "ExecutionLimitExceeded"


async def until_crashed(simulation: Simulation) -> None:
    """Make commits that concern no execution, until the process dies at one."""
    for number in range(20):
        try:
            await simulation.call("CreateActivity", name=f"x{number}")
        except Crashed:
            return
    raise AssertionError("it did not crash")


async def stop(simulation: Simulation, name: str) -> None:
    """End an execution."""
    await simulation.insist("StopExecution", executionArn=f"{EXECUTIONS}m:{name}")


def test_an_execution_too_many_is_refused() -> None:
    """The quota is met exactly; an end makes room, and a redrive takes it again."""

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", WAIT)
        await start(simulation, "a")
        await start(simulation, "b")
        await one_too_many(simulation)
        await start(simulation, "b")
        await stop(simulation, "a")
        await start(simulation, "c")
        again = {"executionArn": f"{EXECUTIONS}m:a"}
        assert await refused(simulation, "RedriveExecution", **again) == "ExecutionLimitExceeded"
        await stop(simulation, "b")
        await simulation.insist("RedriveExecution", **again)

    play(client, TWO)


@pytest.mark.parametrize("faults", [Faults(crash_after=4), Faults(crash_before=4)])
def test_open_executions_are_counted_again_after_a_crash(faults: Faults) -> None:
    """What was open stays open, and what was lost does not count."""

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", WAIT)
        await start(simulation, "a")
        await start(simulation, "b")
        await simulation.sleep(1_000)
        await until_crashed(simulation)
        await one_too_many(simulation)
        await stop(simulation, "a")
        await start(simulation, "c")

    play(client, TWO, [faults])


def test_a_commit_that_fails_counts_nothing() -> None:
    """A start that was lost with its turn leaves its place free."""

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", WAIT)
        await start(simulation, "a")
        await start(simulation, "b")
        await one_too_many(simulation)

    for fail_at in range(1, 6):
        play(client, TWO, [Faults(fail_at=fail_at)])


def test_a_task_that_starts_one_too_many_fails() -> None:
    """A nested start meets the same quota, as an error that can be caught."""
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {"StateMachineArn": f"{MACHINES}m"},
        "End": True,
    }

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", WAIT)
        await machine(simulation, "caller", {"C": call})
        await start(simulation, "a")
        await start(simulation, "x", of="caller")
        await simulation.sleep(1_000)
        shown = await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}caller:x")
        assert shown["status"] == "SUCCEEDED"
        await start(simulation, "y", of="caller")
        await simulation.sleep(1_000)
        shown = await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}caller:y")
        assert shown["error"] == "StepFunctions.ExecutionLimitExceededException"

    play(client, Limits(executions_open_max=3))


async def statuses(simulation: Simulation, names: Sequence[str]) -> list[str]:
    """How those executions are."""
    shown = [
        await simulation.insist("DescribeExecution", executionArn=f"{EXECUTIONS}m:{name}")
        for name in names
    ]
    return [one["status"] for one in shown]


SLOW = distributed({"W": {"Type": "Wait", "Seconds": 10, "End": True}})
THREE = ("a", "b", "c")


@pytest.mark.parametrize("faults", [(), (Faults(crash_after=8),), (Faults(crash_before=12),)])
def test_map_runs_wait_for_their_turn(faults: Sequence[Faults]) -> None:
    """One goes on at a time, in the order in which they came; a crash changes nothing."""

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", {"M": SLOW})
        for name in THREE:
            await start(simulation, name, given='{"items": [1, 2]}')
        await simulation.sleep(15_000)
        assert (await statuses(simulation, THREE)).count("SUCCEEDED") <= 1
        await simulation.sleep(40_000)
        assert await statuses(simulation, THREE) == ["SUCCEEDED"] * 3

    play(client, ONE_RUN, faults)


def test_a_map_run_that_waits_for_its_turn_can_be_stopped() -> None:
    """It leaves the queue, and the next one has its turn."""

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", {"M": SLOW})
        for name in THREE:
            await start(simulation, name, given='{"items": [1]}')
        await simulation.sleep(2_000)
        await stop(simulation, "b")
        await stop(simulation, "a")
        await simulation.sleep(15_000)
        assert await statuses(simulation, THREE) == ["ABORTED", "ABORTED", "SUCCEEDED"]

    play(client, ONE_RUN)


def test_a_map_run_inside_of_another_needs_no_turn() -> None:
    """It would wait for the one around it, which waits for it."""
    inner = distributed({"P": passes()})
    outer = distributed({"N": inner}, ItemSelector={"items.$": "$$.Map.Item.Value"})

    async def client(simulation: Simulation) -> None:
        await machine(simulation, "m", {"M": outer})
        await start(simulation, "a", given='{"items": [[1], [2]]}')
        await simulation.sleep(5_000)
        assert await statuses(simulation, ["a"]) == ["SUCCEEDED"]

    play(client, ONE_RUN)


def test_the_profiles() -> None:
    """`aws` has AWS's numbers, `open` has none."""
    aws, own = QUOTAS["aws"], QUOTAS["open"]
    assert (aws.executions_open_max, aws.map_runs_open_max) == (1_000_000, 1_000)
    assert (own.executions_open_max, own.map_runs_open_max) == (None, None)
