"""The product crashes at every commit, before it and after it, and nobody can tell afterwards."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import Sequence

import pytest

from stepwell.engine.limits import Limits
from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit, random_faults
from tests.sim.workload import (
    ENDS,
    STARTS,
    Record,
    consumer,
    coordinator,
    idle_worker,
    worker,
)


async def play(
    faults: Sequence[Faults] = (), *, cached_max: int = 4_000, transitions: int = 500
) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    limits = Limits(transitions_per_turn_max=transitions)
    simulation = Simulation(seed=1, faults=faults, cached_max=cached_max, limits=limits)
    await simulation.run(
        functools.partial(coordinator, record=record),
        functools.partial(consumer, record=record),
        functools.partial(worker, record=record),
        functools.partial(idle_worker, record=record),
    )
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def same_as_undisturbed(record: Record) -> None:
    """The histories are those of the undisturbed run, event by event and chain by chain.

    But for one: a worker that was given an activity task and never got to know of it lets it time
    out, as on AWS, and the task is tried again.
    """
    expected, _ = undisturbed()
    assert record.statuses == expected.statuses
    assert record.line == expected.line
    for name, history in expected.histories.items():
        if name != "work-ok":
            assert record.histories[name] == history, name


def test_undisturbed() -> None:
    """Without a fault every execution ends as its definition says."""
    record, _ = undisturbed()
    for name, status in record.statuses.items():
        assert status == ENDS.get(name, "SUCCEEDED"), name
    # The second answer of ask-double; heartbeat and answer to fan-reject's aborted sibling.
    assert record.answered_twice == 3
    # Also the children of parent-ok, umbrella-broken and stopped-stopped.
    assert len(record.statuses) == len(STARTS) + 3
    assert record.line == ["line-1", "line-2", "line-3"]


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before a commit, after it, or a full disk at it, changes no history."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, same_as_undisturbed)


@pytest.mark.parametrize("seed", range(20))
def test_many_crashes(seed: int) -> None:
    """A process that dies again and again, at random commits, changes no history."""
    record, _ = asyncio.run(play(random_faults(seed)))
    same_as_undisturbed(record)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_kept_in_memory(seed: int) -> None:
    """Executions that are folded from their history at every touch have the same histories."""
    chance = random.Random(seed)
    faults = [] if seed == 0 else [Faults(crash_after=chance.randint(1, 50))]
    record, _ = asyncio.run(play(faults, cached_max=1))
    same_as_undisturbed(record)


@pytest.mark.parametrize("point", [None, 5, 15, 25, 35, 45, 55, 65])
def test_interrupted_between_states(point: int | None) -> None:
    """A turn that ends between two states, and a crash there, change no history."""
    faults = [] if point is None else [Faults(crash_after=point)]
    record, _ = asyncio.run(play(faults, transitions=1))
    same_as_undisturbed(record)
