"""Routes, their integrations and authorizers."""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.errors import bad_request, conflict, not_found, not_here
from stepwell.services.apigateway.gateway import ApiGateway, changed, given
from stepwell.services.apigateway.http.deploying import (
    AUTHORIZER,
    INTEGRATION,
    ROUTE,
    follow,
)
from stepwell.services.apigateway.http.paging import listed
from stepwell.services.apigateway.http.targets import NOT_HERE, SUBTYPES
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri

_KEY = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (/\S*)")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_$.:{}-]+")
_ROUTE_FIELDS = (
    "RouteKey",
    "Target",
    "AuthorizationType",
    "AuthorizerId",
    "AuthorizationScopes",
    "OperationName",
    "ApiKeyRequired",
)
_INTEGRATION_FIELDS = (
    "ConnectionType",
    "CredentialsArn",
    "Description",
    "IntegrationMethod",
    "IntegrationSubtype",
    "IntegrationType",
    "IntegrationUri",
    "PayloadFormatVersion",
    "RequestParameters",
    "ResponseParameters",
    "TimeoutInMillis",
    "TlsConfig",
)
_AUTHORIZER_FIELDS = (
    "Name",
    "AuthorizerType",
    "AuthorizerUri",
    "AuthorizerCredentialsArn",
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "EnableSimpleResponses",
    "IdentitySource",
    "IdentityValidationExpression",
)


