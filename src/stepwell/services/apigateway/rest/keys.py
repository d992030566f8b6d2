"""API keys and usage plans."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request, conflict, not_found
from stepwell.services.apigateway.gateway import REST_API, ApiGateway, given, page
from stepwell.services.apigateway.patches import apply, segments

API_KEY = "api-key"
USAGE_PLAN = "usage-plan"
_KEY_CHARACTERS = 40
_KEY_PATCHED = {
    "name": "text",
    "description": "text",
    "enabled": "truth",
    "customerId": "text",
}
_LIMITS = {
    "burstLimit": "number",
    "rateLimit": "decimal",
    "limit": "number",
    "offset": "number",
    "period": "text",
}
_PLAN_PATCHED = {"name": "text", "description": "text", "productCode": "text"}


async def create_api_key(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A key; its value is given or made."""
    value = params.get("value") or gateway.new_id(_KEY_CHARACTERS)
    if len(value) < 20:
        raise bad_request("API Key value should be at least 20 characters")
    if any(key["value"] == value for key in gateway.documents.all(call.scope, API_KEY)):
        raise conflict("API Key already exists")
    made: Document = {
        "id": gateway.new_id(),
        "value": value,
        **given(params, "name", "description", "customerId"),
        "enabled": bool(params.get("enabled")),
        "createdDate": gateway.now_seconds(),
        "lastUpdatedDate": gateway.now_seconds(),
        "stageKeys": [f"{s['restApiId']}/{s['stageName']}" for s in params.get("stageKeys") or ()],
        "tags": params.get("tags") or {},
    }
    await _save(gateway, call, API_KEY, made)
    return made


async def _save(gateway: ApiGateway, call: Call, kind: str, document: Document) -> None:
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, call.scope, kind, document["id"], document)
    await gateway.ledger.committed()


def _key(gateway: ApiGateway, call: Call, name: str) -> Document:
    found = gateway.documents.change(call.scope, API_KEY, name)
    if found is None:
        raise not_found("Invalid API Key identifier specified")
    return found


def _without_value(key: Document, include: Any) -> Document:
    return key if include else {name: part for name, part in key.items() if name != "value"}


