"""Lists of stacks and resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.deployment import removing
from stepwell.services.cloudformation.describing import cut
from stepwell.services.cloudformation.documents import read_rules, read_snapshot
from stepwell.services.cloudformation.errors import invalid, no_stack
from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.paging import page_after
from stepwell.values import encode_text

RESOURCES_PAGE = 100
DESCRIBED_MAX = 100
_NO_DRIFT = {"StackResourceDriftStatus": "NOT_CHECKED"}


async def list_stacks(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ListStacks: deleted ones too, unless the filter leaves them out."""
    wanted = set(params.get("StackStatusFilter") or ())
    rows = [row for row in stacks.all_of(call.scope) if not wanted or row.status in wanted]
    page, token = cut(rows, params.get("NextToken"))
    shown = [_summary(stacks, row) for row in page]
    return {"StackSummaries": shown, **({"NextToken": token} if token else {})}


def _summary(stacks: Stacks, row: StackRow) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "StackId": row.id,
        "StackName": row.name,
        "CreationTime": row.created_at / 1000,
        "StackStatus": row.status,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    optional: dict[str, Any] = {
        "TemplateDescription": stacks.versions.details(row.id, row.version).description,
        "LastUpdatedTime": row.updated_at / 1000,
        "DeletionTime": row.deleted_at / 1000,
        "StackStatusReason": row.reason,
        "ParentId": row.parent,
        "RootId": row.root,
    }
    return shown | {name: value for name, value in optional.items() if value}


def rows_of(stacks: Stacks, stack: StackRow) -> list[ResourceRow]:
    """The resources of a stack, those that an update is about to delete included."""
    rows = stacks.resources.of(stack.id)
    known = {row.logical_id for row in rows}
    for leftover in stacks.leftovers.of(stack.id):
        if leftover.logical_id not in known:
            before = read_snapshot(leftover.snapshot)
            known.add(leftover.logical_id)
            rows.append(
                ResourceRow(
                    stack.id,
                    leftover.logical_id,
                    before.type,
                    before.physical_id,
                    removing.BEGUN if leftover.status else before.status,
                    "",
                    stack.updated_at,
                    encode_text(before.properties),
                    encode_text(before.attributes),
                    before.suffix,
                    "{}",
                    0,
                    "",
                    "",
                )
            )
    return sorted(rows, key=lambda row: row.logical_id)


async def list_resources(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ListStackResources."""
    stack = stacks.find(call, params["StackName"])
    rows = rows_of(stacks, stack)
    try:
        page, token = page_after(
            rows, params.get("NextToken"), RESOURCES_PAGE, lambda row: row.logical_id
        )
    except ValueError:
        raise invalid("The specified NextToken is not valid.") from None
    shown = [_shown(row, "LastUpdatedTimestamp") for row in page]
    return {"StackResourceSummaries": shown, **({"NextToken": token} if token else {})}


async def describe_resources(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DescribeStackResources: by stack, or by the physical id of one of its resources."""
    physical, logical = params.get("PhysicalResourceId"), params.get("LogicalResourceId")
    if bool(physical) == bool(params.get("StackName")):
        raise invalid("You must specify either StackName or PhysicalResourceId, but not both.")
    if physical:
        stack = _stack_with(stacks, call, physical)
    else:
        stack = stacks.find(call, params["StackName"])
    rows = [row for row in rows_of(stacks, stack) if logical in (None, row.logical_id)]
    if logical and not rows:
        raise _no_resource(logical, stack)
    told = {"StackId": stack.id, "StackName": stack.name}
    return {"StackResources": [told | _shown(row, "Timestamp") for row in rows[:DESCRIBED_MAX]]}


def _stack_with(stacks: Stacks, call: Call, physical: str) -> StackRow:
    for stack in stacks.all_of(call.scope):
        if not stack.deleted_at and _has(stacks.resources.of(stack.id), physical):
            return stack
    raise invalid(f"Stack for {physical} does not exist")


def _has(rows: Iterable[ResourceRow], physical: str) -> bool:
    return any(row.physical_id == physical for row in rows)


def _no_resource(logical: str, stack: StackRow) -> Exception:
    return invalid(f"Resource {logical} does not exist for stack {stack.name}")


async def describe_resource(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DescribeStackResource."""
    stack = stacks.named(call.scope, params["StackName"])
    if stack is None:
        raise no_stack(params["StackName"])
    logical = params["LogicalResourceId"]
    row = next((row for row in rows_of(stacks, stack) if row.logical_id == logical), None)
    if row is None:
        raise _no_resource(logical, stack)
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        **_shown(row, "LastUpdatedTimestamp"),
    }
    metadata = read_rules(row.rules).metadata
    if metadata:
        shown["Metadata"] = encode_text(metadata)
    return {"StackResourceDetail": shown}


def _shown(row: ResourceRow, time_name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "LogicalResourceId": row.logical_id,
        "ResourceType": row.type,
        time_name: row.updated_at / 1000,
        "ResourceStatus": row.status,
        "DriftInformation": _NO_DRIFT,
    }
    if row.physical_id:
        shown["PhysicalResourceId"] = row.physical_id
    if row.reason:
        shown["ResourceStatusReason"] = row.reason
    return shown


async def list_exports(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ListExports."""
    try:
        page, token = page_after(
            stacks.exports.of(call.scope), params.get("NextToken"), 100, lambda row: row.name
        )
    except ValueError:
        raise invalid("The specified NextToken is not valid.") from None
    shown = [{"ExportingStackId": row.stack, "Name": row.name, "Value": row.value} for row in page]
    return {"Exports": shown, **({"NextToken": token} if token else {})}


async def list_imports(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ListImports: the names of the stacks that use an export."""
    name = params["ExportName"]
    users = [row.stack for row in stacks.imports.of(call.scope) if row.name == name]
    if not users:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    known = [stacks.stacks.get(user) for user in users]
    return {"Imports": sorted(row.name for row in known if row is not None)}
