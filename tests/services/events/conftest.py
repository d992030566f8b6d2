"""A started world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.services.events.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A started EventBridge with queues beside it."""
    world = World()
    await world.start()
    yield world
    await world.die()
