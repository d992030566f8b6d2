"""Where a process may die, for the tests that play a whole workload through it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from stepwell.testing.simulation import Faults, Simulation

R = TypeVar("R")

WHERE = ("crash_before", "crash_after", "fail_at")
"""A crash before a commit, one after it, and a disk that is full at it."""

BLOCKS = 4
"""Each test runs a slice of all crash points, so that they spread over processes."""


def play_every_commit(
    where: str,
    block: int,
    commits: int,
    play: Callable[[list[Faults]], Coroutine[Any, Any, tuple[R, Simulation]]],
    check: Callable[[R], None],
) -> None:
    """Play the block's commits, each with that fault at it. `check` asserts of the record."""
    for point in range(1 + block, commits + 1, BLOCKS):
        record, simulation = asyncio.run(play([Faults(**{where: point})]))
        assert simulation.crashes == (0 if where == "fail_at" else 1), point
        try:
            check(record)
        except AssertionError as error:
            raise AssertionError(f"{where}={point}: {error}") from error


def random_faults(seed: int) -> list[Faults]:
    """Two to eight faults, one after another, each within a dozen commits of a process's life."""
    chance = random.Random(seed)
    faults = []
    for _ in range(chance.randint(2, 8)):
        where = chance.choice(WHERE)
        faults.append(Faults(**{where: chance.randint(1, 12)}))
    return faults
