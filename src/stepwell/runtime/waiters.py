"""Who waits for the end of an execution, as its row says."""

from __future__ import annotations

from stepwell.runtime.records import ExecutionRow
from stepwell.values import decode


def waiter_of(row: ExecutionRow) -> tuple[int, int, int] | None:
    """Who waits for the end of an execution: (parent, branch, event)."""
    if row.extra is None:
        return None
    extra = decode(row.extra)
    waiter = extra.get("waiter") if isinstance(extra, dict) else None
    if not isinstance(waiter, list):
        return None
    parent, branch, event = waiter
    return int(parent), int(branch), int(event)  # type: ignore[arg-type]
