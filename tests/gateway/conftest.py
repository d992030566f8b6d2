"""One server for the tests of a module; its fake is emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.served import Fake, Served


@pytest.fixture(scope="module")
def module_server() -> Iterator[Served]:
    """The server that a module's tests share."""
    with Served(Fake()) as server:
        yield server


@pytest.fixture
def server(module_server: Served) -> Served:
    """The shared server with a fresh fake."""
    module_server.fake.answers.clear()
    module_server.fake.asked.clear()
    return module_server
