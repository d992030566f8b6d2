"""A server whose data somebody else took over stops by itself; it must not answer from memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.records import LEASE, LeaseRow
from stepwell.server import Server, ServerSettings
from stepwell.stores.faulty import FaultyStore


async def test_a_lost_lease_ends_the_server(tmp_path: Path) -> None:
    """The commit that learns of it fails for its caller, and the server ends with the reason."""
    server = Server(ServerSettings(store=tmp_path / "data", port=0))
    trouble = StoreInUse("another process took the lease")
    store = FaultyStore(server.core.store, fail_at=1, trouble=trouble)
    server.core.ledger._store = store  # the store below the ledger loses its lease
    async with server:
        serving = asyncio.create_task(server.serve())
        with server.core.ledger.stage() as turn:
            turn.put(LEASE, LeaseRow(7, "x", 1, 1))
        with pytest.raises(StorageTrouble, match="took the lease"):
            await server.core.ledger.committed()
        with pytest.raises(StoreInUse, match="took the lease"):
            await serving
