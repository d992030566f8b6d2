"""Fixtures that several areas use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stepwell.testing.server import ServerProcess


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A real server in its own process on a fresh data directory, shared by a module's tests."""
    with ServerProcess(tmp_path_factory.mktemp("server") / "data") as server:
        yield server
