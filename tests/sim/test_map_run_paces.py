"""AWS's pace of Map Runs and of their children: later, but all of them, through crashes too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stepwell.engine.buckets import Rate, RegionalRate
from stepwell.engine.limits import QUOTAS, Limits, MapRunRates
from stepwell.testing.simulation import Client, Faults, Simulation
from tests.integrations.played import create, ended, start
from tests.sim.map_runs import distributed, passes

FREE = Rate(1_000, 1_000)
CHILDREN = Limits(
    map_run_rates=MapRunRates(FREE, express_children=FREE, standard_children=Rate(5, 5))
)
RUNS = Limits(map_run_rates=MapRunRates(Rate(1, 1), FREE, FREE))
MAP = distributed({"P": passes()})


def play(client: Client, limits: Limits | None, faults: Sequence[Faults] = ()) -> None:
    """Let a client use a server with those limits."""
    asyncio.run(Simulation(seed=7, limits=limits, faults=faults).run(client))


async def took(simulation: Simulation, states: dict[str, Any], items: int, count: int = 1) -> float:
    """How many seconds so many executions over so many items take."""
    machine = await create(simulation, "m", **states)
    begun = simulation.clock.now()
    arns = [
        await start(simulation, machine, f"e{n}", {"items": list(range(items))})
        for n in range(count)
    ]
    last = 0.0
    for arn in arns:
        assert (await ended(simulation, arn)).status == "SUCCEEDED"
        shown = await simulation.insist("DescribeExecution", executionArn=arn)
        last = max(last, shown["stopDate"])
    return round(last - begun / 1000, 1)


@pytest.mark.parametrize("faults", [(), (Faults(crash_after=9),), (Faults(crash_before=12),)])
def test_children_begin_at_their_rate(faults: Sequence[Faults]) -> None:
    """Five at once, then five a second; after a crash at most a burst more."""

    async def client(simulation: Simulation) -> None:
        seconds = await took(simulation, {"M": MAP}, items=23)
        assert seconds <= 3.6
        assert seconds == 3.6 or faults

    play(client, CHILDREN, faults)


def test_express_children_have_a_rate_of_their_own() -> None:
    """Here they are free, and so are the states that they enter."""
    limits = Limits(
        map_run_rates=CHILDREN.map_run_rates,
        transition_rate=RegionalRate(Rate(3, 1), Rate(3, 1)),
    )

    async def client(simulation: Simulation) -> None:
        states = {"M": distributed({"P": passes()}, "EXPRESS")}
        assert await took(simulation, states, items=50) == 0

    play(client, limits)


def test_a_number_at_a_time_counts_beside_the_rate() -> None:
    """Two children of ten seconds at a time: the rate never matters."""
    wait = {"W": {"Type": "Wait", "Seconds": 10, "End": True}}

    async def client(simulation: Simulation) -> None:
        states = {"M": distributed(wait, MaxConcurrency=2)}
        assert await took(simulation, states, items=6) == 30

    play(client, CHILDREN)


@pytest.mark.parametrize("faults", [(), (Faults(crash_after=6),)])
def test_runs_begin_at_their_rate(faults: Sequence[Faults]) -> None:
    """One at once, then one a second."""

    async def client(simulation: Simulation) -> None:
        seconds = await took(simulation, {"M": MAP}, items=2, count=4)
        assert seconds <= 3
        assert seconds == 3 or faults

    play(client, RUNS, faults)


def test_a_redrive_goes_on_at_the_same_rate() -> None:
    """Children that were aborted go on five a second."""
    wait = {"W": {"Type": "Wait", "Seconds": 100, "End": True}}

    async def client(simulation: Simulation) -> None:
        machine = await create(simulation, "m", M=distributed(wait))
        arn = await start(simulation, machine, "e", {"items": list(range(13))})
        await simulation.sleep(5_000)
        await simulation.insist("StopExecution", executionArn=arn)
        await simulation.sleep(5_000)
        redriven = await simulation.insist("RedriveExecution", executionArn=arn)
        assert (await ended(simulation, arn)).status == "SUCCEEDED"
        shown = await simulation.insist("DescribeExecution", executionArn=arn)
        assert round(shown["stopDate"] - redriven["redriveDate"], 1) == 101.6

    play(client, CHILDREN)


def test_the_profiles() -> None:
    """`aws` has the numbers of AWS's guide and reference, `open` has none."""
    assert QUOTAS["open"].map_run_rates is None
    assert QUOTAS["aws"].map_run_rates == ((25, 25), (1_000, 1_000), (100, 100))
