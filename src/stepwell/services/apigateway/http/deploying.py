"""Deployments of HTTP APIs: what an API was at a time; some stages follow every change."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import ApiGateway

ROUTE = "http-route"
INTEGRATION = "http-integration"
STAGE = "http-stage"
DEPLOYMENT = "http-deployment"
AUTHORIZER = "http-authorizer"


def deploy(
    gateway: ApiGateway, turn: Turn, owner: str, *, description: str | None, automatic: bool
) -> Document:
    """Keep what the API is now."""
    documents = gateway.documents
    made: Document = {
        "DeploymentId": gateway.new_id(6),
        "AutoDeployed": automatic,
        "CreatedDate": gateway.now_seconds(),
        "DeploymentStatus": "DEPLOYED",
        **({} if description is None else {"Description": description}),
        "_snapshot": {
            "routes": documents.all(owner, ROUTE),
            "integrations": documents.all(owner, INTEGRATION),
            "authorizers": documents.all(owner, AUTHORIZER),
        },
    }
    documents.put(turn, owner, DEPLOYMENT, made["DeploymentId"], made)
    return made


def follow(gateway: ApiGateway, turn: Turn, owner: str) -> None:
    """Bring the stages that follow every change up to date; their last deployment goes."""
    documents = gateway.documents
    for name in documents.names(owner, STAGE):
        stage = documents.change(owner, STAGE, name)
        if stage is None or not stage.get("AutoDeploy"):
            continue
        old = documents.get(owner, DEPLOYMENT, stage.get("DeploymentId") or "")
        made = deploy(
            gateway, turn, owner, description=f"Automatic deployment of {name}", automatic=True
        )
        if old is not None and old["AutoDeployed"]:
            documents.delete(turn, owner, DEPLOYMENT, old["DeploymentId"])
        stage["DeploymentId"] = made["DeploymentId"]
        stage["LastUpdatedDate"] = gateway.now_seconds()
        stage["LastDeploymentStatusMessage"] = (
            f"Successfully deployed stage with deployment ID '{made['DeploymentId']}'"
        )
        documents.put(turn, owner, STAGE, name, stage)
