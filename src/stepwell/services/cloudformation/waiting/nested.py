"""Nested stacks: stacks of their own, which the parent begins, waits for, and takes along.

A child's update keeps what it replaced until the parent's update is over (`HELD`): then it cleans
up, or goes back together with the parent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from stepwell.deploy.resource_type import Made
from stepwell.deploy.shaping import as_text, is_whole_number
from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Params
from stepwell.services.cloudformation import changes
from stepwell.services.cloudformation.creating import begin_creation, new_stack
from stepwell.services.cloudformation.deletable import refuse_while_changing, refuse_while_used
from stepwell.services.cloudformation.deployment import phases
from stepwell.services.cloudformation.deployment.tried import Failed
from stepwell.services.cloudformation.documents import (
    APPLY,
    HELD,
    RESTORE,
    Operation,
    read_operation,
)
from stepwell.services.cloudformation.errors import wrong_state
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.requests import Asked, read_request
from stepwell.services.cloudformation.settings import Settings
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.updating import CAN_BE_UPDATED, enter_update
from stepwell.services.cloudformation.waiting.work import Begin, Work
from stepwell.values import JsonObject, JsonValue, decode

DEPTH_MAX = 10
"""Stacks inside each other."""
MINUTES_MAX = 1_000_000


class NestedStacks:
    """See the module."""

    async def start(self, work: Work) -> Made | Failed | Begin:
        """Begin the child's operation."""
        child = _child(work)
        if work.action in ("create", "replace"):
            return await _create(work)
        if child is None or child.deleted_at:
            if work.action == "delete":
                return Made("")
            return Failed(f"Embedded stack {work.existing and work.existing.physical_id} is gone")
        if work.action == "delete":
            return lambda turn: _delete(turn, work)
        parent = read_operation(work.stack)
        if parent is not None and parent.phase == RESTORE:
            return _go_back(work, child)
        return await _update(work, child)

    def check(self, work: Work, token: str) -> Made | Failed | None:
        """What the child says."""
        child = work.stacks.stacks.get(token)
        if child is None:
            return Failed("Internal Failure: the embedded stack is gone")
        operation = read_operation(child)
        if operation is not None and operation.phase != HELD:
            return None
        if work.action == "delete":
            return Made(token) if child.deleted_at else _failure(child, "deleted")
        if work.action in ("create", "replace"):
            done = child.status == "CREATE_COMPLETE"
            return Made(token, _outputs(child)) if done else _failure(child, "created")
        parent = read_operation(work.stack)
        backwards = parent is not None and parent.phase == RESTORE
        good = "UPDATE_ROLLBACK_COMPLETE" if backwards else "UPDATE_COMPLETE"
        if child.status.startswith(good) or child.status == "CREATE_COMPLETE":
            return Made(token, _outputs(child))
        return _failure(child, "updated")

    def ended(self, turn: Turn, work: Work, token: str) -> None:
        """The child is a stack like others now."""

    def cancel(self, work: Work, token: str) -> bool:
        """It is told to stop, and waited for."""
        child = work.stacks.stacks.get(token)
        operation = None if child is None else read_operation(child)
        if child is None or operation is None or operation.phase != APPLY or operation.trouble:
            return False
        stopped = replace(operation, trouble="Cancelled by the parent stack.")
        phases.note(work.stacks, child, stopped)
        work.stacks.deployments.poke(child.id)
        return False


def _child(work: Work) -> StackRow | None:
    existing = work.existing
    return None if existing is None else work.stacks.stacks.get(existing.physical_id)


def _failure(child: StackRow, what: str) -> Failed:
    return Failed(
        f"Embedded stack {child.id} was not successfully {what}: {child.reason or child.status}",
        child.id,
    )


def _outputs(child: StackRow) -> JsonObject:
    outputs = cast("list[dict[str, str]]", decode(child.outputs))
    return {f"Outputs.{each['OutputKey']}": each["OutputValue"] for each in outputs}


def _params(work: Work) -> Params:
    """The request that the resource stands for; the parent's capabilities are the child's."""
    properties = work.properties
    details = work.stacks.versions.details(work.stack.id, work.stack.version)
    given = properties.get("Parameters") or {}
    own_tags = properties.get("Tags")
    tags = dict(work.tags)
    for tag in own_tags if isinstance(own_tags, list) else ():
        if isinstance(tag, dict):
            tags[as_text(tag.get("Key"))] = as_text(tag.get("Value"))
    params: Params = {
        "TemplateURL": as_text(properties.get("TemplateURL")),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": _joined(value)}
            for name, value in (given.items() if isinstance(given, dict) else ())
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "Capabilities": details.capabilities,
        "RoleARN": details.role or None,
    }
    minutes = as_text(properties.get("TimeoutInMinutes") or "")
    if is_whole_number(minutes, 1, MINUTES_MAX):
        params["TimeoutInMinutes"] = int(minutes)
    topics = properties.get("NotificationARNs")
    if isinstance(topics, list):
        params["NotificationARNs"] = [as_text(topic) for topic in topics]
    return params


