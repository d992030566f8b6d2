"""Resources of REST APIs, and their methods with integration and responses.

A method is changed by making it anew: deployments are what is served, and none is touched by that.
"""

from __future__ import annotations

from stepwell.deploy.calling import or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import renamed
from stepwell.deploy.types.api_reviews import reviewing
from stepwell.deploy.types.apigateway.shared import all_of, call, drop
from stepwell.values import JsonObject, JsonValue

_METHOD = {
    "ApiKeyRequired": "apiKeyRequired",
    "AuthorizationScopes": "authorizationScopes",
    "AuthorizationType": "authorizationType",
    "AuthorizerId": "authorizerId",
    "OperationName": "operationName",
    "RequestModels": "requestModels",
    "RequestParameters": "requestParameters",
    "RequestValidatorId": "requestValidatorId",
}
_INTEGRATION = {
    "CacheKeyParameters": "cacheKeyParameters",
    "CacheNamespace": "cacheNamespace",
    "ConnectionId": "connectionId",
    "ConnectionType": "connectionType",
    "ContentHandling": "contentHandling",
    "Credentials": "credentials",
    "IntegrationHttpMethod": "integrationHttpMethod",
    "IntegrationResponses": "integrationResponses",
    "IntegrationTarget": "integrationTarget",
    "PassthroughBehavior": "passthroughBehavior",
    "RequestParameters": "requestParameters",
    "RequestTemplates": "requestTemplates",
    "ResponseTransferMode": "responseTransferMode",
    "TimeoutInMillis": "timeoutInMillis",
    "Type": "type",
    "Uri": "uri",
}
_INTEGRATION_RESPONSE = {
    "ContentHandling": "contentHandling",
    "ResponseParameters": "responseParameters",
    "ResponseTemplates": "responseTemplates",
    "SelectionPattern": "selectionPattern",
    "StatusCode": "statusCode",
}
_METHOD_RESPONSE = {
    "ResponseModels": "responseModels",
    "ResponseParameters": "responseParameters",
    "StatusCode": "statusCode",
}


async def _create_resource(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties
    found = None
    if wanted.repeated:
        found = await _child(cloud, str(given["RestApiId"]), given["ParentId"], given["PathPart"])
    if found is None:
        answer = await call(
            cloud,
            "CreateResource",
            restApiId=given["RestApiId"],
            parentId=given["ParentId"],
            pathPart=given["PathPart"],
        )
        found = str(answer["id"])
    return Made(found, {"ResourceId": found})


async def _child(cloud: Cloud, api: str, parent: JsonValue, part: JsonValue) -> str | None:
    for each in await all_of(cloud, "GetResources", restApiId=api):
        if each.get("parentId") == parent and each.get("pathPart") == part:
            return str(each["id"])
    return None


async def _delete_resource(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["RestApiId"]
    await drop(cloud, "DeleteResource", restApiId=api, resourceId=existing.id)


async def _create_method(cloud: Cloud, wanted: Wanted) -> Made:
    if wanted.repeated:
        await _drop_method(cloud, wanted.properties)
    await _make_method(cloud, wanted.properties)
    return Made(wanted.name(None))


def _place(properties: JsonObject) -> JsonObject:
    return {
        "restApiId": properties["RestApiId"],
        "resourceId": properties["ResourceId"],
        "httpMethod": properties["HttpMethod"],
    }


async def _make_method(cloud: Cloud, properties: JsonObject) -> None:
    place = _place(properties)
    parts = {name: properties[name] for name in _METHOD if name in properties}
    settings = {"authorizationType": "NONE", **renamed(parts, _METHOD)}
    await call(cloud, "PutMethod", **place, **settings)
    await or_undo(_complete(cloud, place, properties), lambda: _drop_method(cloud, properties))


async def _complete(cloud: Cloud, place: JsonObject, properties: JsonObject) -> None:
    """Responses and integration of a method that is there."""
    for at, each in enumerate(_items(properties, "MethodResponses")):
        response = renamed(each, _METHOD_RESPONSE, f"#/MethodResponses/{at}")
        await call(cloud, "PutMethodResponse", **place, **response)
    if properties.get("Integration") is not None:
        await _integrate(cloud, place, properties["Integration"])


async def _integrate(cloud: Cloud, place: JsonObject, given: JsonValue) -> None:
    settings = renamed(given, _INTEGRATION, "#/Integration")
    responses = settings.pop("integrationResponses", None)
    await call(cloud, "PutIntegration", **place, **settings)
    for at, each in enumerate(responses if isinstance(responses, list) else ()):
        where = f"#/Integration/IntegrationResponses/{at}"
        response = renamed(each, _INTEGRATION_RESPONSE, where)
        await call(cloud, "PutIntegrationResponse", **place, **response)


def _items(properties: JsonObject, name: str) -> list[JsonValue]:
    items = properties.get(name)
    return items if isinstance(items, list) else []


async def _update_method(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _drop_method(cloud, wanted.properties)
    await _make_method(cloud, wanted.properties)
    return Made(existing.id)


async def _delete_method(cloud: Cloud, existing: Existing) -> None:
    await _drop_method(cloud, existing.properties)


async def _drop_method(cloud: Cloud, properties: JsonObject) -> None:
    await drop(cloud, "DeleteMethod", **_place(properties))


TYPES = (
    ResourceType(
        "AWS::ApiGateway::Resource",
        _create_resource,
        _delete_resource,
        required=frozenset({"ParentId", "PathPart", "RestApiId"}),
        replaces=frozenset({"ParentId", "PathPart", "RestApiId"}),
        attributes=frozenset({"ResourceId"}),
    ),
    ResourceType(
        "AWS::ApiGateway::Method",
        _create_method,
        _delete_method,
        _update_method,
        required=frozenset({"HttpMethod", "ResourceId", "RestApiId"}),
        optional=frozenset({*_METHOD, "Integration", "MethodResponses"}),
        replaces=frozenset({"HttpMethod", "ResourceId", "RestApiId"}),
        review=reviewing(
            "AuthorizationType", "Integration.ConnectionType", "Integration.ResponseTransferMode"
        ),
    ),
)
