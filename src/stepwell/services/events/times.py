"""Times as events show them."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(at: int) -> str:
    """Epoch milliseconds as `2025-06-15T15:06:40Z`."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
