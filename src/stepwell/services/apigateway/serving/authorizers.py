"""Lambda authorizers of REST APIs: a function says who may call, in the form of a policy.

Decisions are not cached: every request asks again.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri
from stepwell.services.apigateway.serving import backends, proxy
from stepwell.services.apigateway.serving.answers import (
    AUTHORIZER_CONFIGURATION,
    DENIED,
    UNAUTHORIZED,
    Refusal,
)
from stepwell.services.apigateway.serving.incoming import Incoming
from stepwell.services.apigateway.serving.mapping import with_variables
from stepwell.values import BadJson, decode


class Authorizers:
    """Asks functions."""

    def __init__(self, gateway: ApiGateway) -> None:
        self._gateway = gateway

    async def authorise(self, incoming: Incoming, authorizer: Document) -> None:
        """Return when the caller may; leaves what the function told. Raises Refusal."""
        arn = function_arn(
            read_uri(with_variables(authorizer["authorizerUri"], incoming.variables))
        )
        call = incoming.call
        method_arn = (
            f"arn:aws:execute-api:{call.region}:{call.account}:{incoming.api}/"
            f"{incoming.stage_name}/{incoming.request.method}{incoming.path}"
        )
        event = _event(incoming, authorizer, method_arn)
        payload, failed = await backends.function(
            self._gateway, incoming, str(arn), backends.as_json(event)
        )
        if failed is not None:
            if failed == "Unauthorized":
                raise Refusal(UNAUTHORIZED)
            raise Refusal(AUTHORIZER_CONFIGURATION, why=f"the authorizer failed: {failed}")
        incoming.authorizer = _decision(payload, method_arn)


def _event(incoming: Incoming, authorizer: Document, method_arn: str) -> dict[str, Any]:
    sources = [part.strip() for part in str(authorizer["identitySource"]).split(",")]
    values = [_identity(incoming, source) for source in sources if source]
    if not all(values):
        raise Refusal(UNAUTHORIZED)
    if authorizer["type"] == "TOKEN":
        token = values[0] if values else None
        pattern = authorizer.get("identityValidationExpression")
        if pattern and not re.fullmatch(pattern, token or ""):
            raise Refusal(UNAUTHORIZED)
        return {"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn}
    event = proxy.event_1(incoming, binary=False)
    del event["body"], event["isBase64Encoded"]
    return {"type": "REQUEST", "methodArn": method_arn, **event}


def _identity(incoming: Incoming, source: str) -> str | None:
    place, _, name = source.removeprefix("method.request.").partition(".")
    if place == "header":
        return incoming.header(name)
    if place == "querystring":
        return next(iter(incoming.query_values(name)), None)
    if source.startswith("stageVariables."):
        return incoming.variables.get(source.partition(".")[2])
    return source


def _decision(payload: bytes, method_arn: str) -> dict[str, Any]:
    try:
        told = decode(payload)
    except BadJson:
        told = None
    policy = told.get("policyDocument") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(policy, dict) or not told.get("principalId"):
        raise Refusal(AUTHORIZER_CONFIGURATION, why="the authorizer answered no policy")
    if not allows(policy, method_arn):
        raise Refusal(DENIED)
    context = told.get("context")
    found: dict[str, Any] = {"principalId": told["principalId"], "integrationLatency": 0}
    for name, value in (context if isinstance(context, dict) else {}).items():
        if isinstance(value, dict | list):
            raise Refusal(AUTHORIZER_CONFIGURATION, why=f"context.{name} is no plain value")
        found[name] = value if isinstance(value, str) else _text(value)
    if "usageIdentifierKey" in told:
        found["usageIdentifierKey"] = told["usageIdentifierKey"]
    return found


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def allows(policy: dict[str, Any], method_arn: str) -> bool:
    """A denial counts before a permission."""
    statements = policy.get("Statement") or []
    allowed = False
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict):
            continue
        named = statement.get("Resource") or []
        resources = named if isinstance(named, list) else [named]
        if any(fnmatchcase(method_arn, str(each).replace("[", "[[]")) for each in resources):
            if statement.get("Effect") == "Deny":
                return False
            allowed = allowed or statement.get("Effect") == "Allow"
    return allowed
