"""PostgreSQL for the tests that need it."""

from stepwell.testing.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
