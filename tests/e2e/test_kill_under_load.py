"""SIGKILL under load: real processes die at seeded instants, and every promise is kept."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
from pathlib import Path

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.load import Load
from tests.e2e.proof import problems_after
from tests.e2e.wire import Outage

KILLS = 9
ANSWERS_BETWEEN = (60, 400)
RECOVERY_SECONDS = (0.1, 0.9)
"""How long a server that is killed while it starts is let alone."""
RUN_SECONDS_MAX = 100


async def _kill_again_and_again(server: ServerProcess, load: Load, chance: random.Random) -> None:
    outage = load.outage
    for number in range(KILLS):
        await outage.until_answered(outage.answered + chance.randint(*ANSWERS_BETWEEN))
        outage.up.clear()
        server.kill()
        if number % 3 == 2:
            await asyncio.to_thread(_die_while_starting, server, chance.uniform(*RECOVERY_SECONDS))
        await asyncio.to_thread(server.start)
        outage.up.set()


def _die_while_starting(server: ServerProcess, seconds: float) -> None:
    server.launch()
    with contextlib.suppress(subprocess.TimeoutExpired):
        pytest.fail(f"ended with status {server.wait(seconds)}: {server.log()}")
    server.kill()


async def _survives(server: ServerProcess, seed: int) -> None:
    load = Load(server.port, Outage())
    server.start()
    load.outage.up.set()
    try:
        async with asyncio.timeout(RUN_SECONDS_MAX):
            await load.prepare()
            async with asyncio.TaskGroup() as running:
                running.create_task(load.run())
                running.create_task(_kill_again_and_again(server, load, random.Random(seed)))
            problems = await problems_after(load.client(), load.record)
    finally:
        load.close()
        server.kill()
    assert problems == [], f"seed {seed}:\n" + "\n".join(problems[:40])
    assert load.outage.lost > KILLS, "no request was under way when the server died"
    assert "Traceback" not in server.log()


@pytest.mark.timeout(120)
async def test_nothing_acknowledged_is_lost_on_sqlite(tmp_path: Path) -> None:
    """Killed again and again under load, on SQLite, the server keeps every promise."""
    await _survives(ServerProcess(tmp_path / "data"), seed=1)


@pytest.mark.timeout(120)
async def test_nothing_acknowledged_is_lost_on_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    """The same on PostgreSQL, whose database lives on."""
    server = ServerProcess(tmp_path / "data", arguments=["--store", postgres_url])
    await _survives(server, seed=2)