def _joined(value: JsonValue) -> str:
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    return as_text(value)


async def _create(work: Work) -> Failed | Begin:
    stacks = work.stacks
    if _depth(stacks, work.stack) >= DEPTH_MAX:
        return Failed(f"Stacks may be nested {DEPTH_MAX} deep.")
    name = f"{work.stack.name[:80]}-{work.logical_id[:30]}-{work.suffix}"
    child = new_stack(stacks, work.stack.scope, name, Settings())
    child = child._replace(parent=work.stack.id, root=work.stack.root or work.stack.id)
    params = _params(work)
    asked = await read_request(stacks, child, params)

    def begin(turn: Turn) -> str:
        # It stays as it fails, so that the parent can say why before it deletes it.
        begin_creation(stacks, turn, child, asked, "", {**params, "OnFailure": "DO_NOTHING"})
        return child.id

    return begin


def _depth(stacks: Stacks, stack: StackRow) -> int:
    depth = 1
    found: StackRow | None = stack
    while found is not None and found.parent and depth < DEPTH_MAX:
        found = stacks.stacks.get(found.parent)
        depth += 1
    return depth


async def _update(work: Work, child: StackRow) -> Made | Failed | Begin:
    stacks = work.stacks
    _refuse_busy(child)
    params = _params(work)
    asked = await read_request(stacks, child, params, child.version)
    try:
        await changes.refuse_no_change(stacks, child, asked)
    except ServiceError as error:
        if error.message != changes.NO_UPDATES:
            raise
        return Made(child.id, _outputs(child))
    return lambda turn: _begin_update(turn, work, asked, params)


def _refuse_busy(child: StackRow) -> None:
    """Raises ValidationError for a child that somebody else is at, unless it waits for us."""
    if child.status not in CAN_BE_UPDATED and not _is_held(child):
        raise wrong_state(child.id, child.status)


def _begin_update(turn: Turn, work: Work, asked: Asked, params: dict[str, Any]) -> str:
    stacks = work.stacks
    child = _child(work)
    assert child is not None
    # Somebody else may have updated it directly while the template was read.
    _refuse_busy(child)
    number = stacks.versions.next_number(child.id)
    stacks.versions.put(turn, child.id, number, asked.details, asked.body, asked.goal)
    enter_update(stacks, turn, child, number, "", params, hold=True)
    return child.id


def _go_back(work: Work, child: StackRow) -> Made | Begin:
    """The parent goes back: so does the child, if its update is held or its way back failed."""
    if _undone_by(work, child) is None:
        return Made(child.id, _outputs(child))

    def begin(turn: Turn) -> str:
        current = work.stacks.stacks.get(child.id)
        undone = None if current is None else _undone_by(work, current)
        if current is not None and undone is not None:
            phases.go_back(work.stacks, turn, current, undone, "")
        return child.id

    return begin


def _undone_by(work: Work, child: StackRow) -> Operation | None:
    """The operation whose way back the child goes with its parent; None: it stays as it is."""
    operation, parent = read_operation(child), read_operation(work.stack)
    if _is_held(child):
        return operation
    if child.status != "UPDATE_ROLLBACK_FAILED":
        return None
    skip = [] if parent is None else [name for name in parent.skip if "." in name]
    return Operation(work.stacks.parts.ids.uuid(), "UPDATE", skip=skip)


def _delete(turn: Turn, work: Work) -> str:
    child = _child(work)
    assert child is not None
    if child.deleted_at or child.status == "DELETE_IN_PROGRESS":
        # Somebody deletes it directly: that is waited for.
        return child.id
    if not _is_held(child):
        refuse_while_changing(child)
    refuse_while_used(work.stacks, child)
    operation = Operation(work.stacks.parts.ids.uuid(), "DELETE")
    phases.remove(work.stacks, turn, child, operation, "")
    return child.id


def _is_held(child: StackRow) -> bool:
    operation = read_operation(child)
    return operation is not None and operation.phase == HELD
