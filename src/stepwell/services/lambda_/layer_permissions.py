"""Who may use a version of a layer: kept and shown; nobody is refused by it."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import conflict, not_found, wrong_revision
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.layers import find_version, read_name
from stepwell.services.lambda_.records import LayerVersionRow
from stepwell.values import JsonObject, decode, encode_text

_KEPT = "_policy"


async def add_layer_version_permission(
    functions: Lambda, call: Call, params: Params
) -> dict[str, Any]:
    """AddLayerVersionPermission."""
    await functions.ready()
    row, members = _find(functions, call, params)
    kept = members.get(_KEPT) or {"statements": []}
    _check_revision(kept, params)
    if any(one["Sid"] == params["StatementId"] for one in kept["statements"]):
        raise conflict(
            f"The statement id ({params['StatementId']}) provided already exists. Please provide"
            " a new statement id, or remove the existing statement."
        )
    statement = _statement(str(members["LayerVersionArn"]), params)
    revision = await _put(functions, row, members, [*kept["statements"], statement])
    return {"Statement": encode_text(statement), "RevisionId": revision}


async def remove_layer_version_permission(functions: Lambda, call: Call, params: Params) -> None:
    """RemoveLayerVersionPermission."""
    await functions.ready()
    row, members = _find(functions, call, params)
    kept = members.get(_KEPT)
    if kept is None:
        raise not_found("No policy is associated with the given resource.")
    _check_revision(kept, params)
    left = [one for one in kept["statements"] if one["Sid"] != params["StatementId"]]
    if len(left) == len(kept["statements"]):
        raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
    await _put(functions, row, members, left)


async def get_layer_version_policy(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetLayerVersionPolicy."""
    await functions.ready()
    _, members = _find(functions, call, params)
    kept = members.get(_KEPT)
    if kept is None:
        raise not_found("No policy is associated with the given resource.")
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": kept["statements"]}
    return {"Policy": encode_text(policy), "RevisionId": kept["revision"]}


def _find(functions: Lambda, call: Call, params: Params) -> tuple[LayerVersionRow, dict[str, Any]]:
    account, region, name = read_name(call, params["LayerName"])
    row = find_version(functions, account, region, name, params["VersionNumber"])
    return row, cast("dict[str, Any]", decode(row.description))


def _check_revision(kept: dict[str, Any], params: Params) -> None:
    if params.get("RevisionId") not in (None, kept.get("revision")):
        raise wrong_revision()


def _statement(arn: str, params: Params) -> JsonObject:
    principal = params["Principal"]
    who: Any = "*" if principal == "*" else {"AWS": principal}
    if principal.isdigit():
        who = {"AWS": f"arn:aws:iam::{principal}:root"}
    statement: JsonObject = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": who,
        "Action": params["Action"],
        "Resource": arn,
    }
    if params.get("OrganizationId"):
        condition: JsonObject = {"aws:PrincipalOrgID": params["OrganizationId"]}
        statement["Condition"] = {"StringEquals": condition}
    return statement


async def _put(
    functions: Lambda, row: LayerVersionRow, members: dict[str, Any], statements: list[Any]
) -> str:
    """Keep the statements; the revision that they are now."""
    revision = functions.parts.ids.uuid()
    members.pop(_KEPT, None)
    if statements:
        members[_KEPT] = {"statements": statements, "revision": revision}
    with functions.parts.ledger.stage() as turn:
        functions.layer_versions.put(turn, row._replace(description=encode_text(members)))
    await functions.parts.ledger.committed()
    return revision
