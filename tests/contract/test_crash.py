"""A process that commits is killed at random instants: what it was told is there, whole."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.testing.postgres import PostgresMissing, running_server
from tests.contract.crash_child import batch, last_batch, store_at
from tests.contract.kit import LOG, PLAIN
from tests.shared import ROOT

ROUNDS = 6
ACKNOWLEDGED_MAX = 150


class Child:
    """The committing process, and the last number it reported."""

    def __init__(self, address: str) -> None:
        self.acknowledged = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.crash_child", address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def wait_for(self, reports: int) -> None:
        """Read that many reports."""
        assert self.process.stdout is not None
        for _ in range(reports):
            line = self.process.stdout.readline()
            assert line, self.process.stderr and self.process.stderr.read()
            self.acknowledged = int(line)

    def finish(self) -> str:
        """Read what was still reported; what it complained about at its end."""
        output, complaint = self.process.communicate()
        # A line that the kill cut off was not reported.
        for line in output.splitlines(keepends=True):
            if line.endswith("\n"):
                self.acknowledged = int(line)
        return complaint


async def check(address: str, acknowledged: int) -> None:
    """Every acknowledged batch is there wholly, every other one wholly or not at all, in order."""
    store = store_at(address)
    await store.open()
    last = await last_batch(store)
    assert last >= acknowledged
    found = await store.scan(LOG, limit=1_000_000)
    assert found == [row for n in range(1, last + 1) for row in batch(n)[LOG].values()]
    kept = [row.id for row in await store.scan(PLAIN, limit=100)]
    assert kept == [0, *(n for n in (last - 2, last - 1, last) if n > 0)]
    await store.close()


async def kill_again_and_again(address: str, seed: str) -> None:
    """Kill the child in several rounds on the same data, checking after each."""
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        child = Child(address)
        child.wait_for(chance.randint(1, ACKNOWLEDGED_MAX))
        sum(range(chance.randint(0, 50_000)))
        child.process.kill()
        child.finish()
        await check(address, child.acknowledged)


async def test_sqlite_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """SIGKILL loses nothing that was acknowledged and leaves nothing half done."""
    await kill_again_and_again(str(tmp_path / "data"), "sqlite")


async def test_postgres_keeps_what_it_acknowledged(postgres_url: str) -> None:
    """SIGKILL of the client loses nothing that was acknowledged and leaves nothing half done."""
    await kill_again_and_again(postgres_url, "postgres")


async def test_a_crash_of_the_postgres_server_loses_nothing() -> None:
    """After an immediate stop the client fails, and the restarted server has every batch."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except PostgresMissing as problem:
            pytest.skip(str(problem))
        url = server.database_url()
        child = Child(url)
        child.wait_for(50)
        server.stop("immediate")
        complaint = child.finish()
        assert "PostgreSQL at 127.0.0.1" in complaint
        assert "Traceback" not in complaint
        server.start()
        await check(url, child.acknowledged)
