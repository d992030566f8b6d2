"""API keys, usage plans, and which keys a plan has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, marked_tags, renamed
from stepwell.deploy.types.apigateway.shared import (
    all_of,
    call,
    drop,
    escaped,
    own,
    patch,
    patches,
    retag,
)
from stepwell.values import JsonObject, JsonValue

_KEY = {
    "CustomerId": "/customerId",
    "Description": "/description",
    "Enabled": "/enabled",
}
_PLAN = {"Description": "/description", "UsagePlanName": "/name"}
_STAGE = {"ApiId": "apiId", "Stage": "stage", "Throttle": "throttle"}
_THROTTLE = {"BurstLimit": "burstLimit", "RateLimit": "rateLimit"}
_QUOTA = {"Limit": "limit", "Offset": "offset", "Period": "period"}
_STAGE_KEY = {"RestApiId": "restApiId", "StageName": "stageName"}


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _stage_keys(properties: JsonObject) -> list[JsonObject]:
    return [
        renamed(each, _STAGE_KEY, "#/StageKeys") for each in _items(properties.get("StageKeys"))
    ]


async def _create_key(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("Name"))
    found = await _made_key(cloud, wanted, name)
    if found is None:
        answer = await call(
            cloud,
            "CreateApiKey",
            name=name,
            customerId=properties.get("CustomerId"),
            description=properties.get("Description"),
            enabled=properties.get("Enabled"),
            generateDistinctId=properties.get("GenerateDistinctId"),
            value=properties.get("Value"),
            stageKeys=_stage_keys(properties) or None,
            tags=marked_tags(wanted),
        )
        found = str(answer["id"])
    return Made(found, {"APIKeyId": found})


async def _made_key(cloud: Cloud, wanted: Wanted, name: str) -> str | None:
    """The key an earlier attempt made; one that is being replaced has another name or value."""
    if not wanted.repeated:
        return None
    value = wanted.properties.get("Value")
    keys = await all_of(cloud, "GetApiKeys", nameQuery=name, includeValues=True)
    same = [key for key in keys if key.get("name") == name and value in (None, key.get("value"))]
    found = own(same, wanted)
    return None if found is None else str(found["id"])


def _settings(properties: JsonObject, paths: Mapping[str, str]) -> dict[str, str]:
    return {
        path: as_text(properties[name])
        for name, path in paths.items()
        if properties.get(name) is not None
    }


async def _update_key(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    old, new = existing.properties, wanted.properties
    changes = patches(
        *({"/enabled": "false", **_settings(each, _KEY)} for each in (old, new))
    ) + _moved(
        "/stages",
        *([f"{s['restApiId']}/{s['stageName']}" for s in _stage_keys(each)] for each in (old, new)),
    )
    if changes:
        await call(cloud, "UpdateApiKey", apiKey=existing.id, patchOperations=changes)
    await retag(cloud, wanted, f"/apikeys/{existing.id}")
    return Made(existing.id, existing.attributes)


def _moved(path: str, before: list[str], after: list[str]) -> list[dict[str, str]]:
    """The operations that add and remove members of a list."""
    gone = [{"op": "remove", "path": path, "value": each} for each in before if each not in after]
    new = [{"op": "add", "path": path, "value": each} for each in after if each not in before]
    return gone + new


async def _delete_key(cloud: Cloud, existing: Existing) -> None:
    await drop(cloud, "DeleteApiKey", apiKey=existing.id)


def _stages(properties: JsonObject) -> list[JsonObject]:
    """The stages of a plan, as the operation takes them."""
    stages = [renamed(each, _STAGE, "#/ApiStages") for each in _items(properties.get("ApiStages"))]
    for stage in stages:
        limits = stage.get("throttle")
        if isinstance(limits, dict):
            stage["throttle"] = {
                method: renamed(each, _THROTTLE, "#/ApiStages/Throttle")
                for method, each in limits.items()
            }
    return stages


def _limits(properties: JsonObject, name: str, names: Mapping[str, str]) -> JsonObject | None:
    given = properties.get(name)
    return None if given is None else renamed(given, names, f"#/{name}")


async def _create_plan(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    plans = await all_of(cloud, "GetUsagePlans") if wanted.repeated else []
    found: Mapping[str, Any] | None = own(plans, wanted)
    if found is None:
        found = await call(
            cloud,
            "CreateUsagePlan",
            name=wanted.name(properties.get("UsagePlanName")),
            description=properties.get("Description"),
            apiStages=_stages(properties),
            throttle=_limits(properties, "Throttle", _THROTTLE),
            quota=_limits(properties, "Quota", _QUOTA),
            tags=marked_tags(wanted),
        )
    made = str(found["id"])
    return Made(made, {"Id": made})


def _plan_settings(properties: JsonObject) -> dict[str, str]:
    found = _settings(properties, _PLAN)
    for name, names in (("Throttle", _THROTTLE), ("Quota", _QUOTA)):
        for limit, value in (_limits(properties, name, names) or {}).items():
            found[f"/{name.lower()}/{limit}"] = as_text(value)
    return found


async def _update_plan(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    old, new = existing.properties, wanted.properties
    before, after = _plan_settings(old), _plan_settings(new)
    after.setdefault("/name", wanted.name(None))
    await patch(cloud, "UpdateUsagePlan", before, after, usagePlanId=existing.id)
    changes = _stage_changes(_stages(old), _stages(new))
    if changes:
        await call(cloud, "UpdateUsagePlan", usagePlanId=existing.id, patchOperations=changes)
    await retag(cloud, wanted, f"/usageplans/{existing.id}")
    return Made(existing.id, existing.attributes)


def _stage_changes(before: list[JsonObject], after: list[JsonObject]) -> list[dict[str, str]]:
    """A stage whose limits changed is taken out and put in again."""
    kept = [each for each in after if each in before]
    gone = [each for each in before if each not in kept]
    changes = _moved("/apiStages", [_stage_name(each) for each in gone], [])
    for stage in after:
        if stage in kept:
            continue
        name = _stage_name(stage)
        changes.append({"op": "add", "path": "/apiStages", "value": name})
        limits = stage.get("throttle")
        for method, each in (limits if isinstance(limits, dict) else {}).items():
            path, _, verb = method.rpartition("/")
            place = f"/apiStages/{escaped(name)}/throttle/{escaped(path)}/{verb}"
            changes += patches({}, {f"{place}/{k}": as_text(v) for k, v in _members(each)})
    return changes


def _stage_name(stage: JsonObject) -> str:
    return f"{as_text(stage.get('apiId'))}:{as_text(stage.get('stage'))}"


def _members(value: JsonValue) -> Iterable[tuple[str, JsonValue]]:
    return value.items() if isinstance(value, dict) else ()


async def _delete_plan(cloud: Cloud, existing: Existing) -> None:
    await drop(cloud, "DeleteUsagePlan", usagePlanId=existing.id)


async def _create_plan_key(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties
    plan, key = given["UsagePlanId"], given["KeyId"]
    if wanted.repeated:
        await drop(cloud, "DeleteUsagePlanKey", usagePlanId=plan, keyId=key)
    await call(cloud, "CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType=given["KeyType"])
    made = f"{as_text(key)}:{as_text(plan)}"
    return Made(made, {"Id": made})


async def _delete_plan_key(cloud: Cloud, existing: Existing) -> None:
    key, _, plan = existing.id.partition(":")
    await drop(cloud, "DeleteUsagePlanKey", usagePlanId=plan, keyId=key)


TYPES = (
    ResourceType(
        "AWS::ApiGateway::ApiKey",
        _create_key,
        _delete_key,
        _update_key,
        optional=frozenset({*_KEY, "Name", "StageKeys", "Tags", "Value"}),
        without_effect=frozenset({"GenerateDistinctId"}),
        replaces=frozenset({"GenerateDistinctId", "Name", "Value"}),
        attributes=frozenset({"APIKeyId"}),
    ),
    ResourceType(
        "AWS::ApiGateway::UsagePlan",
        _create_plan,
        _delete_plan,
        _update_plan,
        optional=frozenset({*_PLAN, "ApiStages", "Quota", "Tags", "Throttle"}),
        attributes=frozenset({"Id"}),
    ),
    ResourceType(
        "AWS::ApiGateway::UsagePlanKey",
        _create_plan_key,
        _delete_plan_key,
        required=frozenset({"KeyId", "KeyType", "UsagePlanId"}),
        replaces=frozenset({"KeyId", "KeyType", "UsagePlanId"}),
        attributes=frozenset({"Id"}),
    ),
)
