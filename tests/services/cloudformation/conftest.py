"""`world`: a started server in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.services.cloudformation.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A started server in memory, stopped afterwards."""
    started = World()
    await started.start()
    yield started
    await started.stop()
