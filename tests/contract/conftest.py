"""Every store the product has, behind one fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Table
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.stores.migrations import generated
from stepwell.stores.postgres import PostgresStore
from stepwell.stores.sqlite import SqliteStore
from stepwell.testing.postgres import postgres_server, postgres_url
from tests.contract.kit import Opener

__all__ = ["opener", "postgres_server", "postgres_url"]

Make = Callable[[Sequence[Table[Any]]], Store]


def _memory(request: pytest.FixtureRequest) -> Make:
    disk = MemoryDisk()
    return lambda tables: MemoryStore(tables, disk)


def _sqlite(request: pytest.FixtureRequest) -> Make:
    directory: Path = request.getfixturevalue("tmp_path") / "data"
    return lambda tables: SqliteStore(directory, tables, migrations=generated(tables, "sqlite"))


def _postgres(request: pytest.FixtureRequest) -> Make:
    url: str = request.getfixturevalue("postgres_url")
    return lambda tables: PostgresStore(
        url, tables, migrations=generated(tables, "postgres"), lease_seconds=1
    )


@pytest.fixture(params=[_memory, _sqlite, _postgres], ids=["memory", "sqlite", "postgres"])
async def opener(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens stores on the same data, again and again; closes what is left open."""
    opener = Opener(request.param(request))
    yield opener
    await opener.close()
