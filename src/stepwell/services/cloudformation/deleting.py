"""DeleteStack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.deletable import refuse_while_changing, refuse_while_used
from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.documents import Operation
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.settings import read_settings, write_settings
from stepwell.services.cloudformation.stacks import Stacks


async def delete_stack(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DeleteStack. What is not there, or goes already, is a success."""
    row = stacks.named(call.scope, params["StackName"])
    if row is None or row.deleted_at or row.status == "DELETE_IN_PROGRESS":
        return {}
    _check(stacks, row, params)
    operation = Operation(
        stacks.parts.ids.uuid(),
        "DELETE",
        token=params.get("ClientRequestToken") or "",
        retain=list(params.get("RetainResources") or ()),
        force=params.get("DeletionMode") == "FORCE_DELETE_STACK",
    )
    # Its creation may be under way: what only waits is broken off, the rest is waited for.
    stacks.waiting.cancel(row)
    with stacks.parts.ledger.stage() as turn:
        settings = replace(read_settings(row), deletion_mode=params.get("DeletionMode") or "")
        row = row._replace(settings=write_settings(settings))
        phases.remove(stacks, turn, row, operation, "User Initiated")
    await stacks.parts.ledger.committed()
    return {}


def _check(stacks: Stacks, row: StackRow, params: Params) -> None:
    if read_settings(row).termination_protection:
        raise invalid(
            f"Stack [{row.name}] cannot be deleted while TerminationProtection is enabled"
        )
    refuse_while_changing(row)
    if params.get("RetainResources") and row.status != "DELETE_FAILED":
        raise invalid(
            f"Invalid operation on stack [{row.id}]. The specified resources to retain must be in "
            "a valid state. Only stacks in DELETE_FAILED state can retain resources."
        )
    refuse_while_used(stacks, row)
