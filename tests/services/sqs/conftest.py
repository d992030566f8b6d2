"""SQS on every store that needs no server of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stepwell.stores.migrations.declared import declared_tables
from stepwell.stores.sqlite import SqliteStore
from tests.services.sqs.world import World


@pytest.fixture(params=["memory", "sqlite"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """A started SQS."""
    world = World()
    if request.param == "sqlite":
        world = World(open_store=lambda: SqliteStore(tmp_path / "data", declared_tables()))
    await world.start()
    yield world
    await world.stop()
