"""Stages of HTTP APIs and their deployments."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, is_true, marked_tags, picked
from stepwell.deploy.types.apigatewayv2.shared import (
    ONLY_WEBSOCKET,
    call,
    changes,
    drop,
    retag,
    without_members,
)
from stepwell.errors import ServiceError
from stepwell.values import JsonValue

_STAGE = (
    "AccessLogSettings",
    "AutoDeploy",
    "ClientCertificateId",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageVariables",
)
_DEFAULTS: Mapping[str, JsonValue] = {
    "AutoDeploy": False,
    "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
}


async def _create_stage(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api, name = properties["ApiId"], as_text(properties["StageName"])
    if wanted.repeated:
        await drop(cloud, "DeleteStage", ApiId=api, StageName=name)
    settings = picked(properties, _STAGE)
    await call(
        cloud, "CreateStage", ApiId=api, StageName=name, **settings, Tags=marked_tags(wanted)
    )
    return Made(name)


async def _update_stage(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    place = {"ApiId": after["ApiId"], "StageName": existing.id}
    changed = changes(before, after, _STAGE, _DEFAULTS)
    if is_true(after.get("AutoDeploy")) and not is_true(before.get("AutoDeploy")):
        # A stage that follows every change has a deployment of its own.
        changed.pop("DeploymentId", None)
    if changed.get("AccessLogSettings") == "":
        del changed["AccessLogSettings"]
        await drop(cloud, "DeleteAccessLogSettings", **place)
    if "StageVariables" in changed:
        old, new = before.get("StageVariables"), after.get("StageVariables")
        changed["StageVariables"] = without_members(old, new)
    if "RouteSettings" in changed:
        old, new = before.get("RouteSettings") or {}, after.get("RouteSettings") or {}
        changed["RouteSettings"] = new
        assert isinstance(old, dict)
        assert isinstance(new, dict)
        for key in old:
            if key not in new:
                await drop(cloud, "DeleteRouteSettings", **place, RouteKey=key)
    if changed:
        await call(cloud, "UpdateStage", **place, **changed)
    await retag(cloud, wanted, f"/apis/{after['ApiId']}/stages/{existing.id}")
    return Made(existing.id)


async def _delete_stage(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["ApiId"]
    await drop(cloud, "DeleteStage", ApiId=api, StageName=existing.id)


async def _create_deployment(cloud: Cloud, wanted: Wanted) -> Made:
    given = picked(wanted.properties, ("ApiId", "Description", "StageName"))
    made = str((await call(cloud, "CreateDeployment", **given))["DeploymentId"])
    return Made(made, {"DeploymentId": made})


async def _update_deployment(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    api, stage = after["ApiId"], after.get("StageName")
    changed = changes(before, after, ("Description",), {})
    if changed:
        await call(cloud, "UpdateDeployment", ApiId=api, DeploymentId=existing.id, **changed)
    if stage is not None and stage != before.get("StageName"):
        await call(cloud, "UpdateStage", ApiId=api, StageName=stage, DeploymentId=existing.id)
    return Made(existing.id, existing.attributes)


async def _delete_deployment(cloud: Cloud, existing: Existing) -> None:
    api, stage = existing.properties["ApiId"], existing.properties.get("StageName")
    if stage is not None:
        await _release(cloud, as_text(api), as_text(stage), existing.id)
    await drop(cloud, "DeleteDeployment", ApiId=api, DeploymentId=existing.id)


async def _release(cloud: Cloud, api: str, stage: str, deployment: str) -> None:
    """Let a stage that was given this deployment be without one."""
    place = {"ApiId": api, "StageName": stage}
    try:
        found = await call(cloud, "GetStage", **place)
    except ServiceError as error:
        if error.code != "NotFoundException":
            raise
        return
    if found.get("DeploymentId") == deployment:
        await call(cloud, "UpdateStage", **place, DeploymentId="")


TYPES = (
    ResourceType(
        "AWS::ApiGatewayV2::Stage",
        _create_stage,
        _delete_stage,
        _update_stage,
        required=frozenset({"ApiId", "StageName"}),
        optional=frozenset({*_STAGE, "Tags"}),
        refused={"AccessPolicyId": ONLY_WEBSOCKET},
        replaces=frozenset({"ApiId", "StageName"}),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Deployment",
        _create_deployment,
        _delete_deployment,
        _update_deployment,
        required=frozenset({"ApiId"}),
        optional=frozenset({"Description", "StageName"}),
        replaces=frozenset({"ApiId"}),
        attributes=frozenset({"DeploymentId"}),
    ),
)
