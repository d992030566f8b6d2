"""Deployments (what an API was at a time) and stages (under which name it is served)."""

from __future__ import annotations

import re
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request, conflict, invalid, not_here
from stepwell.services.apigateway.gateway import ApiGateway, given, page
from stepwell.services.apigateway.patches import apply, read, segments

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}|\$default")
_PATCHED = {
    "deploymentId": "text",
    "description": "text",
    "variables": "map",
    "documentationVersion": "text",
    "tracingEnabled": "truth",
    "cacheClusterEnabled": "truth",
    "cacheClusterSize": "text",
    "clientCertificateId": "text",
}
_SETTINGS = {
    "logging/loglevel": ("loggingLevel", "text"),
    "logging/dataTrace": ("dataTraceEnabled", "truth"),
    "metrics/enabled": ("metricsEnabled", "truth"),
    "throttling/burstLimit": ("throttlingBurstLimit", "number"),
    "throttling/rateLimit": ("throttlingRateLimit", "decimal"),
    "caching/enabled": ("cachingEnabled", "truth"),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", "number"),
    "caching/dataEncrypted": ("cacheDataEncrypted", "truth"),
    "caching/requireAuthorizationForCacheControl": (
        "requireAuthorizationForCacheControl",
        "truth",
    ),
    "caching/unauthorizedCacheControlHeaderStrategy": (
        "unauthorizedCacheControlHeaderStrategy",
        "text",
    ),
}


def snapshot(gateway: ApiGateway, owner: str, api: Document) -> Document:
    """What a deployment keeps of an API. Raises BadRequestException when it has no methods."""
    resources = [
        each for each in gateway.documents.all(owner, "resource") if each["resourceMethods"]
    ]
    if not resources:
        raise bad_request("The REST API doesn't contain any methods")
    for each in resources:
        for method in each["resourceMethods"].values():
            if "methodIntegration" not in method:
                raise bad_request("No integration defined for method")
    return {
        "resources": resources,
        "binaryMediaTypes": api.get("binaryMediaTypes") or [],
        "apiKeySource": api.get("apiKeySource"),
        **{
            kind: gateway.documents.all(owner, kind)
            for kind in ("validator", "model", "authorizer", "gateway-response")
        },
    }


async def create_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """What the API is now, served by a stage if one is named."""
    owner, api = gateway.rest_api(call, params)
    if params.get("canarySettings"):
        raise not_here("canarySettings are")
    made: Document = {
        "id": gateway.new_id(6),
        **given(params, "description"),
        "createdDate": gateway.now_seconds(),
        "_snapshot": snapshot(gateway, owner, api),
    }
    name = params.get("stageName")
    if name:
        _check_name(name)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, "deployment", made["id"], made)
        if name:
            stage = gateway.documents.change(owner, "stage", name)
            if stage is None:
                stage = _new_stage(gateway, {**params, "description": None})
            if params.get("stageDescription") is not None:
                stage["description"] = params["stageDescription"]
            stage["variables"] = {**stage["variables"], **(params.get("variables") or {})}
            _keep_stage(gateway, turn, owner, {**stage, "deploymentId": made["id"]})
    await gateway.ledger.committed()
    return shown(made)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_")


def _new_stage(gateway: ApiGateway, params: Params) -> Document:
    kept = given(params, "deploymentId", "description", "documentationVersion", "cacheClusterSize")
    return {
        **kept,
        "stageName": params["stageName"],
        "cacheClusterEnabled": bool(params.get("cacheClusterEnabled")),
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "variables": params.get("variables") or {},
        "tracingEnabled": bool(params.get("tracingEnabled")),
        "tags": params.get("tags") or {},
        "createdDate": gateway.now_seconds(),
    }


def _keep_stage(gateway: ApiGateway, turn: Turn, owner: str, stage: Document) -> Document:
    stage = {**stage, "lastUpdatedDate": gateway.now_seconds()}
    gateway.documents.put(turn, owner, "stage", stage["stageName"], stage)
    return stage


def _deployment(gateway: ApiGateway, owner: str, name: str) -> Document:
    found = gateway.documents.change(owner, "deployment", name)
    if found is None:
        raise invalid("Deployment")
    return found


def _show(deployment: Document, embed: Any) -> dict[str, Any]:
    answer = shown(deployment)
    if "apisummary" in (embed or ()):
        answer["apiSummary"] = {
            each["path"]: {
                name: {
                    "authorizationType": method["authorizationType"],
                    "apiKeyRequired": method["apiKeyRequired"],
                }
                for name, method in each["resourceMethods"].items()
            }
            for each in deployment["_snapshot"]["resources"]
        }
    return answer


