"""Change sets: what another version would change, looked at first, then executed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation import changes, events
from stepwell.services.cloudformation.creating import enter_creation, new_stack, settings_of
from stepwell.services.cloudformation.errors import (
    invalid,
    no_change_set,
    no_such_stack,
    not_here,
    wrong_state,
)
from stepwell.services.cloudformation.records import ChangeSetRow, NameRow, StackRow
from stepwell.services.cloudformation.requests import Asked, check_name, read_request
from stepwell.services.cloudformation.settings import read_settings, write_settings
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.updating import CAN_BE_UPDATED, enter_update
from stepwell.values import decode, encode_text

REVIEW = "REVIEW_IN_PROGRESS"
AVAILABLE = "AVAILABLE"
NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
CHANGE_SETS_MAX = 1_000
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}\Z")
_KEPT = ("OnStackFailure", "Description", "IncludeNestedStacks", "ImportExistingResources")


async def create_change_set(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """CreateChangeSet. A stack that does not exist yet is made, to be reviewed."""
    name, kind = params["ChangeSetName"], params.get("ChangeSetType") or "UPDATE"
    _check(name, kind, params)
    stack = _stack_for(stacks, call, params, kind)
    known = _find(stacks, stack, name)
    if known is not None:
        if params.get("ClientToken") and _settings(known).get("Token") == params["ClientToken"]:
            return {"Id": known.id, "StackId": stack.id}
        _refuse_taken(known)
    asked = await read_request(stacks, stack, params, stack.version, expand=True)
    if stack.version:
        changes.refuse_other_types(stacks, stack, asked.goal)
    found = await changes.resource_changes(stacks, stack, asked)
    others = bool(found) or not stack.version or await changes.other_changes(stacks, stack, asked)
    await stacks.ready()
    # Somebody else may have been quicker while the template was read.
    stack = _stack_for(stacks, call, params, kind, stack)
    known = _find(stacks, stack, name)
    _refuse_taken(known)
    with stacks.parts.ledger.stage() as turn:
        if known is not None:
            drop(stacks, turn, known)
        if stacks.stacks.get(stack.id) is None:
            _put_review(stacks, turn, stack)
        row = _put(stacks, turn, stack, asked, params, found, is_empty=not others)
    await stacks.parts.ledger.committed()
    return {"Id": row.id, "StackId": stack.id}


def _check(name: str, kind: str, params: Params) -> None:
    if not _NAME.match(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    if kind == "IMPORT" or params.get("ResourcesToImport"):
        raise not_here("change sets that import resources")


def _refuse_taken(known: ChangeSetRow | None) -> None:
    """One that can't be executed any more gives way: tools name change sets after the second in
    which they make them, and deployments are over within one here."""
    if known is not None and known.execution == AVAILABLE:
        text = f"ChangeSet {known.name} already exists"
        raise ServiceError("AlreadyExistsException", text)


def _stack_for(
    stacks: Stacks, call: Call, params: Params, kind: str, planned: StackRow | None = None
) -> StackRow:
    """The stack that is to be changed, or the one that is to be."""
    name = params["StackName"]
    row = stacks.named(call.scope, name)
    if kind == "CREATE":
        if row is None:
            check_name(name)
            return planned or new_stack(stacks, call.scope, name, settings_of({}))
        if row.status != REVIEW:
            raise invalid(
                f"Stack [{row.name}] already exists and cannot be created again with the "
                f"changeSet [{params['ChangeSetName']}]."
            )
        return row
    if row is None or row.deleted_at:
        raise no_such_stack(name)
    if row.status not in CAN_BE_UPDATED:
        raise wrong_state(row.id, row.status)
    return row


def _put_review(stacks: Stacks, turn: Turn, stack: StackRow) -> None:
    row = stack._replace(status=REVIEW, reason="User Initiated")
    stacks.put(turn, row)
    stacks.names.put(turn, NameRow(row.scope, row.name, row.id))
    events.stack_event(stacks, turn, row)


def _put(
    stacks: Stacks,
    turn: Turn,
    stack: StackRow,
    asked: Asked,
    params: Params,
    found: list[dict[str, Any]],
    *,
    is_empty: bool,
) -> ChangeSetRow:
    if len(stacks.change_sets.of(stack.id)) >= CHANGE_SETS_MAX:
        raise invalid(f"A stack can have at most {CHANGE_SETS_MAX} change sets.")
    account, _, region = stack.scope.partition(":")
    name = params["ChangeSetName"]
    identity = stacks.parts.ids.uuid()
    number = stacks.versions.next_number(stack.id)
    stacks.versions.put(turn, stack.id, number, asked.details, asked.body, asked.goal)
    reason = ""
    if is_empty:
        reason = changes.NO_UPDATES if asked.goal.template.transforms else NO_CHANGES
    kept = {key: params[key] for key in _KEPT if params.get(key) is not None}
    row = ChangeSetRow(
        stack.id,
        f"arn:aws:cloudformation:{region}:{account}:changeSet/{name}/{identity}",
        name,
        params.get("ChangeSetType") or "UPDATE",
        number,
        "FAILED" if is_empty else "CREATE_COMPLETE",
        reason,
        "UNAVAILABLE" if is_empty else AVAILABLE,
        stacks.parts.clock.now(),
        encode_text(found),
        encode_text({**kept, "Token": params.get("ClientToken") or ""}),
    )
    stacks.change_sets.put(turn, row)
    return row


def _settings(row: ChangeSetRow) -> dict[str, Any]:
    return cast("dict[str, Any]", decode(row.settings))


def _find(stacks: Stacks, stack: StackRow, name: str) -> ChangeSetRow | None:
    rows = stacks.change_sets.of(stack.id)
    return next((row for row in rows if name in (row.id, row.name)), None)


def find(stacks: Stacks, call: Call, params: Params) -> tuple[StackRow, ChangeSetRow]:
    """A change set by its ARN, or by its name and its stack. Raises ChangeSetNotFound."""
    name = params["ChangeSetName"]
    if name.startswith("arn:"):
        for row in stacks.change_sets.everything():
            stack = stacks.stacks.get(row.stack) if row.id == name else None
            if stack is not None and stack.scope == call.scope:
                return stack, row
        raise no_change_set(name)
    if not params.get("StackName"):
        raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
    found = stacks.named(call.scope, params["StackName"])
    if found is None:
        raise no_such_stack(params["StackName"])
    change_set = _find(stacks, found, name)
    if change_set is None:
        raise no_change_set(name)
    return found, change_set


async def execute_change_set(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ExecuteChangeSet: the stack's other change sets are gone with it."""
    stack, row = find(stacks, call, params)
    token = params.get("ClientRequestToken") or ""
    if row.execution != AVAILABLE:
        if token and _settings(row).get("ExecutedBy") == token:
            return {}
        raise _wrong_status(row, "executed", row.execution)
    if row.kind == "CREATE" and stack.status != REVIEW:
        raise wrong_state(stack.id, stack.status)
    if row.kind != "CREATE" and stack.status not in CAN_BE_UPDATED:
        raise wrong_state(stack.id, stack.status)
    settings = _settings(row)
    request: Params = {
        "DisableRollback": params.get("DisableRollback"),
        "OnFailure": settings.get("OnStackFailure"),
        "RetainExceptOnCreate": params.get("RetainExceptOnCreate"),
        "ImportExistingResources": settings.get("ImportExistingResources"),
    }
    if settings.get("OnStackFailure") == "DO_NOTHING":
        request["DisableRollback"] = True
    stack = stack._replace(
        settings=write_settings(replace(read_settings(stack), change_set=row.id))
    )
    with stacks.parts.ledger.stage() as turn:
        for other in stacks.change_sets.of(stack.id):
            if other.id != row.id:
                drop(stacks, turn, other)
        done = encode_text({**settings, "ExecutedBy": token})
        executed = row._replace(execution="EXECUTE_COMPLETE", settings=done)
        stacks.change_sets.put(turn, executed)
        if row.kind == "CREATE":
            now = stacks.parts.clock.now()
            stack = stack._replace(version=row.version, updated_at=now)
            enter_creation(stacks, turn, stack, token, request)
        else:
            enter_update(stacks, turn, stack, row.version, token, request)
    await stacks.parts.ledger.committed()
    return {}


def _wrong_status(row: ChangeSetRow, what: str, status: str) -> ServiceError:
    return ServiceError(
        "InvalidChangeSetStatusException",
        f"ChangeSet [{row.id}] cannot be {what} in its current "
        f"{'execution ' if what == 'executed' else ''}status of [{status}]",
    )


def drop(stacks: Stacks, turn: Turn, row: ChangeSetRow) -> None:
    """A change set goes, and the version that it would have brought."""
    stacks.change_sets.delete(turn, row.stack, row.id)
    stack = stacks.stacks.get(row.stack)
    if stack is not None and row.version not in (stack.version, stack.settled):
        stacks.versions.forget(turn, row.stack, row.version)


async def delete_change_set(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DeleteChangeSet. One that is not there is a success."""
    try:
        _, row = find(stacks, call, params)
    except ServiceError as error:
        if error.code != "ChangeSetNotFoundException":
            raise
        return {}
    with stacks.parts.ledger.stage() as turn:
        drop(stacks, turn, row)
    await stacks.parts.ledger.committed()
    return {}
