"""CreateStack."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.documents import Operation
from stepwell.services.cloudformation.errors import already_exists, invalid
from stepwell.services.cloudformation.records import NameRow, StackRow
from stepwell.services.cloudformation.requests import Asked, check_name, read_request
from stepwell.services.cloudformation.settings import Settings, read_settings, write_settings
from stepwell.services.cloudformation.stacks import Stacks

_MINUTE_MS = 60_000


async def create_stack(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """CreateStack."""
    name = params["StackName"]
    check_name(name)
    token = params.get("ClientRequestToken") or ""
    known = _already_made(stacks, call, name, token)
    if known is not None:
        return known
    if params.get("DisableRollback") is not None and params.get("OnFailure"):
        raise invalid("You can only specify DisableRollback or OnFailure, but not both.")
    stack = new_stack(stacks, call.scope, name, settings_of(params))
    asked = await read_request(stacks, stack, params)
    # Somebody else may have been quicker while the template was read.
    known = _already_made(stacks, call, name, token)
    if known is not None:
        return known
    with stacks.parts.ledger.stage() as turn:
        begin_creation(stacks, turn, stack, asked, token, params)
    await stacks.parts.ledger.committed()
    return {"StackId": stack.id}


def _already_made(stacks: Stacks, call: Call, name: str, token: str) -> dict[str, Any] | None:
    row = stacks.named(call.scope, name)
    if row is None:
        return None
    if token and read_settings(row).created_by == token:
        return {"StackId": row.id}
    raise already_exists(name)


def new_stack(stacks: Stacks, scope: str, name: str, settings: Settings) -> StackRow:
    """The row of a stack that is to be."""
    account, _, region = scope.partition(":")
    identity = stacks.parts.ids.uuid()
    arn = f"arn:aws:cloudformation:{region}:{account}:stack/{name}/{identity}"
    now = stacks.parts.clock.now()
    return StackRow(
        arn, scope, name, now, 0, 0, "", "", 0, 0, 0, "", "[]", write_settings(settings), "", ""
    )


def settings_of(params: Params) -> Settings:
    """What a request says of the stack itself."""
    return Settings(
        termination_protection=bool(params.get("EnableTerminationProtection")),
        disable_rollback=bool(params.get("DisableRollback")),
        timeout_minutes=params.get("TimeoutInMinutes") or 0,
        policy=params.get("StackPolicyBody") or "",
        created_by=params.get("ClientRequestToken") or "",
    )


def begin_creation(
    stacks: Stacks, turn: Turn, stack: StackRow, asked: Asked, token: str, params: Params
) -> StackRow:
    """Put the stack with its first version, and begin."""
    stacks.versions.put(turn, stack.id, 1, asked.details, asked.body, asked.goal)
    stacks.names.put(turn, NameRow(stack.scope, stack.name, stack.id))
    return enter_creation(stacks, turn, stack._replace(version=1), token, params)


def enter_creation(
    stacks: Stacks, turn: Turn, stack: StackRow, token: str, params: Params
) -> StackRow:
    """Begin to make what the stack's version wants."""
    minutes = params.get("TimeoutInMinutes") or 0
    deadline = stacks.parts.clock.now() + minutes * _MINUTE_MS if minutes else 0
    operation = Operation(
        stacks.parts.ids.uuid(),
        "CREATE",
        token=token,
        on_failure=_on_failure(params),
        deadline=deadline,
        retain_except_on_create=bool(params.get("RetainExceptOnCreate")),
        adopts=bool(params.get("ImportExistingResources")),
    )
    if deadline:
        turn.after_commit(lambda: stacks.deployments.ring(stack.id, deadline))
    return phases.enter(stacks, turn, stack, operation, "CREATE_IN_PROGRESS", "User Initiated")


def _on_failure(params: Params) -> str:
    if params.get("DisableRollback"):
        return "DO_NOTHING"
    return params.get("OnFailure") or "ROLLBACK"
