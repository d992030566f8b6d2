"""The store for PostgreSQL. Needs asyncpg, which the extra `stepwell[postgres]` brings."""

from stepwell.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
