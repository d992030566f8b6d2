"""Deployments of REST APIs and their stages.

A deployment that names a stage brings the stage along; with the deployment it goes, unless another
deployment has taken it over meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stepwell.deploy.calling import or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, marked_tags, merged_tags, renamed
from stepwell.deploy.types.apigateway.shared import (
    all_of,
    call,
    drop,
    escaped,
    patch,
    patches,
    retag,
)
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_TEXTS = {
    "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize",
    "ClientCertificateId": "/clientCertificateId",
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "DocumentationVersion": "/documentationVersion",
    "TracingEnabled": "/tracingEnabled",
}
_ACCESS_LOG = {
    "DestinationArn": "/accessLogSettings/destinationArn",
    "Format": "/accessLogSettings/format",
}
_METHOD_SETTINGS = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_PLACE = {"HttpMethod": "method", "ResourcePath": "resource"}
_DEFAULTS = {"/cacheClusterEnabled": "false", "/tracingEnabled": "false"}
_NO_CANARIES = "canary releases are not carried out"
_DESCRIBED = frozenset(
    {*_TEXTS, *_METHOD_SETTINGS, "AccessLogSetting", "MethodSettings", "Tags", "Variables"}
) - {"DeploymentId"}
"""What the StageDescription of a deployment may say."""


def _settings(given: JsonObject) -> dict[str, str]:
    """A stage's properties, by the paths that patch them."""
    found = {
        path: as_text(given[name]) for name, path in _TEXTS.items() if given.get(name) is not None
    }
    variables = given.get("Variables")
    for name, value in (variables if isinstance(variables, dict) else {}).items():
        found[f"/variables/{escaped(name)}"] = as_text(value)
    if given.get("AccessLogSetting") is not None:
        log = renamed(given["AccessLogSetting"], _ACCESS_LOG, "#/AccessLogSetting")
        found |= {path: as_text(value) for path, value in log.items()}
    for at, each in enumerate(_items(given.get("MethodSettings"))):
        found |= _method_settings(each, f"#/MethodSettings/{at}")
    return found


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _method_settings(given: JsonValue, place: str) -> dict[str, str]:
    settings = renamed(given, {**_METHOD_SETTINGS, **_PLACE}, place)
    # `/*` and `*` both stand for every resource.
    resource = escaped(as_text(settings.pop("resource", "/*")))
    method = as_text(settings.pop("method", "*"))
    return {f"/{resource}/{method}/{name}": as_text(value) for name, value in settings.items()}


def _described(properties: JsonObject) -> JsonObject:
    """A StageDescription as a stage's properties: what it says of methods is for all of them."""
    given = properties.get("StageDescription")
    if given is None:
        return {}
    if isinstance(given, dict) and given.get("CanarySetting") is not None:
        raise ServiceError("ValidationException", f"StageDescription: {_NO_CANARIES}")
    told = renamed(given, {name: name for name in _DESCRIBED}, "#/StageDescription")
    every: JsonObject = {
        name: told.pop(name) for name in _METHOD_SETTINGS if told.get(name) is not None
    }
    if every:
        everywhere: JsonObject = {"ResourcePath": "/*", "HttpMethod": "*", **every}
        told["MethodSettings"] = [everywhere, *_items(told.get("MethodSettings"))]
    return told


