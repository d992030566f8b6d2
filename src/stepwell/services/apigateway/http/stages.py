"""Stages and deployments of HTTP APIs."""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, shown
from stepwell.services.apigateway.errors import bad_request, conflict, not_found
from stepwell.services.apigateway.gateway import ApiGateway, changed, given
from stepwell.services.apigateway.http.deploying import DEPLOYMENT, ROUTE, STAGE, deploy, follow
from stepwell.services.apigateway.http.paging import listed

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}|\$default")
_FIELDS = (
    "AccessLogSettings",
    "AutoDeploy",
    "ClientCertificateId",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageVariables",
)


def new_stage(gateway: ApiGateway, params: Params) -> Document:
    """The document of a stage. Raises BadRequestException."""
    if not _NAME.fullmatch(params["StageName"]):
        raise bad_request(
            "Stage name only allows a-zA-Z0-9_- and cannot exceed 128 characters, or $default"
        )
    now = gateway.now_seconds()
    return {
        "StageName": params["StageName"],
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageVariables": {},
        **given(params, *_FIELDS),
        "CreatedDate": now,
        "LastUpdatedDate": now,
        "Tags": params.get("Tags") or {},
    }


def _check(gateway: ApiGateway, owner: str, stage: Document, params: Params) -> None:
    name = params.get("DeploymentId")
    if name and stage["AutoDeploy"]:
        raise bad_request("Deployment ID cannot be set on stage with auto deploy enabled")
    if name and gateway.documents.get(owner, DEPLOYMENT, name) is None:
        raise not_found(f"Invalid Deployment identifier specified {name}")


async def create_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A name under which a deployment is served, or every change at once (AutoDeploy)."""
    owner, _ = gateway.http_api(call, params)
    made = new_stage(gateway, params)
    _check(gateway, owner, made, params)
    if gateway.documents.get(owner, STAGE, made["StageName"]) is not None:
        raise conflict("Stage already exists")
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, STAGE, made["StageName"], made)
        if made["AutoDeploy"]:
            follow(gateway, turn, owner)
    await gateway.ledger.committed()
    return _stage(gateway, owner, made["StageName"])


def _stage(gateway: ApiGateway, owner: str, name: str) -> Document:
    found = gateway.documents.change(owner, STAGE, name)
    if found is None:
        raise not_found("Invalid stage identifier specified")
    return found


async def get_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One stage."""
    owner, _ = gateway.http_api(call, params)
    return _stage(gateway, owner, params["StageName"])


async def get_stages(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The stages of an API."""
    owner, _ = gateway.http_api(call, params)
    return listed(gateway.documents.all(owner, STAGE), params)


async def update_stage(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Other values for what is given; what is given empty is taken away."""
    owner, _ = gateway.http_api(call, params)
    stage = _stage(gateway, owner, params["StageName"])
    after = changed(stage, params, *_FIELDS)
    after["LastUpdatedDate"] = gateway.now_seconds()
    merged = {**stage["StageVariables"], **(params.get("StageVariables") or {})}
    after["StageVariables"] = {name: value for name, value in merged.items() if value}
    after["RouteSettings"] = {**stage["RouteSettings"], **(params.get("RouteSettings") or {})}
    _check(gateway, owner, after, params)
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, STAGE, stage["StageName"], after)
        if after["AutoDeploy"]:
            follow(gateway, turn, owner)
    await gateway.ledger.committed()
    return _stage(gateway, owner, stage["StageName"])


async def delete_route_settings(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Leave a route with the settings of the stage."""
    owner, _ = gateway.http_api(call, params)
    stage = _stage(gateway, owner, params["StageName"])
    if stage["RouteSettings"].pop(params["RouteKey"], None) is None:
        raise not_found(f"Invalid route settings key specified {params['RouteKey']}")
    await _save(gateway, owner, stage)


async def delete_access_log_settings(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Leave a stage without access logs."""
    owner, _ = gateway.http_api(call, params)
    stage = _stage(gateway, owner, params["StageName"])
    stage.pop("AccessLogSettings", None)
    await _save(gateway, owner, stage)


async def _save(gateway: ApiGateway, owner: str, stage: Document) -> None:
    stage["LastUpdatedDate"] = gateway.now_seconds()
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, STAGE, stage["StageName"], stage)
    await gateway.ledger.committed()


async def delete_stage(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a stage, and the deployment that was made for it alone."""
    owner, _ = gateway.http_api(call, params)
    name = _stage(gateway, owner, params["StageName"]).get("DeploymentId") or ""
    deployment = gateway.documents.get(owner, DEPLOYMENT, name)
    served = [stage.get("DeploymentId") for stage in gateway.documents.all(owner, STAGE)]
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, STAGE, params["StageName"])
        if deployment is not None and deployment["AutoDeployed"] and served.count(name) == 1:
            gateway.documents.delete(turn, owner, DEPLOYMENT, name)
    await gateway.ledger.committed()


async def create_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """What the API is now, served by a stage if one is named."""
    owner, _ = gateway.http_api(call, params)
    if not gateway.documents.names(owner, ROUTE):
        raise bad_request("Unable to deploy API because no routes exist in this API")
    name = params.get("StageName")
    stage = _stage(gateway, owner, name) if name else None
    if stage is not None and stage["AutoDeploy"]:
        raise bad_request("Deployment ID cannot be set on stage with auto deploy enabled")
    description = params.get("Description")
    with gateway.ledger.stage() as turn:
        made = deploy(gateway, turn, owner, description=description, automatic=False)
        if stage is not None:
            stage["DeploymentId"] = made["DeploymentId"]
            stage["LastUpdatedDate"] = gateway.now_seconds()
            gateway.documents.put(turn, owner, STAGE, stage["StageName"], stage)
    await gateway.ledger.committed()
    return shown(made)


def _deployment(gateway: ApiGateway, owner: str, name: str) -> Document:
    found = gateway.documents.change(owner, DEPLOYMENT, name)
    if found is None:
        raise not_found(f"Invalid Deployment identifier specified {name}")
    return found


async def get_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One deployment."""
    owner, _ = gateway.http_api(call, params)
    return shown(_deployment(gateway, owner, params["DeploymentId"]))


async def get_deployments(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The deployments of an API."""
    owner, _ = gateway.http_api(call, params)
    return listed([shown(each) for each in gateway.documents.all(owner, DEPLOYMENT)], params)


async def update_deployment(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Another description."""
    owner, _ = gateway.http_api(call, params)
    changed = {
        **_deployment(gateway, owner, params["DeploymentId"]),
        **given(params, "Description"),
    }
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, DEPLOYMENT, changed["DeploymentId"], changed)
    await gateway.ledger.committed()
    return shown(changed)


async def delete_deployment(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a deployment that no stage serves."""
    owner, _ = gateway.http_api(call, params)
    gone = _deployment(gateway, owner, params["DeploymentId"])
    stages = gateway.documents.all(owner, STAGE)
    if any(stage.get("DeploymentId") == gone["DeploymentId"] for stage in stages):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, DEPLOYMENT, gone["DeploymentId"])
    await gateway.ledger.committed()
