"""What another version would change: for change sets, and to tell that nothing would."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from stepwell.deploy.catalog import find_type
from stepwell.deploy.order import in_order
from stepwell.deploy.resource_type import Made
from stepwell.deploy.scope import KNOWN_AFTER_APPLY
from stepwell.deploy.shaping import as_text
from stepwell.errors import ServiceError
from stepwell.runtime.off_loop import off_loop
from stepwell.services.cloudformation.deployment.applying import (
    change_of,
    changed_properties,
    exports_of,
)
from stepwell.services.cloudformation.documents import RETAINING, read_object, read_rules
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.goal import Goal
from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.services.cloudformation.requests import Asked
from stepwell.services.cloudformation.secrecy import masked, secrets_of
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import JsonObject, JsonValue, encode_text

NO_UPDATES = "No updates are to be performed."


async def refuse_no_change(stacks: Stacks, stack: StackRow, asked: Asked) -> None:
    """Raises ValidationError when the stack is all that is asked for already."""
    refuse_other_types(stacks, stack, asked.goal)
    if stack.status in ("CREATE_FAILED", "UPDATE_FAILED"):
        return
    if await resource_changes(stacks, stack, asked):
        return
    if not await other_changes(stacks, stack, asked):
        raise invalid(NO_UPDATES)


def refuse_other_types(stacks: Stacks, stack: StackRow, goal: Goal) -> None:
    """Raises ValidationError when a logical id shall stand for another type."""
    names = [
        row.logical_id
        for row in stacks.resources.of(stack.id)
        if row.physical_id
        and row.logical_id in goal.wanted
        and goal.wanted[row.logical_id].type != row.type
    ]
    if names:
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{', '.join(names)}]"
        )


async def other_changes(stacks: Stacks, stack: StackRow, asked: Asked) -> bool:
    """Whether anything but resources would change: outputs, tags, policies."""
    before = stacks.versions.details(stack.id, stack.version)
    if before.tags != asked.details.tags or before.notifications != asked.details.notifications:
        return True
    if before.role != asked.details.role or before.alarms != asked.details.alarms:
        return True
    goal = await stacks.versions.goal(stack, stack.version)
    if _output_texts(goal) != _output_texts(asked.goal):
        return True
    wanted = asked.goal.wanted
    if any(name not in wanted or not _same_rules(goal, asked.goal, name) for name in goal.wanted):
        return True
    return _outputs_now(stacks, stack, goal) != _outputs_now(stacks, stack, asked.goal)


def _same_rules(before: Goal, after: Goal, name: str) -> bool:
    one, other = before.wanted[name], after.wanted[name]
    return (one.deletion_policy, one.update_replace_policy, one.metadata) == (
        other.deletion_policy,
        other.update_replace_policy,
        other.metadata,
    )


def _output_texts(goal: Goal) -> list[tuple[str, str]]:
    return [
        (name, encode_text([output.value, output.export_name, output.description]))
        for name, output in goal.template.outputs.items()
    ]


def _outputs_now(stacks: Stacks, stack: StackRow, goal: Goal) -> object:
    made = {row.logical_id: _made(row) for row in stacks.resources.of(stack.id)}
    try:
        return goal.outputs(goal.at(made, exports_of(stacks, stack), KNOWN_AFTER_APPLY))
    except ServiceError:
        return None


def _made(row: ResourceRow) -> Made:
    return Made(row.physical_id, read_object(row.attributes))


async def resource_changes(stacks: Stacks, stack: StackRow, asked: Asked) -> list[dict[str, Any]]:
    """What would be added, changed and removed, as change sets show it."""
    rows = {
        row.logical_id: row
        for row in stacks.resources.of(stack.id)
        if row.physical_id and row.status != "DELETE_COMPLETE"
    }
    exports = exports_of(stacks, stack)
    before = stacks.versions.details(stack.id, stack.version)
    secrets = secrets_of(before, asked.details)
    tags_changed = bool(stack.version) and before.tags != asked.details.tags
    compare = partial(_compared, asked.goal, rows, exports, secrets, tags_changed=tags_changed)
    return await off_loop(asked.size, compare)


def _compared(
    goal: Goal,
    rows: Mapping[str, ResourceRow],
    exports: Mapping[str, str],
    secrets: tuple[str, ...],
    *,
    tags_changed: bool,
) -> list[dict[str, Any]]:
    made = {name: _made(row) for name, row in rows.items()}
    found: list[dict[str, Any]] = []
    for name in in_order(goal.needs):
        row = rows.get(name)
        if row is None:
            added = _change("Add", name, goal.wanted[name].type)
            after = goal.properties(name, goal.at(made, exports, KNOWN_AFTER_APPLY))
            added["ResourceChange"]["AfterContext"] = context(after, secrets)
            found.append(added)
            continue
        change = _modification(goal, row, made, exports, tags_changed, secrets)
        if change is not None:
            found.append(change)
            if change["ResourceChange"].get("Replacement") != "False":
                # What refers to it will see another physical id.
                made.pop(name)
    for name, row in rows.items():
        if name not in goal.wanted:
            policy = read_rules(row.rules).deletion_policy
            removed = _change("Remove", name, row.type, row.physical_id)
            kept = "Retain" if policy in RETAINING else "Delete"
            removed["ResourceChange"]["PolicyAction"] = kept
            removed["ResourceChange"]["BeforeContext"] = context(
                read_object(row.properties), secrets
            )
            found.append(removed)
    return found


def _change(action: str, name: str, kind: str, physical_id: str = "") -> dict[str, Any]:
    change: dict[str, Any] = {
        "Action": action,
        "LogicalResourceId": name,
        "ResourceType": kind,
        "Scope": [],
        "Details": [],
    }
    if physical_id:
        change["PhysicalResourceId"] = physical_id
    return {"Type": "Resource", "ResourceChange": change}


def _modification(
    goal: Goal,
    row: ResourceRow,
    made: Mapping[str, Made],
    exports: Mapping[str, str],
    tags_changed: bool,
    secrets: tuple[str, ...],
) -> dict[str, Any] | None:
    name = row.logical_id
    kind = goal.wanted[name].type
    known = find_type(kind)
    after = goal.properties(name, goal.at(made, exports, KNOWN_AFTER_APPLY))
    before = read_object(row.properties)
    action = change_of(known, kind, row, after, tags_changed)
    if not action:
        return None
    names = changed_properties(before, after)
    change = _change("Modify", name, kind, row.physical_id)
    inner = change["ResourceChange"]
    inner["BeforeContext"] = context(before, secrets)
    inner["AfterContext"] = context(after, secrets)
    inner["Scope"] = ["Properties"] if names else ["Tags"]
    dynamic = [each for each in names if KNOWN_AFTER_APPLY in encode_text(after.get(each))]
    recreating = set(names) if known is None or known.update is None else set(known.replaces)
    inner["Replacement"] = _replacement(names, dynamic, recreating)
    if action == "replace" and inner["Replacement"] == "False":
        inner["Replacement"] = "True"
    inner["Details"] = [
        _detail(
            each,
            each in recreating,
            each in dynamic,
            masked(before.get(each), secrets),
            masked(after.get(each), secrets),
        )
        for each in names
    ] or [
        {
            "Target": {"Attribute": "Tags", "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]
    return change


def _replacement(names: list[str], dynamic: list[str], recreating: set[str]) -> str:
    if any(name in recreating and name not in dynamic for name in names):
        return "True"
    return "Conditional" if any(name in recreating for name in dynamic) else "False"


def _detail(
    name: str, recreates: bool, dynamic: bool, before: JsonValue, after: JsonValue
) -> dict[str, Any]:
    target: dict[str, Any] = {
        "Attribute": "Properties",
        "Name": name,
        "RequiresRecreation": "Never",
    }
    if before is not None:
        target["BeforeValue"] = as_text(before)
    if after is not None:
        target["AfterValue"] = as_text(after)
    if recreates:
        target["RequiresRecreation"] = "Conditionally" if dynamic else "Always"
    return {
        "Target": target,
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceReference" if dynamic else "DirectModification",
    }


def context(properties: JsonObject, secrets: tuple[str, ...]) -> str:
    """Properties as a change set's context."""
    return encode_text({"Properties": masked(properties, secrets)})
