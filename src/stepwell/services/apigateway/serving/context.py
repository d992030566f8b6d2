"""`$context` and the `requestContext` of events."""

from __future__ import annotations

from typing import Any

from stepwell.services.apigateway.serving.incoming import Incoming


def template_context(incoming: Incoming) -> dict[str, Any]:
    """What `$context` begins with."""
    request = incoming.request
    return {
        "accountId": incoming.call.account,
        "apiId": incoming.api,
        "deploymentId": incoming.stage.get("deploymentId", incoming.stage.get("DeploymentId")),
        "domainName": incoming.domain,
        "domainPrefix": incoming.domain.partition(".")[0],
        "extendedRequestId": incoming.extended_id,
        "httpMethod": request.method,
        "path": incoming.raw_path,
        "protocol": incoming.protocol,
        "requestId": request.request_id,
        "requestTime": incoming.moment(),
        "requestTimeEpoch": incoming.now_ms,
        "resourceId": incoming.resource_id,
        "resourcePath": incoming.resource,
        "stage": incoming.stage_name,
        "identity": {
            "sourceIp": request.source_ip,
            "userAgent": incoming.user_agent,
            **_key(incoming),
        },
        "authorizer": dict(incoming.authorizer or {}),
        "requestOverride": {"header": {}, "path": {}, "querystring": {}},
        "responseOverride": {"header": {}},
    }


def _key(incoming: Incoming) -> dict[str, Any]:
    key = incoming.api_key
    return {} if key is None else {"apiKey": key["value"], "apiKeyId": key["id"]}


def event_context(incoming: Incoming) -> dict[str, Any]:
    """The `requestContext` of an event of format 1.0."""
    request = incoming.request
    identity = {
        "cognitoIdentityPoolId": None,
        "accountId": None,
        "cognitoIdentityId": None,
        "caller": None,
        "sourceIp": request.source_ip,
        "principalOrgId": None,
        "accessKey": None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": None,
        "userAgent": incoming.user_agent,
        "user": None,
        **_key(incoming),
    }
    found = {
        "resourceId": incoming.resource_id,
        "resourcePath": incoming.resource,
        "httpMethod": request.method,
        "extendedRequestId": incoming.extended_id,
        "requestTime": incoming.moment(),
        "path": incoming.raw_path,
        "accountId": incoming.call.account,
        "protocol": incoming.protocol,
        "stage": incoming.stage_name,
        "domainPrefix": incoming.domain.partition(".")[0],
        "requestTimeEpoch": incoming.now_ms,
        "requestId": request.request_id,
        "identity": identity,
        "domainName": incoming.domain,
        "deploymentId": incoming.stage.get("deploymentId", incoming.stage.get("DeploymentId")),
        "apiId": incoming.api,
    }
    if incoming.authorizer is not None:
        found["authorizer"] = incoming.authorizer
    return found
