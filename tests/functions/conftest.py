"""One runner per test, closed at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.functions.running import Running, make_running


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A runner; its functions' home is an address where nobody answers."""
    made = make_running(tmp_path, lambda: "http://localhost:4566")
    yield made
    await made.runner.close()
