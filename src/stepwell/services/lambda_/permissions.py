"""AddPermission, RemovePermission, GetPolicy: kept and shown; nobody is refused by them."""

from __future__ import annotations

from typing import Any, cast

from stepwell.services.api import Call, Params
from stepwell.services.lambda_.errors import conflict, invalid, not_found, wrong_revision
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.limits import POLICY_BYTES_MAX
from stepwell.services.lambda_.names import LATEST, Named
from stepwell.services.lambda_.records import AttachedRow
from stepwell.values import JsonObject, decode, encode_text

KIND = "policy"


async def add_permission(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """AddPermission."""
    await functions.ready()
    named = _named(functions, call, params)
    row = functions.attached.get(named.place, KIND, named.qualifier or "")
    policy = _policy(row)
    _check_revision(row, params)
    if any(one["Sid"] == params["StatementId"] for one in policy["Statement"]):
        raise conflict(
            f"The statement id ({params['StatementId']}) provided already exists. Please provide"
            " a new statement id, or remove the existing statement."
        )
    statement = _statement(named, params)
    policy["Statement"].append(statement)
    if len(encode_text(policy).encode()) > POLICY_BYTES_MAX:
        raise invalid("The final policy size exceeds the limit of 20480.")
    await _put(functions, named, policy)
    return {"Statement": encode_text(statement)}


async def remove_permission(functions: Lambda, call: Call, params: Params) -> None:
    """RemovePermission."""
    await functions.ready()
    named = _named(functions, call, params)
    row = functions.attached.get(named.place, KIND, named.qualifier or "")
    if row is None:
        raise not_found("No policy is associated with the given resource.")
    policy = _policy(row)
    _check_revision(row, params)
    left = [one for one in policy["Statement"] if one["Sid"] != params["StatementId"]]
    if len(left) == len(policy["Statement"]):
        raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
    await _put(functions, named, {**policy, "Statement": left})


async def get_policy(functions: Lambda, call: Call, params: Params) -> dict[str, Any]:
    """GetPolicy."""
    await functions.ready()
    named = _named(functions, call, params)
    row = functions.attached.get(named.place, KIND, named.qualifier or "")
    if row is None:
        raise not_found("The resource you requested does not exist.")
    kept = cast("dict[str, Any]", decode(row.text))
    return {"Policy": encode_text(kept["policy"]), "RevisionId": kept["revision"]}


def _named(functions: Lambda, call: Call, params: Params) -> Named:
    named = functions.named(call, params["FunctionName"], params.get("Qualifier"))
    if named.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    functions.find(named)
    return named


def _policy(row: AttachedRow | None) -> dict[str, Any]:
    if row is None:
        return {"Version": "2012-10-17", "Id": "default", "Statement": []}
    return cast("dict[str, Any]", cast("dict[str, Any]", decode(row.text))["policy"])


def _check_revision(row: AttachedRow | None, params: Params) -> None:
    wanted = params.get("RevisionId")
    if wanted is None:
        return
    if row is None or cast(JsonObject, decode(row.text))["revision"] != wanted:
        raise wrong_revision()


def _statement(named: Named, params: Params) -> JsonObject:
    principal = params["Principal"]
    who: Any = {"Service": principal}
    if principal == "*":
        who = "*"
    elif principal.startswith("arn:"):
        who = {"AWS": principal}
    elif principal.isdigit():
        who = {"AWS": f"arn:aws:iam::{principal}:root"}
    conditions: dict[str, Any] = {}
    if params.get("SourceAccount"):
        conditions["StringEquals"] = {"AWS:SourceAccount": params["SourceAccount"]}
    if params.get("PrincipalOrgID"):
        conditions.setdefault("StringEquals", {})["aws:PrincipalOrgID"] = params["PrincipalOrgID"]
    if params.get("EventSourceToken"):
        conditions.setdefault("StringEquals", {})["lambda:EventSourceToken"] = params[
            "EventSourceToken"
        ]
    if params.get("FunctionUrlAuthType"):
        conditions.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = params[
            "FunctionUrlAuthType"
        ]
    if params.get("SourceArn"):
        conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    statement: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": who,
        "Action": params["Action"],
        "Resource": named.arn,
    }
    if params.get("InvokedViaFunctionUrl") is not None:
        flag = "true" if params["InvokedViaFunctionUrl"] else "false"
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": flag}
    return statement | ({"Condition": conditions} if conditions else {})


async def _put(functions: Lambda, named: Named, policy: dict[str, Any]) -> None:
    place, qualifier = named.place, named.qualifier or ""
    kept = {"policy": policy, "revision": functions.parts.ids.uuid()}
    with functions.parts.ledger.stage() as turn:
        if policy["Statement"]:
            row = AttachedRow(place, KIND, qualifier, encode_text(kept))
            functions.attached.put(turn, row)
        else:
            functions.attached.delete(turn, place, KIND, qualifier)
    await functions.parts.ledger.committed()