def check_key(key: str) -> None:
    """Raises BadRequestException for a key that is none of an HTTP API."""
    if key == "$default":
        return
    found = _KEY.fullmatch(key)
    if not found:
        raise bad_request(
            "The provided route key is not formatted properly for HTTP protocol. Format should"
            ' be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    for part in found[2].split("/")[1:]:
        if ("{" in part or "}" in part) and not re.fullmatch(r"\{[^{}+/]+\+?\}", part):
            raise bad_request(f"Invalid route key: {key}")


def _find(gateway: ApiGateway, owner: str, kind: str, name: Any, what: str) -> Document:
    found = gateway.documents.change(owner, kind, str(name))
    if found is None:
        raise not_found(f"Invalid {what} identifier specified {name}")
    return found


async def _put(gateway: ApiGateway, owner: str, kind: str, name: str, document: Document) -> None:
    with gateway.ledger.stage() as turn:
        gateway.documents.put(turn, owner, kind, name, document)
        follow(gateway, turn, owner)
    await gateway.ledger.committed()


async def _delete(gateway: ApiGateway, owner: str, kind: str, name: str) -> None:
    with gateway.ledger.stage() as turn:
        gateway.documents.delete(turn, owner, kind, name)
        follow(gateway, turn, owner)
    await gateway.ledger.committed()


def _check_route(gateway: ApiGateway, owner: str, route: Document, params: Params) -> None:
    check_key(route["RouteKey"])
    for name in ("ModelSelectionExpression", "RequestModels", "RouteResponseSelectionExpression"):
        if params.get(name):
            raise bad_request(f"{name} is not supported for HTTP protocol APIs")
    if route.get("ApiKeyRequired"):
        raise bad_request("ApiKeyRequired is not currently supported for HTTP APIs")
    if route["AuthorizationType"] == "JWT":
        raise not_here("Routes with AuthorizationType JWT are")
    if route["AuthorizationType"] == "CUSTOM":
        _find(gateway, owner, AUTHORIZER, route.get("AuthorizerId"), "Authorizer")
    target = route.get("Target")
    if target:
        name = str(target).removeprefix("integrations/")
        if gateway.documents.get(owner, INTEGRATION, name) is None:
            raise not_found(f"Invalid Integration identifier specified {name}")


def new_route(gateway: ApiGateway, params: Params) -> Document:
    """The document of a route."""
    return {
        "RouteId": gateway.new_id(7),
        "ApiKeyRequired": False,
        "AuthorizationType": "NONE",
        **given(params, *_ROUTE_FIELDS),
    }


async def create_route(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Where requests of a method and path go."""
    owner, _ = gateway.http_api(call, params)
    made = new_route(gateway, params)
    _check_route(gateway, owner, made, params)
    check_free(gateway, owner, made)
    await _put(gateway, owner, ROUTE, made["RouteId"], made)
    return made


def check_free(gateway: ApiGateway, owner: str, route: Document) -> None:
    """Raises ConflictException where another route has the key."""
    for other in gateway.documents.all(owner, ROUTE):
        if other["RouteKey"] == route["RouteKey"] and other["RouteId"] != route["RouteId"]:
            raise conflict(f"Route with key {route['RouteKey']} already exists for this API")


async def get_route(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One route."""
    owner, _ = gateway.http_api(call, params)
    return _find(gateway, owner, ROUTE, params["RouteId"], "Route")


async def get_routes(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The routes of an API."""
    owner, _ = gateway.http_api(call, params)
    return listed(gateway.documents.all(owner, ROUTE), params)


async def update_route(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Other values for what is given; what is given empty is taken away."""
    owner, _ = gateway.http_api(call, params)
    route = _find(gateway, owner, ROUTE, params["RouteId"], "Route")
    after = changed(route, params, *_ROUTE_FIELDS)
    _check_route(gateway, owner, after, params)
    check_free(gateway, owner, after)
    await _put(gateway, owner, ROUTE, route["RouteId"], after)
    return after


async def delete_route(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete a route."""
    owner, _ = gateway.http_api(call, params)
    route = _find(gateway, owner, ROUTE, params["RouteId"], "Route")
    await _delete(gateway, owner, ROUTE, route["RouteId"])


def new_integration(gateway: ApiGateway, params: Params) -> Document:
    """The document of an integration. Raises BadRequestException."""
    made = {
        "IntegrationId": gateway.new_id(7),
        "ConnectionType": "INTERNET",
        "TimeoutInMillis": 30_000,
        **given(params, *_INTEGRATION_FIELDS),
    }
    if made["IntegrationType"] == "AWS_PROXY":
        made.setdefault("IntegrationMethod", "POST")
    check_integration(made)
    return made


def check_integration(made: Document) -> None:
    """Raises BadRequestException for an integration that cannot be or that is not here."""
    if made["ConnectionType"] == "VPC_LINK":
        raise not_here("VPC links are")
    kind, subtype = made["IntegrationType"], made.get("IntegrationSubtype")
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        raise bad_request(
            f"Integration type {kind} is not supported for HTTP APIs. Must be AWS_PROXY or"
            " HTTP_PROXY"
        )
    if subtype:
        _check_subtype(made, str(subtype))
        return
    version = made.get("PayloadFormatVersion")
    if version not in ("1.0", "2.0") or (kind == "HTTP_PROXY" and version != "1.0"):
        raise bad_request(
            "PayloadFormatVersion is a required parameter for integration"
            if version is None
            else f"Invalid PayloadFormatVersion {version}"
        )
    uri = str(made.get("IntegrationUri") or "")
    if kind == "HTTP_PROXY":
        if not uri.startswith(("http://", "https://")):
            raise bad_request("HTTP integrations must have a valid URL as IntegrationUri")
        if not made.get("IntegrationMethod"):
            raise bad_request("HttpMethod must be specified for HTTP_PROXY integrations")
    elif (
        not _FUNCTION.fullmatch(uri)
        and "${stageVariables." not in uri
        and (":apigateway:" not in uri or function_arn(read_uri(uri)) is None)
    ):
        raise bad_request("IntegrationUri should be a valid Lambda function ARN")


def _check_subtype(made: Document, name: str) -> None:
    bare = name.partition(":")[0]
    if bare in NOT_HERE:
        raise not_here(f"IntegrationSubtype {bare} is")
    subtype = SUBTYPES.get(bare)
    if subtype is None:
        raise bad_request(f"Invalid integration subtype specified: {name}")
    parameters = set(made.get("RequestParameters") or {})
    if missing := subtype.required - parameters:
        raise bad_request(
            f"Missing required parameters for integration subtype {name}: {sorted(missing)}"
        )
    if unknown := parameters - subtype.required - subtype.optional:
        raise bad_request(f"Unknown parameters for integration subtype {name}: {sorted(unknown)}")
    if made.get("ResponseParameters"):
        raise not_here("ResponseParameters of an integration with a subtype are")


async def create_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """What carries out routes."""
    owner, _ = gateway.http_api(call, params)
    for name in ("RequestTemplates", "TemplateSelectionExpression", "PassthroughBehavior"):
        if params.get(name):
            raise bad_request(f"{name} is not supported for HTTP protocol APIs")
    if params.get("ContentHandlingStrategy"):
        raise bad_request("ContentHandlingStrategy is not supported for HTTP protocol APIs")
    made = new_integration(gateway, params)
    await _put(gateway, owner, INTEGRATION, made["IntegrationId"], made)
    return made


async def get_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One integration."""
    owner, _ = gateway.http_api(call, params)
    return _find(gateway, owner, INTEGRATION, params["IntegrationId"], "Integration")


async def get_integrations(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The integrations of an API."""
    owner, _ = gateway.http_api(call, params)
    return listed(gateway.documents.all(owner, INTEGRATION), params)


async def update_integration(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Other values for what is given; what is given empty is taken away."""
    owner, _ = gateway.http_api(call, params)
    found = _find(gateway, owner, INTEGRATION, params["IntegrationId"], "Integration")
    after = changed(found, params, *_INTEGRATION_FIELDS)
    for member in ("RequestParameters", "ResponseParameters"):
        if params.get(member):
            merged = {**(found.get(member) or {}), **params[member]}
            after[member] = {name: value for name, value in merged.items() if value}
    check_integration(after)
    await _put(gateway, owner, INTEGRATION, found["IntegrationId"], after)
    return after


async def delete_integration(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete an integration that no route uses."""
    owner, _ = gateway.http_api(call, params)
    gone = _find(gateway, owner, INTEGRATION, params["IntegrationId"], "Integration")
    target = f"integrations/{gone['IntegrationId']}"
    users = [
        r["RouteKey"] for r in gateway.documents.all(owner, ROUTE) if r.get("Target") == target
    ]
    if users:
        raise conflict(
            f"Cannot delete Integration {gone['IntegrationId']}, it is referenced by the following"
            f" routes: {', '.join(users)}"
        )
    await _delete(gateway, owner, INTEGRATION, gone["IntegrationId"])


def check_authorizer(made: Document) -> None:
    """Raises BadRequestException for an authorizer that cannot be or that is not here."""
    if made["AuthorizerType"] == "JWT":
        raise not_here("Authorizers of type JWT are")
    if made["AuthorizerType"] != "REQUEST":
        raise bad_request(f"Invalid authorizer type specified: {made['AuthorizerType']}")
    uri = str(made.get("AuthorizerUri") or "")
    if ":apigateway:" not in uri or function_arn(read_uri(uri)) is None:
        raise bad_request("AuthorizerUri should be a valid Lambda function invocation ARN")
    version = made.get("AuthorizerPayloadFormatVersion")
    if version not in ("1.0", "2.0"):
        raise bad_request(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"
        )
    if made.get("EnableSimpleResponses") and version == "1.0":
        raise bad_request("EnableSimpleResponses is only supported for payload format 2.0")


async def create_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """A function that says who may call."""
    owner, _ = gateway.http_api(call, params)
    made = {"AuthorizerId": gateway.new_id(6), **given(params, *_AUTHORIZER_FIELDS)}
    check_authorizer(made)
    await _put(gateway, owner, AUTHORIZER, made["AuthorizerId"], made)
    return made


async def get_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """One authorizer."""
    owner, _ = gateway.http_api(call, params)
    return _find(gateway, owner, AUTHORIZER, params["AuthorizerId"], "Authorizer")


async def get_authorizers(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """The authorizers of an API."""
    owner, _ = gateway.http_api(call, params)
    return listed(gateway.documents.all(owner, AUTHORIZER), params)


async def update_authorizer(gateway: ApiGateway, call: Call, params: Params) -> dict[str, Any]:
    """Other values for what is given; what is given empty is taken away."""
    owner, _ = gateway.http_api(call, params)
    found = _find(gateway, owner, AUTHORIZER, params["AuthorizerId"], "Authorizer")
    after = changed(found, params, *_AUTHORIZER_FIELDS)
    check_authorizer(after)
    await _put(gateway, owner, AUTHORIZER, found["AuthorizerId"], after)
    return after


async def delete_authorizer(gateway: ApiGateway, call: Call, params: Params) -> None:
    """Delete an authorizer."""
    owner, _ = gateway.http_api(call, params)
    gone = _find(gateway, owner, AUTHORIZER, params["AuthorizerId"], "Authorizer")
    await _delete(gateway, owner, AUTHORIZER, gone["AuthorizerId"])