async def get_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One deployment."""
    owner, _ = gateway.rest_api(call, params)
    return _show(_deployment(gateway, owner, params["deploymentId"]), params.get("embed"))


async def get_deployments(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The deployments of an API."""
    owner, _ = gateway.rest_api(call, params)
    return page([shown(each) for each in gateway.documents.all(owner, "deployment")], params)


async def update_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Another description."""
    owner, _ = gateway.rest_api(call, params)
    changed = _deployment(gateway, owner, params["deploymentId"])
    apply(changed, params.get("patchOperations") or (), {"description": "text"})
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, "deployment", changed["id"], changed)
    await gateway.ledger.committed()
    return shown(changed)


async def delete_deployment(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a deployment that no stage serves."""
    owner, _ = gateway.rest_api(call, params)
    gone = _deployment(gateway, owner, params["deploymentId"])
    stages = gateway.documents.all(owner, "stage")
    if any(stage["deploymentId"] == gone["id"] for stage in stages):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, "deployment", gone["id"])
    await gateway.ledger.committed()


async def create_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A name under which a deployment is served."""
    owner, _ = gateway.rest_api(call, params)
    _deployment(gateway, owner, params["deploymentId"])
    if params.get("canarySettings"):
        raise not_here("canarySettings are")
    _check_name(params["stageName"])
    if gateway.documents.get(owner, "stage", params["stageName"]) is not None:
        raise conflict("Stage already exists")
    with gateway.ledger.stage() as turn:
        made = _keep_stage(gateway, turn, owner, _new_stage(gateway, params))
    await gateway.ledger.committed()
    return made


def _stage(gateway: ApiGateway, owner: str, params: Params) -> Document:
    found = gateway.documents.change(owner, "stage", params["stageName"])
    if found is None:
        raise invalid("stage")
    return found


async def get_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One stage."""
    owner, _ = gateway.rest_api(call, params)
    return _stage(gateway, owner, params)


async def get_stages(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The stages of an API, or those of one deployment."""
    owner, _ = gateway.rest_api(call, params)
    wanted = params.get("deploymentId")
    stages = gateway.documents.all(owner, "stage")
    return {"item": [s for s in stages if wanted is None or s["deploymentId"] == wanted]}


async def update_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """PATCH, also of the settings of methods."""
    owner, _ = gateway.rest_api(call, params)
    stage = _stage(gateway, owner, params)
    for operation in params.get("patchOperations") or ():
        parts = segments(str(operation.get("path")))
        if parts[0] == "canarySettings":
            raise not_here("canarySettings are")
        if parts[0] == "accessLogSettings":
            _access_log(stage, operation, parts)
        elif len(parts) == 4:
            _method_setting(stage, operation, parts)
        elif len(parts) == 2 and parts[0] not in _PATCHED and operation.get("op") == "remove":
            _remove_settings(stage, parts)
        else:
            apply(stage, [operation], _PATCHED)
    _deployment(gateway, owner, stage["deploymentId"])
    with gateway.ledger.stage() as turn:
        stage = _keep_stage(gateway, turn, owner, stage)
    await gateway.ledger.committed()
    return stage


def _access_log(stage: Document, operation: Any, parts: list[str]) -> None:
    if operation.get("op") == "remove":
        stage.pop("accessLogSettings", None)
    else:
        settings = stage.setdefault("accessLogSettings", {})
        settings[parts[-1]] = operation.get("value")


def _method_setting(stage: Document, operation: Any, parts: list[str]) -> None:
    """`/{resource}/{method}/logging/loglevel`; a resource of `*` is all of them."""
    setting = _SETTINGS.get("/".join(parts[2:]))
    if setting is None:
        raise bad_request(f"Invalid method setting path: {operation.get('path')}")
    key = f"{parts[0].lstrip('/') or ''}/{parts[1]}"
    name, kind = setting
    if operation.get("op") == "remove":
        stage["methodSettings"].get(key, {}).pop(name, None)
    else:
        stage["methodSettings"].setdefault(key, {})[name] = read(operation.get("value"), kind)


def _remove_settings(stage: Document, parts: list[str]) -> None:
    """`/{resource}/{method}`: all settings of a method."""
    key = f"{parts[0].lstrip('/')}/{parts[1]}"
    if stage["methodSettings"].pop(key, None) is None:
        raise bad_request(
            f"Cannot remove method setting {key} because there is no method setting for this"
            " method "
        )


async def delete_stage(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a stage."""
    owner, _ = gateway.rest_api(call, params)
    _stage(gateway, owner, params)
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, "stage", params["stageName"])
    await gateway.ledger.committed()


async def flush_stage_cache(gateway: ApiGateway, call: Call, params: Params) -> None:
    """There is no cache: it is empty."""
    owner, _ = gateway.rest_api(call, params)
    _stage(gateway, owner, params)
