"""AWS's rate of state transitions within the product: executions go on later, and all arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stepwell.engine.buckets import Rate, RegionalRate
from stepwell.engine.limits import QUOTAS, Limits
from stepwell.services.api import HttpRequest
from stepwell.testing.simulation import Client, Faults, Simulation
from tests.integrations.played import ROLE, create, ended, start
from tests.sim.map_runs import passes

SLOW = Limits(transition_rate=RegionalRate(Rate(10, 5), Rate(10, 5)))
LINE: dict[str, Any] = {
    **{f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(7)},
    "S7": passes(),
}
"""Eight states."""


def play(client: Client, limits: Limits | None, faults: Sequence[Faults] = ()) -> None:
    """Let a client use a server with those limits."""
    asyncio.run(Simulation(seed=6, limits=limits, faults=faults).run(client))


async def throttled(simulation: Simulation) -> float:
    """What the page for Prometheus counts."""
    [door] = [d for d in simulation.core.doors() if "/_stepwell/metrics" in d.path_prefixes]
    request = HttpRequest("GET", "", "/_stepwell/metrics", "", [], b"", "", "r")
    answer = await door.answer(request)
    assert answer is not None
    for family in text_string_to_metric_families(answer.body.decode()):
        if family.name == "stepwell_execution_throttled":
            return float(family.samples[0].value)
    raise AssertionError("it is not counted")


async def ends(simulation: Simulation, machine: str, count: int) -> list[float]:
    """When each of so many executions ended, in seconds since the first began."""
    arns = [await start(simulation, machine, f"e{n}", {}) for n in range(count)]
    begun = None
    told = []
    for arn in arns:
        last = (await ended(simulation, arn)).events[-1]
        assert last["type"] == "ExecutionSucceeded"
        shown = await simulation.insist("DescribeExecution", executionArn=arn)
        begun = begun or shown["startDate"]
        told.append(round(shown["stopDate"] - begun, 1))
    return told


def test_executions_share_the_rate() -> None:
    """Eight states and two more at once, then five a second; each waits its turn."""

    async def client(simulation: Simulation) -> None:
        machine = await create(simulation, "m", **LINE)
        # 24 states: the first ten are free, the last one is entered after 14/5 seconds.
        assert max(await ends(simulation, machine, 3)) == 2.8
        assert await throttled(simulation) == 13

    play(client, SLOW)


@pytest.mark.parametrize("fault", [Faults(crash_after=n) for n in (3, 5, 7, 9)])
def test_a_crash_loses_no_turn(fault: Faults) -> None:
    """Whoever waited goes on after it; the bucket is full again then."""

    async def client(simulation: Simulation) -> None:
        machine = await create(simulation, "m", **LINE)
        told = await ends(simulation, machine, 3)
        assert 0 < max(told) <= 2.8

    play(client, SLOW, [fault])


def test_open_has_no_rate() -> None:
    """Sixteen times the states of that burst pass in no time."""

    async def client(simulation: Simulation) -> None:
        machine = await create(simulation, "m", **LINE)
        assert max(await ends(simulation, machine, 20)) == 0
        assert await throttled(simulation) == 0

    play(client, None)


def test_express_executions_are_not_held_up() -> None:
    """Their transitions are unlimited on AWS."""

    async def client(simulation: Simulation) -> None:
        machine = await simulation.insist(
            "CreateStateMachine",
            name="x",
            definition=json.dumps({"StartAt": "S0", "States": LINE}),
            roleArn=ROLE,
            type="EXPRESS",
        )
        for _ in range(5):
            told = await simulation.insist(
                "StartSyncExecution", stateMachineArn=machine["stateMachineArn"]
            )
            assert told["startDate"] == told["stopDate"]

    play(client, SLOW)


def test_the_profiles() -> None:
    """`aws` has the numbers of AWS's guide."""
    assert QUOTAS["open"].transition_rate is None
    rate = QUOTAS["aws"].transition_rate
    assert rate is not None
    assert rate.at("us-east-1") == (5_000, 5_000)
    assert rate.at("us-east-2") == (800, 800)
