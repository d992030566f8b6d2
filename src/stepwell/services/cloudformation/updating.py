"""UpdateStack, and what goes on with or ends an update: cancelling, continuing, rolling back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation import changes
from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.documents import APPLY, Operation, read_operation
from stepwell.services.cloudformation.errors import invalid, wrong_state
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.requests import read_request
from stepwell.services.cloudformation.settings import read_settings, write_settings
from stepwell.services.cloudformation.stacks import Stacks

CAN_BE_UPDATED = frozenset(
    {
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)
NO_UPDATES = "No updates are to be performed."


def check_updatable(row: StackRow) -> None:
    """Raises ValidationError for a stack that cannot be updated now."""
    if row.status not in CAN_BE_UPDATED:
        raise wrong_state(row.id, row.status)


async def update_stack(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """UpdateStack."""
    row = stacks.find(call, params["StackName"])
    if row.deleted_at:
        raise wrong_state(row.id, row.status)
    token = params.get("ClientRequestToken") or ""
    if token and read_settings(row).updated_by == token:
        return {"StackId": row.id}
    check_updatable(row)
    asked = await read_request(stacks, row, params, row.version)
    await changes.refuse_no_change(stacks, row, asked)
    await stacks.ready()
    row = stacks.find(call, row.id)
    # Somebody else may have been quicker while the template was read.
    check_updatable(row)
    policy = params.get("StackPolicyBody")
    settings = replace(read_settings(row), updated_by=token)
    if policy is not None:
        settings = replace(settings, policy=policy)
    with stacks.parts.ledger.stage() as turn:
        number = stacks.versions.next_number(row.id)
        stacks.versions.put(turn, row.id, number, asked.details, asked.body, asked.goal)
        row = row._replace(settings=write_settings(settings))
        for made in stacks.change_sets.of(row.id):
            if made.execution == "AVAILABLE":
                # What it would change is not known any more.
                stacks.change_sets.put(turn, made._replace(execution="OBSOLETE"))
        enter_update(stacks, turn, row, number, token, params)
    await stacks.parts.ledger.committed()
    return {"StackId": row.id}


def enter_update(
    stacks: Stacks,
    turn: Turn,
    row: StackRow,
    version: int,
    token: str,
    params: Params,
    *,
    hold: bool = False,
) -> StackRow:
    """Begin to make the stack what that version wants. With `hold` the parent ends it."""
    before = read_operation(row)
    operation = Operation(
        stacks.parts.ids.uuid(),
        "UPDATE",
        token=token,
        on_failure="DO_NOTHING" if params.get("DisableRollback") else "ROLLBACK",
        retain_except_on_create=bool(params.get("RetainExceptOnCreate")),
        adopts=bool(params.get("ImportExistingResources")),
        hold=hold,
        outputs="" if before is None else before.outputs,
    )
    settings = replace(read_settings(row), disable_rollback=bool(params.get("DisableRollback")))
    # After a failed update, and one that is held, the way back leads to the version before it.
    settled = row.settled or row.version
    row = row._replace(
        version=version,
        settled=settled,
        updated_at=stacks.parts.clock.now(),
        settings=write_settings(settings),
    )
    return phases.enter(stacks, turn, row, operation, "UPDATE_IN_PROGRESS", "User Initiated")


async def cancel_update(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """CancelUpdateStack: what is under way is waited for, then the update is rolled back."""
    row = stacks.find(call, params["StackName"])
    operation = read_operation(row)
    if row.status != "UPDATE_IN_PROGRESS" or operation is None or operation.phase != APPLY:
        raise invalid(
            "CancelUpdateStack cannot be called from current stack status"
            if not row.deleted_at
            else f"Stack [{row.name}] does not exist"
        )
    cancelled = replace(operation, trouble="User Initiated", on_failure="ROLLBACK")
    phases.note(stacks, row, cancelled)
    stacks.deployments.poke(row.id)
    await stacks.parts.ledger.committed()
    return {}


async def continue_rollback(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ContinueUpdateRollback, without the resources that are to be passed over."""
    row = stacks.find(call, params["StackName"])
    if row.status != "UPDATE_ROLLBACK_FAILED":
        raise invalid(
            f"Stack [{row.name}] is in {row.status} state and can not continue update rollback."
        )
    if row.parent:
        raise invalid("RollbackUpdatedStack cannot be invoked on child stacks")
    skip = list(params.get("ResourcesToSkip") or ())
    failed = _failed_resources(stacks, row)
    strange = [name for name in skip if name not in failed]
    if strange:
        raise invalid(
            f"The following resource(s) cannot be skipped, for they did not fail: "
            f"[{', '.join(strange)}]"
        )
    operation = Operation(
        stacks.parts.ids.uuid(),
        "UPDATE",
        token=params.get("ClientRequestToken") or "",
        skip=skip,
    )
    with stacks.parts.ledger.stage() as turn:
        phases.go_back(stacks, turn, row, operation, "User Initiated")
    await stacks.parts.ledger.committed()
    return {}


def _failed_resources(stacks: Stacks, row: StackRow) -> set[str]:
    """Those that can be skipped; of nested stacks with the stack's name before a dot."""
    names = {
        each.logical_id for each in stacks.resources.of(row.id) if each.status == "UPDATE_FAILED"
    }
    nested = [stack for stack in stacks.stacks.everything() if stack.root == row.id]
    for stack in nested:
        names |= {
            f"{stack.name}.{each.logical_id}"
            for each in stacks.resources.of(stack.id)
            if each.status == "UPDATE_FAILED"
        }
    return names


async def rollback_stack(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """RollbackStack: the way back that was not gone when creation or update failed."""
    row = stacks.find(call, params["StackName"])
    if row.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
        raise wrong_state(row.id, row.status, "rolled back")
    operation = Operation(
        stacks.parts.ids.uuid(),
        row.status.partition("_")[0],
        token=params.get("ClientRequestToken") or "",
        retain_except_on_create=bool(params.get("RetainExceptOnCreate")),
    )
    with stacks.parts.ledger.stage() as turn:
        if operation.kind == "CREATE":
            phases.remove(stacks, turn, row, operation, "User Initiated")
        else:
            phases.go_back(stacks, turn, row, operation, "User Initiated")
    await stacks.parts.ledger.committed()
    return {"StackId": row.id}
