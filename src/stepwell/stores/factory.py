"""One way to a store: an address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stepwell.errors import StorageTrouble
from stepwell.runtime.ports import Store
from stepwell.runtime.tables import Table
from stepwell.stores.sqlite import SqliteStore


def open_store(url_or_directory: str | Path, tables: Iterable[Table[Any]]) -> Store:
    """The store for `postgresql://...` or for a directory; still to be opened with `open()`.

    Raises StorageTrouble for a URL of another kind, or when the extra for it is not installed.
    """
    if isinstance(url_or_directory, Path) or "://" not in url_or_directory:
        return SqliteStore(Path(url_or_directory), tables)
    scheme = url_or_directory.partition("://")[0]
    if scheme not in ("postgresql", "postgres"):
        raise StorageTrouble(
            f"no store is known for {scheme}://: give a directory or postgresql://..."
        )
    try:
        from stepwell.stores.postgres import PostgresStore
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise StorageTrouble(
            "PostgreSQL needs asyncpg: install the extra, pip install 'stepwell[postgres]'"
        ) from error
    return PostgresStore(url_or_directory, tables)
