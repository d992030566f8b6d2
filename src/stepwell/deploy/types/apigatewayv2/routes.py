"""Routes of HTTP APIs, their integrations and authorizers."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked, renamed
from stepwell.deploy.types.api_reviews import reviewing
from stepwell.deploy.types.apigatewayv2.shared import (
    ONLY_WEBSOCKET,
    all_of,
    call,
    changes,
    drop,
    without_members,
)
from stepwell.values import JsonObject, JsonValue

_INTEGRATION = (
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
_INTEGRATION_DEFAULTS: Mapping[str, JsonValue] = {
    "ConnectionType": "INTERNET",
    "ResponseParameters": {},
    "TimeoutInMillis": 30_000,
    "TlsConfig": {},
}
_ROUTE = (
    "ApiKeyRequired",
    "AuthorizationScopes",
    "AuthorizationType",
    "AuthorizerId",
    "OperationName",
    "RouteKey",
    "Target",
)
_ROUTE_DEFAULTS: Mapping[str, JsonValue] = {
    "ApiKeyRequired": False,
    "AuthorizationScopes": [],
    "AuthorizationType": "NONE",
}
_AUTHORIZER = (
    "AuthorizerCredentialsArn",
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "AuthorizerType",
    "AuthorizerUri",
    "EnableSimpleResponses",
    "IdentitySource",
    "IdentityValidationExpression",
    "JwtConfiguration",
    "Name",
)
_AUTHORIZER_DEFAULTS: Mapping[str, JsonValue] = {
    "AuthorizerResultTtlInSeconds": 0,
    "EnableSimpleResponses": False,
    "IdentitySource": [],
    "JwtConfiguration": {},
}
_PAIR = {"Destination": "destination", "Source": "source"}


def _integration(properties: JsonObject) -> JsonObject:
    """An integration's properties as the operations take them."""
    given = picked(properties, _INTEGRATION)
    if "ResponseParameters" in given:
        given["ResponseParameters"] = _response_parameters(given["ResponseParameters"])
    return given


def _response_parameters(given: JsonValue) -> JsonValue:
    """Lists of `Destination` and `Source`, as templates write them, to maps."""
    if not isinstance(given, dict):
        return given
    place = "#/ResponseParameters"
    found: JsonObject = {}
    for status, told in given.items():
        pairs = renamed(told, {"ResponseParameters": "pairs"}, f"{place}/{status}").get("pairs")
        named = [renamed(each, _PAIR, place) for each in (pairs if isinstance(pairs, list) else ())]
        found[status] = {as_text(pair.get("destination")): pair.get("source") for pair in named}
    return found


async def _create_integration(cloud: Cloud, wanted: Wanted) -> Made:
    # It has neither key nor name: what an unrecorded attempt made stays in the API, unused.
    api = wanted.properties["ApiId"]
    answer = await call(cloud, "CreateIntegration", ApiId=api, **_integration(wanted.properties))
    made = str(answer["IntegrationId"])
    return Made(made, {"IntegrationId": made})


async def _update_integration(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _integration(existing.properties), _integration(wanted.properties)
    changed = changes(before, after, _INTEGRATION, _INTEGRATION_DEFAULTS)
    if "RequestParameters" in changed:
        old, new = before.get("RequestParameters"), after.get("RequestParameters")
        changed["RequestParameters"] = without_members(old, new)
    if changed:
        place = {"ApiId": wanted.properties["ApiId"], "IntegrationId": existing.id}
        await call(cloud, "UpdateIntegration", **place, **changed)
    return Made(existing.id, existing.attributes)


async def _delete_integration(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["ApiId"]
    await drop(cloud, "DeleteIntegration", ApiId=api, IntegrationId=existing.id)


async def _create_route(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api = properties["ApiId"]
    if wanted.repeated:
        for each in await all_of(cloud, "GetRoutes", ApiId=api):
            if each["RouteKey"] == properties["RouteKey"]:
                await drop(cloud, "DeleteRoute", ApiId=api, RouteId=each["RouteId"])
    answer = await call(cloud, "CreateRoute", ApiId=api, **picked(properties, _ROUTE))
    made = str(answer["RouteId"])
    return Made(made, {"RouteId": made})


async def _update_route(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    changed = changes(existing.properties, wanted.properties, _ROUTE, _ROUTE_DEFAULTS)
    if changed:
        place = {"ApiId": wanted.properties["ApiId"], "RouteId": existing.id}
        await call(cloud, "UpdateRoute", **place, **changed)
    return Made(existing.id, existing.attributes)


async def _delete_route(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["ApiId"]
    await drop(cloud, "DeleteRoute", ApiId=api, RouteId=existing.id)


async def _create_authorizer(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api = properties["ApiId"]
    if wanted.repeated:
        for each in await all_of(cloud, "GetAuthorizers", ApiId=api):
            if each["Name"] == properties["Name"]:
                await drop(cloud, "DeleteAuthorizer", ApiId=api, AuthorizerId=each["AuthorizerId"])
    given = {"IdentitySource": [], **picked(properties, _AUTHORIZER)}
    answer = await call(cloud, "CreateAuthorizer", ApiId=api, **given)
    made = str(answer["AuthorizerId"])
    return Made(made, {"AuthorizerId": made})


async def _update_authorizer(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    changed = changes(before, after, _AUTHORIZER, _AUTHORIZER_DEFAULTS)
    if changed:
        place = {"ApiId": wanted.properties["ApiId"], "AuthorizerId": existing.id}
        await call(cloud, "UpdateAuthorizer", **place, **changed)
    return Made(existing.id, existing.attributes)


async def _delete_authorizer(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["ApiId"]
    await drop(cloud, "DeleteAuthorizer", ApiId=api, AuthorizerId=existing.id)


TYPES = (
    ResourceType(
        "AWS::ApiGatewayV2::Integration",
        _create_integration,
        _delete_integration,
        _update_integration,
        required=frozenset({"ApiId", "IntegrationType"}),
        optional=frozenset(_INTEGRATION) - {"IntegrationType"},
        refused={
            "ConnectionId": "VPC links are not here",
            "ContentHandlingStrategy": ONLY_WEBSOCKET,
            "PassthroughBehavior": ONLY_WEBSOCKET,
            "RequestTemplates": ONLY_WEBSOCKET,
            "TemplateSelectionExpression": ONLY_WEBSOCKET,
        },
        replaces=frozenset({"ApiId"}),
        attributes=frozenset({"IntegrationId"}),
        review=reviewing("ConnectionType"),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Route",
        _create_route,
        _delete_route,
        _update_route,
        required=frozenset({"ApiId", "RouteKey"}),
        optional=frozenset(_ROUTE) - {"RouteKey"},
        refused={
            "ModelSelectionExpression": ONLY_WEBSOCKET,
            "RequestModels": ONLY_WEBSOCKET,
            "RequestParameters": ONLY_WEBSOCKET,
            "RouteResponseSelectionExpression": ONLY_WEBSOCKET,
        },
        replaces=frozenset({"ApiId"}),
        attributes=frozenset({"RouteId"}),
        review=reviewing("AuthorizationType"),
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Authorizer",
        _create_authorizer,
        _delete_authorizer,
        _update_authorizer,
        required=frozenset({"ApiId", "AuthorizerType", "Name"}),
        optional=frozenset(_AUTHORIZER) - {"AuthorizerType", "Name"},
        replaces=frozenset({"ApiId"}),
        attributes=frozenset({"AuthorizerId"}),
        review=reviewing("AuthorizerType"),
    ),
)
