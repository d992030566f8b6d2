"""The default store: one SQLite file in a directory of its own, owned by one process."""

from stepwell.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
