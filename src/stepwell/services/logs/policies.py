"""Resource policies: kept and shown, not enforced."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params
from stepwell.services.logs.errors import invalid
from stepwell.services.logs.logs import Logs
from stepwell.services.logs.paging import cut
from stepwell.services.logs.records import PolicyRow
from stepwell.values import BadJson, decode

POLICIES_MAX = 10


async def put_resource_policy(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """PutResourcePolicy."""
    name, document = params.get("policyName"), params.get("policyDocument")
    if not name or not document:
        raise invalid("Policy name and document are required.")
    try:
        decode(document)
    except BadJson as error:
        raise invalid(f"Policy document is not valid JSON: {error}") from None
    known = {row.name for row in logs.policies.of(call.scope)}
    if name not in known and len(known) >= POLICIES_MAX:
        raise ServiceError("LimitExceededException", "Resource limit exceeded.")
    row = PolicyRow(call.scope, name, document, logs.parts.clock.now())
    with logs.parts.ledger.stage() as turn:
        logs.policies.put(turn, row)
    return {"resourcePolicy": _shown(row)}


async def delete_resource_policy(logs: Logs, call: Call, params: Params) -> None:
    """DeleteResourcePolicy."""
    name = params.get("policyName") or ""
    if logs.policies.get(call.scope, name) is None:
        raise ServiceError("ResourceNotFoundException", f"Policy with name [{name}] does not exist")
    with logs.parts.ledger.stage() as turn:
        logs.policies.delete(turn, call.scope, name)


async def describe_resource_policies(logs: Logs, call: Call, params: Params) -> dict[str, Any]:
    """DescribeResourcePolicies."""
    page, token = cut(logs.policies.of(call.scope), params, lambda row: row.name)
    return {"resourcePolicies": [_shown(row) for row in page], "nextToken": token}


def _shown(row: PolicyRow) -> dict[str, Any]:
    return {
        "policyName": row.name,
        "policyDocument": row.document,
        "lastUpdatedTime": row.changed_at,
    }
