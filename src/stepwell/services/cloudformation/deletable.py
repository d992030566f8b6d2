"""Whether a stack may be deleted now: by its user, or with its parent."""

from __future__ import annotations

from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.stacks import Stacks

_BUSY_FOR_DELETION = frozenset(
    {
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
    }
)


def refuse_while_changing(row: StackRow) -> None:
    """Raises ValidationError while the stack is changed."""
    if row.status in _BUSY_FOR_DELETION:
        raise invalid(f"Stack [{row.id}] cannot be deleted while in status {row.status}")


def refuse_while_used(stacks: Stacks, row: StackRow) -> None:
    """Raises ValidationError while another stack uses what it exports."""
    for export in stacks.exports.of(row.scope):
        if export.stack == row.id:
            phases.refuse_used(stacks, export, "deleted")
