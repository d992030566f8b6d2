"""`deployed`: a started server in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.deploy.world import Deployed


@pytest.fixture
async def deployed() -> AsyncIterator[Deployed]:
    """A started server in memory, stopped afterwards."""
    world = Deployed()
    await world.start()
    yield world
    await world.stop()
