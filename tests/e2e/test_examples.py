"""The example apps do what they must, also on a server that is killed again and again."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from examples.__main__ import NAMES, run
from examples.kit import World
from stepwell.server import ServerSettings
from stepwell.testing.postgres import postgres_server, postgres_url
from stepwell.testing.skipping import SkippingServer
from stepwell.testing.skipping_process import SkippingProcess

__all__ = ["postgres_server", "postgres_url"]

KILLED_FROM = {"user_registration": 4}
"""The wait from which on the server is killed. A function of that app counts its own calls, in
memory: killing it while it does would be another story."""
KILLS_MAX = 6


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name: str) -> None:
    """From its first call to its last check."""
    run(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_on_postgresql(name: str, postgres_url: str, tmp_path: Path) -> None:
    """The same calls and checks with the rows in a database."""
    settings = ServerSettings(store=postgres_url, port=0)
    with SkippingServer(tmp_path, settings=settings) as server:
        world = World(server.endpoint, lambda s: server.skip(seconds=s), print)
        importlib.import_module(f"examples.{name}.app").run(world)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_survives_kills(name: str, tmp_path: Path) -> None:
    """Whenever the app waits for something, the server dies first, and it comes all the same."""
    waits = 0
    with SkippingProcess(tmp_path / "data") as server:

        def kill() -> None:
            nonlocal waits
            waits += 1
            if KILLED_FROM.get(name, 0) < waits <= KILLED_FROM.get(name, 0) + KILLS_MAX:
                server.kill()
                server.start()

        world = World(server.endpoint, lambda s: server.skip(seconds=s), print, on_wait=kill)
        importlib.import_module(f"examples.{name}.app").run(world)
    assert waits > KILLED_FROM.get(name, 0)
