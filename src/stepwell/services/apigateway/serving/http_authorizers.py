"""Authorizers of HTTP APIs: functions (REQUEST), answering plainly or with a policy."""

from __future__ import annotations

from typing import Any

from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri
from stepwell.services.apigateway.serving import backends, proxy
from stepwell.services.apigateway.serving.answers import (
    CONFIGURATION,
    FORBIDDEN,
    UNAUTHORIZED,
    Refusal,
)
from stepwell.services.apigateway.serving.authorizers import allows
from stepwell.services.apigateway.serving.incoming import Incoming
from stepwell.values import BadJson, decode


async def authorise(
    gateway: ApiGateway, incoming: Incoming, route: Document, authorizers: dict[str, Document]
) -> None:
    """Return when the caller may; leaves what the function told. Raises Refusal."""
    kind = route.get("AuthorizationType") or "NONE"
    if kind == "NONE":
        return
    if kind == "AWS_IAM":
        if not (incoming.header("authorization") or "").startswith("AWS4-"):
            raise Refusal(FORBIDDEN)
        return
    authorizer = authorizers.get(route.get("AuthorizerId") or "")
    if authorizer is None:
        raise Refusal(CONFIGURATION, why="the route's authorizer is not there")
    values = [_identity(incoming, source) for source in authorizer.get("IdentitySource") or ()]
    if not all(values):
        raise Refusal(UNAUTHORIZED)
    call = incoming.call
    path = incoming.path if incoming.path != "/" else "/"
    arn = (
        f"arn:aws:execute-api:{call.region}:{call.account}:{incoming.api}/"
        f"{incoming.stage_name}/{incoming.request.method}{path}"
    )
    event = _event(incoming, authorizer, arn, values)
    uri = str(authorizer["AuthorizerUri"])
    function = function_arn(read_uri(uri)) if ":apigateway:" in uri else uri
    payload, failed = await backends.function(
        gateway, incoming, str(function), backends.as_json(event)
    )
    if failed is not None:
        if failed == "Unauthorized":
            raise Refusal(UNAUTHORIZED)
        raise Refusal(CONFIGURATION, why=f"the authorizer failed: {failed}")
    incoming.authorizer = _decision(payload, authorizer, arn)


def _event(
    incoming: Incoming, authorizer: Document, arn: str, values: list[str | None]
) -> dict[str, Any]:
    if authorizer.get("AuthorizerPayloadFormatVersion") == "1.0":
        event = proxy.event_1_of_http_api(incoming)
        own = {"version": "1.0", "type": "REQUEST", "methodArn": arn}
        own |= {"identitySource": ",".join(map(str, values))}
    else:
        event = proxy.event_2(incoming)
        own = {"version": "2.0", "type": "REQUEST", "routeArn": arn, "identitySource": values}  # type: ignore[dict-item]
    event.pop("body", None)
    event.pop("isBase64Encoded", None)
    return {**event, **own}


def _identity(incoming: Incoming, source: str) -> str | None:
    where, _, name = source.removeprefix("$request.").partition(".")
    if where == "header":
        return incoming.header(name)
    if where == "querystring":
        return next(iter(incoming.query_values(name)), None)
    if source.startswith("$stageVariables."):
        return incoming.variables.get(source.partition(".")[2])
    return source


def _decision(payload: bytes, authorizer: Document, arn: str) -> dict[str, Any]:
    try:
        told = decode(payload)
    except BadJson:
        told = None
    if not isinstance(told, dict):
        raise Refusal(CONFIGURATION, why="the authorizer answered no object")
    if authorizer.get("EnableSimpleResponses"):
        allowed = told.get("isAuthorized") is True
    else:
        policy = told.get("policyDocument")
        if not isinstance(policy, dict):
            raise Refusal(CONFIGURATION, why="the authorizer answered no policy")
        allowed = allows(policy, arn)
    if not allowed:
        raise Refusal(FORBIDDEN)
    context = told.get("context")
    return dict(context) if isinstance(context, dict) else {}
