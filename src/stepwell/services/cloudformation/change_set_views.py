"""DescribeChangeSet and ListChangeSets."""

from __future__ import annotations

from typing import Any, cast

from stepwell.deploy.shaping import is_whole_number
from stepwell.deploy.template_limits import RESOURCES_MAX
from stepwell.services.api import Call, Params
from stepwell.services.cloudformation import change_sets
from stepwell.services.cloudformation.describing import parameters_of
from stepwell.services.cloudformation.errors import invalid, no_such_stack
from stepwell.services.cloudformation.records import ChangeSetRow, StackRow
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.values import decode

CHANGES_PAGE = 100
_CONTEXTS = ("BeforeContext", "AfterContext")
_VALUES = ("BeforeValue", "AfterValue")


async def describe_change_set(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DescribeChangeSet: its changes in pages."""
    stack, row = change_sets.find(stacks, call, params)
    details = stacks.versions.details(row.stack, row.version)
    settings = cast("dict[str, Any]", decode(row.settings))
    changes, token = _page(row, params)
    shown: dict[str, Any] = {
        **_summary(stack, row, settings),
        "Changes": changes,
        "NotificationARNs": details.notifications,
        "RollbackConfiguration": details.alarms,
        "Capabilities": details.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in details.tags.items()],
        "Parameters": parameters_of(details),
    }
    optional = {"OnStackFailure": settings.get("OnStackFailure"), "NextToken": token}
    return shown | {name: value for name, value in optional.items() if value}


def _page(row: ChangeSetRow, params: Params) -> tuple[list[Any], str | None]:
    token = params.get("NextToken") or "0"
    if not is_whole_number(token, 0, RESOURCES_MAX * 2):
        raise invalid("The specified NextToken is not valid.")
    start = int(token)
    changes = cast("list[dict[str, Any]]", decode(row.changes))
    page = changes[start : start + CHANGES_PAGE]
    if not params.get("IncludePropertyValues"):
        for change in page:
            _without_values(change["ResourceChange"])
    more = start + CHANGES_PAGE < len(changes)
    return page, str(start + CHANGES_PAGE) if more else None


def _without_values(change: dict[str, Any]) -> None:
    for name in _CONTEXTS:
        change.pop(name, None)
    for detail in change["Details"]:
        for name in _VALUES:
            detail["Target"].pop(name, None)


def _summary(stack: StackRow, row: ChangeSetRow, settings: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": row.id,
        "ChangeSetName": row.name,
        "ExecutionStatus": row.execution,
        "Status": row.status,
        "CreationTime": row.created_at / 1000,
        "IncludeNestedStacks": bool(settings.get("IncludeNestedStacks")),
    }
    optional = {"StatusReason": row.reason, "Description": settings.get("Description")}
    return shown | {name: value for name, value in optional.items() if value}


async def list_change_sets(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """ListChangeSets of a stack, all on one page."""
    stack = stacks.named(call.scope, params["StackName"])
    if stack is None:
        raise no_such_stack(params["StackName"])
    rows = sorted(stacks.change_sets.of(stack.id), key=lambda row: row.created_at)
    return {
        "Summaries": [
            _summary(stack, row, cast("dict[str, Any]", decode(row.settings))) for row in rows
        ]
    }
