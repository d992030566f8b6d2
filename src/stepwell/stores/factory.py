"""One way to a store: an address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Table
from stepwell.stores.sqlite import SqliteStore


def open_store(url_or_directory: str | Path, tables: Iterable[Table[Any]]) -> Store:
    """The store for `postgresql://...` or for a directory; still to be opened with `open()`.

    Raises StorageTrouble for an address of another kind, or when the extra for it is not installed.
    """
    text = str(url_or_directory)
    if text.startswith(("postgresql://", "postgres://")):
        from stepwell.stores.postgres import PostgresStore

        return PostgresStore(text, tables)
    return SqliteStore(Path(url_or_directory), tables)
