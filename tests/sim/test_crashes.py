"""The product crashes at every commit, before it and after it, and nobody can tell afterwards."""

from __future__ import annotations

import functools

import pytest

from stepwell.engine.limits import Limits
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.workload import STARTS, Record, consumer, coordinator, worker


async def play(faults: Faults | None = None, **options: int) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    limits = Limits(transitions_per_turn_max=options.get("transitions", 500))
    simulation = Simulation(
        seed=1, faults=faults, cached_max=options.get("cached_max", 4_000), limits=limits
    )
    await simulation.run(
        functools.partial(coordinator, record=record),
        functools.partial(consumer, record=record),
        functools.partial(worker, record=record),
    )
    return record, simulation


async def test_undisturbed() -> None:
    """Without a fault every execution ends as its definition says."""
    record, _ = await play()
    failed = {"short-timeout": "TIMED_OUT"}
    for _, name, _ in STARTS:
        assert record.statuses[name] == failed.get(name, "SUCCEEDED"), name
    assert record.answered_twice == 1  # only the second answer of ask-double
    assert len(record.statuses) == len(STARTS) + 1  # and the child of parent-ok
