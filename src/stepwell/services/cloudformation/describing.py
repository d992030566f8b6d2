"""DescribeStacks and its like: what is, from the rows."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.cloudformation.errors import invalid
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.settings import read_settings
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.cloudformation.versions import Details
from stepwell.services.paging import page_after
from stepwell.values import decode

STACKS_PAGE = 100
HIDDEN = "****"


async def describe_stacks(stacks: Stacks, call: Call, params: Params) -> dict[str, Any]:
    """DescribeStacks: one by name or id, or all that are there."""
    name = params.get("StackName")
    if name:
        return {"Stacks": [describe(stacks, stacks.find(call, name))]}
    rows = [row for row in stacks.all_of(call.scope) if not row.deleted_at]
    page, token = cut(rows, params.get("NextToken"))
    shown = [describe(stacks, row) for row in page]
    return {"Stacks": shown, **({"NextToken": token} if token else {})}


def cut(rows: list[StackRow], token: str | None) -> tuple[list[StackRow], str | None]:
    """A page of stacks, the newest first. Raises ValidationError for a token that is none."""
    turned = {row.id: f"{2**53 - row.created_at:020d} {row.id}" for row in rows}
    try:
        return page_after(
            sorted(rows, key=lambda row: turned[row.id]),
            token,
            STACKS_PAGE,
            lambda row: turned[row.id],
        )
    except ValueError:
        raise invalid("The specified NextToken is not valid.") from None


def describe(stacks: Stacks, row: StackRow) -> dict[str, Any]:
    """A stack as DescribeStacks shows it."""
    details = stacks.versions.details(row.id, row.version)
    settings = read_settings(row)
    shown: dict[str, Any] = {
        "StackId": row.id,
        "StackName": row.name,
        "CreationTime": row.created_at / 1000,
        "StackStatus": row.status,
        "DisableRollback": settings.disable_rollback,
        "NotificationARNs": details.notifications,
        "RollbackConfiguration": details.alarms,
        "Capabilities": details.capabilities,
        "Parameters": parameters_of(details),
        "Outputs": cast("list[Any]", decode(row.outputs)),
        "Tags": [{"Key": key, "Value": value} for key, value in details.tags.items()],
        "EnableTerminationProtection": settings.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    optional: dict[str, Any] = {
        "Description": details.description,
        "StackStatusReason": row.reason,
        "LastUpdatedTime": row.updated_at / 1000,
        "DeletionTime": row.deleted_at / 1000,
        "TimeoutInMinutes": settings.timeout_minutes,
        "RoleARN": details.role,
        "ParentId": row.parent,
        "RootId": row.root,
        "ChangeSetId": settings.change_set,
        "DeletionMode": settings.deletion_mode,
    }
    for name in ("Capabilities", "Parameters", "Outputs"):
        if not shown[name]:
            del shown[name]
    return shown | {name: value for name, value in optional.items() if value}


def parameters_of(details: Details) -> list[dict[str, str]]:
    """Parameters with their values; those with NoEcho are hidden."""
    shown = []
    for name, text in details.given.items():
        hidden = name in details.hidden
        entry = {"ParameterKey": name, "ParameterValue": HIDDEN if hidden else text}
        if name in details.resolved:
            entry["ResolvedValue"] = HIDDEN if hidden else details.resolved[name]
        shown.append(entry)
    return shown