async def get_api_key(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One key; its value only where it is asked for."""
    return _without_value(_key(gateway, call, params["apiKey"]), params.get("includeValue"))


async def get_api_keys(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The keys of an account in a region."""
    query = params.get("nameQuery") or ""
    customer = params.get("customerId")
    keys = [
        _without_value(key, params.get("includeValues"))
        for key in gateway.documents.all(call.scope, API_KEY)
        if str(key.get("name", "")).startswith(query)
        and (customer is None or key.get("customerId") == customer)
    ]
    return page(keys, params)


async def update_api_key(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH."""
    key = _key(gateway, call, params["apiKey"])
    for operation in params.get("patchOperations") or ():
        if operation.get("path") == "/stages":
            _patch_stage_keys(key, operation)
        else:
            apply(key, [operation], _KEY_PATCHED)
    key["lastUpdatedDate"] = gateway.now_seconds()
    await _save(gateway, call, API_KEY, key)
    return _without_value(key, include=False)


def _patch_stage_keys(key: Document, operation: Any) -> None:
    stage = str(operation.get("value"))
    key["stageKeys"] = [each for each in key["stageKeys"] if each != stage]
    if operation.get("op") != "remove":
        key["stageKeys"].append(stage)


async def delete_api_key(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a key, also from the plans that have it."""
    key = _key(gateway, call, params["apiKey"])
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, call.scope, API_KEY, key["id"])
        for name in gateway.documents.names(call.scope, USAGE_PLAN):
            plan = _plan(gateway, call, name)
            if key["id"] in plan["_keys"]:
                plan["_keys"].remove(key["id"])
                gateway.documents.put(turn, call.scope, USAGE_PLAN, name, plan)
    await gateway.ledger.committed()


async def create_usage_plan(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Which keys may use which stages."""
    stages = params.get("apiStages") or []
    for stage in stages:
        _check_stage(gateway, call, stage["apiId"], stage["stage"])
    made: Document = {
        "id": gateway.new_id(6),
        **given(params, "name", "description", "throttle", "quota"),
        "apiStages": stages,
        "tags": params.get("tags") or {},
        "_keys": [],
    }
    await _save(gateway, call, USAGE_PLAN, made)
    return shown(made)


def _check_stage(gateway: ApiGateway, call: Call, api: str, stage: str) -> None:
    if gateway.documents.get(call.scope, REST_API, api) is None:
        raise not_found(f"Invalid API identifier specified {call.account}:{api}")
    if gateway.documents.get(f"{call.scope}:{api}", "stage", stage) is None:
        raise not_found(f"API Stage not found: {api}:{stage}")


def _plan(gateway: ApiGateway, call: Call, name: str) -> Document:
    found = gateway.documents.change(call.scope, USAGE_PLAN, name)
    if found is None:
        raise not_found("Invalid Usage Plan ID specified")
    return found


async def get_usage_plan(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One plan."""
    return shown(_plan(gateway, call, params["usagePlanId"]))


async def get_usage_plans(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The plans of an account in a region, or those a key is in."""
    key = params.get("keyId")
    plans = gateway.documents.all(call.scope, USAGE_PLAN)
    return page([shown(p) for p in plans if key is None or key in p["_keys"]], params)


async def update_usage_plan(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH: stages as `api:stage`, and the limits, which are shown and not enforced."""
    plan = _plan(gateway, call, params["usagePlanId"])
    for operation in params.get("patchOperations") or ():
        parts = segments(str(operation.get("path")))
        if parts[0] == "apiStages" and len(parts) == 1:
            _patch_stages(gateway, call, plan, operation)
        elif parts[0] == "apiStages":
            _patch_stage_limits(plan, operation, parts)
        elif parts[0] in ("throttle", "quota"):
            _patch_limits(plan, operation, parts)
        else:
            apply(plan, [operation], _PLAN_PATCHED)
    await _save(gateway, call, USAGE_PLAN, plan)
    return shown(plan)


def _patch_stages(gateway: ApiGateway, call: Call, plan: Document, operation: Any) -> None:
    api, _, stage = str(operation.get("value")).partition(":")
    entry = {"apiId": api, "stage": stage}
    others = [s for s in plan["apiStages"] if (s["apiId"], s["stage"]) != (api, stage)]
    plan["apiStages"] = others
    if operation.get("op") != "remove":
        _check_stage(gateway, call, api, stage)
        plan["apiStages"].append(entry)


def _patch_limits(plan: Document, operation: Any, parts: list[str]) -> None:
    if operation.get("op") == "remove" and len(parts) == 1:
        plan.pop(parts[0], None)
        return
    if len(parts) != 2:
        raise bad_request(f"Invalid patch path '{operation.get('path')}' specified")
    limits = dict(plan.get(parts[0]) or {})
    apply(limits, [{**operation, "path": f"/{parts[1]}"}], _LIMITS)
    plan[parts[0]] = limits
    if not limits:
        del plan[parts[0]]


def _patch_stage_limits(plan: Document, operation: Any, parts: list[str]) -> None:
    """`/apiStages/{api}:{stage}/throttle`, and with `/{path}/{method}/rateLimit` behind it."""
    api, _, name = parts[1].partition(":")
    stage = next((s for s in plan["apiStages"] if (s["apiId"], s["stage"]) == (api, name)), None)
    if stage is None:
        raise not_found(f"API Stage not found: {parts[1]}")
    if parts[2:] == ["throttle"] and operation.get("op") == "remove":
        stage.pop("throttle", None)
        return
    if len(parts) != 6 or parts[2] != "throttle":
        raise bad_request(f"Invalid patch path '{operation.get('path')}' specified")
    limits = stage.setdefault("throttle", {}).setdefault(f"{parts[3]}/{parts[4]}", {})
    apply(limits, [{**operation, "path": f"/{parts[5]}"}], _LIMITS)


async def delete_usage_plan(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a plan."""
    plan = _plan(gateway, call, params["usagePlanId"])
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, call.scope, USAGE_PLAN, plan["id"])
    await gateway.ledger.committed()


def _shown_key(key: Document) -> dict[str, Any]:
    kept: dict[str, Any] = {name: key[name] for name in ("id", "value", "name") if name in key}
    return {**kept, "type": "API_KEY"}


async def create_usage_plan_key(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Let a key use a plan."""
    plan = _plan(gateway, call, params["usagePlanId"])
    if params["keyType"] != "API_KEY":
        raise bad_request("Invalid key type specified")
    key = _key(gateway, call, params["keyId"])
    if key["id"] in plan["_keys"]:
        raise conflict("Usage Plan already has a key with this ID")
    plan["_keys"].append(key["id"])
    await _save(gateway, call, USAGE_PLAN, plan)
    return _shown_key(key)


def _plan_key(gateway: ApiGateway, call: Call, params: Params) -> tuple[Document, Document]:
    plan = _plan(gateway, call, params["usagePlanId"])
    if params["keyId"] not in plan["_keys"]:
        raise not_found("Invalid API Key identifier specified")
    return plan, _key(gateway, call, params["keyId"])


async def get_usage_plan_key(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One key of a plan."""
    return _shown_key(_plan_key(gateway, call, params)[1])


async def get_usage_plan_keys(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The keys of a plan."""
    plan = _plan(gateway, call, params["usagePlanId"])
    query = params.get("nameQuery") or ""
    keys = [_shown_key(_key(gateway, call, name)) for name in plan["_keys"]]
    return page([key for key in keys if str(key.get("name", "")).startswith(query)], params)


async def delete_usage_plan_key(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Take a key out of a plan."""
    plan, key = _plan_key(gateway, call, params)
    plan["_keys"].remove(key["id"])
    await _save(gateway, call, USAGE_PLAN, plan)


def may_use(gateway: ApiGateway, scope: str, api: str, stage: str, value: str) -> Document | None:
    """The enabled key of that value that a plan lets use a stage."""
    for key in gateway.documents.all(scope, API_KEY):
        if key["value"] == value and key["enabled"]:
            if f"{api}/{stage}" in key["stageKeys"]:
                return key
            entry = {"apiId": api, "stage": stage}
            for plan in gateway.documents.all(scope, USAGE_PLAN):
                stages = [{"apiId": s["apiId"], "stage": s["stage"]} for s in plan["apiStages"]]
                if key["id"] in plan["_keys"] and entry in stages:
                    return key
    return None