async def _create_deployment(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api, stage = properties["RestApiId"], properties.get("StageName")
    settings = _settings(_described(properties)) if stage is not None else {}
    answer = await call(
        cloud,
        "CreateDeployment",
        restApiId=api,
        stageName=stage,
        description=properties.get("Description"),
    )
    made = str(answer["id"])
    await or_undo(
        _describe(cloud, wanted, {}, settings), lambda: _drop_deployment(cloud, api, stage, made)
    )
    return Made(made, {"DeploymentId": made})


async def _describe(
    cloud: Cloud, wanted: Wanted, before: dict[str, str], after: dict[str, str]
) -> None:
    """Bring the stage of a deployment to what its StageDescription says."""
    api, stage = wanted.properties["RestApiId"], wanted.properties.get("StageName")
    if stage is None:
        return
    await patch(cloud, "UpdateStage", before, after, restApiId=api, stageName=stage)
    described = wanted.properties.get("StageDescription")
    tags = described.get("Tags") if isinstance(described, dict) else None
    if tags is not None:
        arn = f"arn:aws:apigateway:{cloud.region}::/restapis/{api}/stages/{stage}"
        own = merged_tags(replace(wanted, properties={"Tags": tags}))
        await call(cloud, "TagResource", resourceArn=arn, tags=own)


async def _update_deployment(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    old, new = existing.properties, wanted.properties
    api, stage, before = new["RestApiId"], new.get("StageName"), old.get("StageName")
    changes = patches(*({"/description": as_text(each.get("Description"))} for each in (old, new)))
    if changes:
        await call(
            cloud,
            "UpdateDeployment",
            restApiId=api,
            deploymentId=existing.id,
            patchOperations=changes,
        )
    if stage is not None and stage != before:
        await _put_stage(cloud, str(api), str(stage), existing.id)
    settings = _settings(_described(old)) if stage == before else {}
    await _describe(cloud, wanted, settings, _settings(_described(new)))
    if before is not None and before != stage:
        await _release(cloud, api, before, existing.id)
    return Made(existing.id, existing.attributes)


async def _put_stage(cloud: Cloud, api: str, stage: str, deployment: str) -> None:
    try:
        await call(cloud, "CreateStage", restApiId=api, stageName=stage, deploymentId=deployment)
    except ServiceError as error:
        if error.code != "ConflictException":
            raise
        now = {"/deploymentId": deployment}
        await patch(cloud, "UpdateStage", {}, now, restApiId=api, stageName=stage)


async def _delete_deployment(cloud: Cloud, existing: Existing) -> None:
    given = existing.properties
    await _drop_deployment(cloud, given["RestApiId"], given.get("StageName"), existing.id)


async def _drop_deployment(cloud: Cloud, api: Any, stage: Any, deployment: str) -> None:
    if stage is not None:
        await _release(cloud, api, stage, deployment)
    await drop(cloud, "DeleteDeployment", restApiId=api, deploymentId=deployment)


async def _release(cloud: Cloud, api: Any, stage: Any, deployment: str) -> None:
    """Free a stage from a deployment that goes.

    A stage that the deployment brought along goes with it. One that was there before goes back to
    what was deployed before: this is a rollback.
    """
    try:
        found = await call(cloud, "GetStage", restApiId=api, stageName=stage)
    except ServiceError as error:
        if error.code != "NotFoundException":
            raise
        return
    if found.get("deploymentId") != deployment:
        return
    earlier = await _earlier(cloud, api, found, deployment)
    if earlier is None:
        await drop(cloud, "DeleteStage", restApiId=api, stageName=stage)
        return
    now = {"/deploymentId": earlier}
    await patch(cloud, "UpdateStage", {}, now, restApiId=api, stageName=stage)


async def _earlier(cloud: Cloud, api: Any, stage: Mapping[str, Any], deployment: str) -> str | None:
    """The deployment before this one, if the stage was there before this one."""
    deployments = await all_of(cloud, "GetDeployments", restApiId=api)
    names = [str(each["id"]) for each in deployments]
    if deployment not in names:
        return None
    at = names.index(deployment)
    if at == 0 or deployments[at]["createdDate"] <= stage["createdDate"]:
        return None
    return names[at - 1]


async def _create_stage(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api, name = properties["RestApiId"], wanted.name(properties.get("StageName"))
    settings = _settings(properties)
    deployment = settings.pop("/deploymentId", None)
    if wanted.repeated:
        await drop(cloud, "DeleteStage", restApiId=api, stageName=name)
    await call(
        cloud,
        "CreateStage",
        restApiId=api,
        stageName=name,
        deploymentId=deployment,
        tags=marked_tags(wanted),
    )
    await or_undo(
        patch(cloud, "UpdateStage", {}, settings, restApiId=api, stageName=name),
        lambda: drop(cloud, "DeleteStage", restApiId=api, stageName=name),
    )
    return Made(name)


async def _update_stage(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _settings(existing.properties), _settings(wanted.properties)
    for path, value in _DEFAULTS.items():
        if path in before:
            after.setdefault(path, value)
    api = wanted.properties["RestApiId"]
    await patch(cloud, "UpdateStage", before, after, restApiId=api, stageName=existing.id)
    await retag(cloud, wanted, f"/restapis/{api}/stages/{existing.id}")
    return Made(existing.id, existing.attributes)


async def _delete_stage(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["RestApiId"]
    await drop(cloud, "DeleteStage", restApiId=api, stageName=existing.id)


TYPES = (
    ResourceType(
        "AWS::ApiGateway::Deployment",
        _create_deployment,
        _delete_deployment,
        _update_deployment,
        required=frozenset({"RestApiId"}),
        optional=frozenset({"Description", "StageDescription", "StageName"}),
        refused={"DeploymentCanarySettings": _NO_CANARIES},
        replaces=frozenset({"RestApiId"}),
        attributes=frozenset({"DeploymentId"}),
    ),
    ResourceType(
        "AWS::ApiGateway::Stage",
        _create_stage,
        _delete_stage,
        _update_stage,
        required=frozenset({"RestApiId"}),
        optional=frozenset(
            {
                *_TEXTS,
                "AccessLogSetting",
                "MethodSettings",
                "StageName",
                "Tags",
                "Variables",
            }
        ),
        refused={"CanarySetting": _NO_CANARIES},
        replaces=frozenset({"RestApiId", "StageName"}),
    ),
)
