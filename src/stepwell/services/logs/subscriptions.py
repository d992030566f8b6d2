"""PutSubscriptionFilter, DescribeSubscriptionFilters, DeleteSubscriptionFilter: to functions only.

Whether the function is there is found out with the first lines for it.
"""

from __future__ import annotations

from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.logs.errors import invalid
from stepwell.services.logs.forwarding import SUBSCRIPTIONS_MAX, matcher
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.names import scope_and_name
from stepwell.services.logs.paging import cut
from stepwell.services.logs.records import GroupRow, SubscriptionRow
from stepwell.values import decode, encode_text

_NOT_HERE = ("applyOnTransformedLogs", "emitSystemFields", "fieldSelectionCriteria")
_KEPT = ("distribution", "roleArn")


async def put_subscription_filter(logs: Logs, call: Call, params: Params) -> None:
    """PutSubscriptionFilter: new, or another one of the same name."""
    row = logs.group(*scope_and_name(call, params["logGroupName"], None))
    for name in _NOT_HERE:
        if params.get(name):
            raise invalid(f"{name} is not supported by Stepwell.")
    destination = params["destinationArn"]
    _check_destination(row, destination)
    matcher(params["filterPattern"])
    before = logs.subscriptions.get(row.id, params["filterName"])
    if before is None and len(logs.subscriptions.of(row.id)) >= SUBSCRIPTIONS_MAX:
        raise ServiceError("LimitExceededException", "Resource limit exceeded.")
    details = {name: params[name] for name in _KEPT if params.get(name) is not None}
    subscription = SubscriptionRow(
        row.id,
        params["filterName"],
        params["filterPattern"],
        destination,
        logs.parts.clock.now() if before is None else before.created_at,
        encode_text(details),
    )
    with logs.parts.ledger.stage() as turn:
        logs.subscriptions.put(turn, subscription)


def _check_destination(group: GroupRow, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "lambda":
        raise invalid(
            f"The destination {arn} is not supported by Stepwell: functions are, streams are not."
        )
    if group.name == f"/aws/lambda/{parts[6]}":
        raise invalid(
            "The log group provided is reserved for the function log of the destination function."
        )


async def describe_subscription_filters(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """DescribeSubscriptionFilters, by name."""
    group = logs.group(*scope_and_name(call, params["logGroupName"], None))
    prefix = params.get("filterNamePrefix") or ""
    rows = [row for row in logs.subscriptions.of(group.id) if row.name.startswith(prefix)]
    page, token = cut(rows, params, lambda row: row.name)
    return {"subscriptionFilters": [_shown(group, row) for row in page], "nextToken": token}


def _shown(group: GroupRow, row: SubscriptionRow) -> dict[str, Any]:
    return {
        "filterName": row.name,
        "logGroupName": group.name,
        "filterPattern": row.pattern,
        "destinationArn": row.destination,
        "distribution": "ByLogStream",
        "applyOnTransformedLogs": False,
        "creationTime": row.created_at,
        **cast("dict[str, Any]", decode(row.details)),
    }


async def delete_subscription_filter(logs: Logs, call: Call, params: Params) -> None:
    """DeleteSubscriptionFilter."""
    group = logs.group(*scope_and_name(call, params["logGroupName"], None))
    name = params["filterName"]
    if logs.subscriptions.get(group.id, name) is None:
        raise ServiceError(
            "ResourceNotFoundException", "The specified subscription filter does not exist."
        )
    with logs.parts.ledger.stage() as turn:
        logs.subscriptions.delete(turn, group.id, name)
