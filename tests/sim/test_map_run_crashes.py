"""Distributed Maps, and a process that dies at every commit: no item is lost, none runs twice."""

from __future__ import annotations

import asyncio
import functools
import json
import random
from collections.abc import Sequence

import pytest

from stepwell.testing.simulation import Faults, Simulation
from tests.sim.crashing import BLOCKS, WHERE, play_every_commit, random_faults
from tests.sim.map_runs import INPUTS, Record, coordinator

STOPPED_EARLY = ("picky 0", "picky 1")
"""Which children of these were stopped, and which never began, depends on when commits came."""


async def play(
    faults: Sequence[Faults] = (), *, cached_max: int = 4_000
) -> tuple[Record, Simulation]:
    """The workload's record."""
    record = Record()
    simulation = Simulation(seed=1, faults=faults, cached_max=cached_max)
    await simulation.run(functools.partial(coordinator, record=record))
    return record, simulation


@functools.cache
def undisturbed() -> tuple[Record, int]:
    """The record and the number of commits of a run in which nothing goes wrong."""
    record, simulation = asyncio.run(play())
    return record, simulation.commits


def same_as_undisturbed(record: Record) -> None:
    """Everything that can be read is what it is without a fault."""
    expected, _ = undisturbed()
    assert record.executions == expected.executions
    assert record.histories == expected.histories
    for name, runs in expected.runs.items():
        if name != "picky":
            assert record.runs[name] == runs, name
    assert [run["status"] for run in record.runs["picky"]] == ["FAILED", "FAILED"]
    for name, children in expected.children.items():
        if name not in STOPPED_EARLY:
            assert record.children[name] == children, name


def test_undisturbed() -> None:
    """Without a fault every run ends as its state says, with each item run once, in order."""
    record, _ = undisturbed()
    statuses = {name: status for name, (status, _) in record.executions.items()}
    assert statuses == dict.fromkeys(INPUTS, "SUCCEEDED") | {
        "stopped": "ABORTED",
        "timed": "TIMED_OUT",
    }
    outputs = {name: json.loads(ended[1] or "null") for name, ended in record.executions.items()}
    assert outputs["quick"] == INPUTS["quick"]["items"]
    assert outputs["slow"] == INPUTS["slow"]["items"]
    assert [len(batch["Items"]) for batch in outputs["batches"]] == [3, 3, 2]
    assert [i["place"] for b in outputs["batches"] for i in b["Items"]] == list(range(8))
    assert outputs["patient"] == [1, 2, 4, 5, 6]
    assert outputs["nested"] == [[1, 2], [], [3]]
    assert outputs["picky"]["error"]["Error"] == "States.ExceedToleratedFailureThreshold"
    assert len(record.runs["picky"]) == 2
    assert record.runs["batches"][0]["itemCounts"]["succeeded"] == 8
    assert record.runs["batches"][0]["executionCounts"]["succeeded"] == 3
    assert record.runs["stopped"][0]["status"] == "ABORTED"
    assert record.runs["stopped"][0]["itemCounts"]["aborted"] == 3
    assert record.runs["timed"][0]["itemCounts"]["aborted"] == 2


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("where", WHERE)
def test_every_commit(where: str, block: int) -> None:
    """A crash before a commit, after it, or a full disk at it, changes nothing."""
    _, commits = undisturbed()
    play_every_commit(where, block, commits, play, same_as_undisturbed)


@pytest.mark.parametrize("seed", range(12))
def test_many_crashes(seed: int) -> None:
    """A process that dies again and again, at random commits, changes nothing."""
    record, _ = asyncio.run(play(random_faults(seed)))
    same_as_undisturbed(record)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_kept_in_memory(seed: int) -> None:
    """Executions that are folded from their history at every touch come to the same."""
    chance = random.Random(seed)
    faults = [] if seed == 0 else [Faults(crash_after=chance.randint(1, 30))]
    record, _ = asyncio.run(play(faults, cached_max=1))
    same_as_undisturbed(record)
