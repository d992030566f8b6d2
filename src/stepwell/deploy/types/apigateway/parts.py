"""What REST APIs have beside methods: models, validators, authorizers, gateway responses."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text
from stepwell.deploy.types.api_reviews import reviewing
from stepwell.deploy.types.apigateway.shared import all_of, call, drop, escaped, patch
from stepwell.values import JsonObject, JsonValue

GATEWAY_RESPONSE = "AWS::ApiGateway::GatewayResponse"
_AUTHORIZER = {
    "AuthType": "authType",
    "AuthorizerCredentials": "authorizerCredentials",
    "AuthorizerResultTtlInSeconds": "authorizerResultTtlInSeconds",
    "AuthorizerUri": "authorizerUri",
    "IdentitySource": "identitySource",
    "IdentityValidationExpression": "identityValidationExpression",
    "Name": "name",
    "ProviderARNs": "providerARNs",
    "Type": "type",
}
_VALIDATOR = {
    "Name": "name",
    "ValidateRequestBody": "validateRequestBody",
    "ValidateRequestParameters": "validateRequestParameters",
}
_RESPONSE = {
    "ResponseParameters": "responseParameters",
    "ResponseTemplates": "responseTemplates",
    "StatusCode": "statusCode",
}


def _params(properties: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """The properties under the operation's names."""
    return {
        name: properties[each] for each, name in names.items() if properties.get(each) is not None
    }


def _settings(properties: JsonObject, names: Mapping[str, str]) -> dict[str, str]:
    """The properties by the paths that patch them; maps member by member."""
    found: dict[str, str] = {}
    for name, value in _params(properties, names).items():
        if isinstance(value, dict):
            members = value.items()
            found |= {f"/{name}/{escaped(key)}": as_text(item) for key, item in members}
        else:
            found[f"/{name}"] = as_text(value)
    return found


async def _named(cloud: Cloud, operation: str, wanted: Wanted, name: JsonValue) -> str | None:
    """The id of what an earlier attempt at the same creation made."""
    if not wanted.repeated:
        return None
    items = await all_of(cloud, operation, restApiId=wanted.properties["RestApiId"])
    return next((str(each["id"]) for each in items if each.get("name") == name), None)


async def _create_model(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    api = properties["RestApiId"]
    letters = "".join(each for each in wanted.name(None, 128, "") if each.isalnum())
    name = as_text(properties.get("Name")) or letters
    if wanted.repeated:
        await drop(cloud, "DeleteModel", restApiId=api, modelName=name)
    await call(
        cloud,
        "CreateModel",
        restApiId=api,
        name=name,
        description=properties.get("Description"),
        schema=properties.get("Schema"),
        contentType=properties.get("ContentType") or "application/json",
    )
    return Made(name)


async def _update_model(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = (
        {"/schema": as_text(each.get("Schema")), "/description": as_text(each.get("Description"))}
        for each in (existing.properties, wanted.properties)
    )
    api = wanted.properties["RestApiId"]
    await patch(cloud, "UpdateModel", before, after, restApiId=api, modelName=existing.id)
    return Made(existing.id)


async def _delete_model(cloud: Cloud, existing: Existing) -> None:
    api = existing.properties["RestApiId"]
    await drop(cloud, "DeleteModel", restApiId=api, modelName=existing.id)


async def _create_validator(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("Name"))
    found = await _named(cloud, "GetRequestValidators", wanted, name)
    if found is None:
        params = {**_params(properties, _VALIDATOR), "name": name}
        api = properties["RestApiId"]
        answer = await call(cloud, "CreateRequestValidator", restApiId=api, **params)
        found = str(answer["id"])
    return Made(found, {"RequestValidatorId": found})


async def _update_validator(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    switches = {"/validateRequestBody": "false", "/validateRequestParameters": "false"}
    before, after = (
        {**switches, **_settings(each, _VALIDATOR)}
        for each in (existing.properties, wanted.properties)
    )
    place = {"restApiId": wanted.properties["RestApiId"], "requestValidatorId": existing.id}
    await patch(cloud, "UpdateRequestValidator", before, after, **place)
    return Made(existing.id, existing.attributes)


async def _delete_validator(cloud: Cloud, existing: Existing) -> None:
    place = {"restApiId": existing.properties["RestApiId"], "requestValidatorId": existing.id}
    await drop(cloud, "DeleteRequestValidator", **place)


async def _create_authorizer(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    found = await _named(cloud, "GetAuthorizers", wanted, properties["Name"])
    if found is None:
        params = _params(properties, _AUTHORIZER)
        api = properties["RestApiId"]
        answer = await call(cloud, "CreateAuthorizer", restApiId=api, **params)
        found = str(answer["id"])
    return Made(found, {"AuthorizerId": found})


def _authorizer(properties: JsonObject) -> dict[str, str]:
    defaults = {
        "/authType": "custom",
        "/authorizerResultTtlInSeconds": "300",
        "/identitySource": "method.request.header.Authorization",
    }
    lists = {"ProviderARNs"}
    names = {each: name for each, name in _AUTHORIZER.items() if each not in lists}
    return {**defaults, **_settings(properties, names)}


async def _update_authorizer(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _authorizer(existing.properties), _authorizer(wanted.properties)
    place = {"restApiId": wanted.properties["RestApiId"], "authorizerId": existing.id}
    await patch(cloud, "UpdateAuthorizer", before, after, **place)
    return Made(existing.id, existing.attributes)


async def _delete_authorizer(cloud: Cloud, existing: Existing) -> None:
    place = {"restApiId": existing.properties["RestApiId"], "authorizerId": existing.id}
    await drop(cloud, "DeleteAuthorizer", **place)


def _response_place(properties: JsonObject) -> JsonObject:
    return {"restApiId": properties["RestApiId"], "responseType": properties["ResponseType"]}


async def _create_response(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    place = _response_place(properties)
    found = await call(cloud, "GetGatewayResponse", **place)
    if not wanted.repeated and not found.get("defaultResponse"):
        raise already_exists(GATEWAY_RESPONSE, as_text(properties["ResponseType"]))
    await call(cloud, "PutGatewayResponse", **place, **_params(properties, _RESPONSE))
    name = wanted.name(None)
    return Made(name, {"Id": name})


async def _update_response(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    place = _response_place(wanted.properties)
    # What is put is laid over what is there: what the template dropped must go first.
    await drop(cloud, "DeleteGatewayResponse", **place)
    params = _params(wanted.properties, _RESPONSE)
    await call(cloud, "PutGatewayResponse", **place, **params)
    return Made(existing.id, existing.attributes)


async def _delete_response(cloud: Cloud, existing: Existing) -> None:
    await drop(cloud, "DeleteGatewayResponse", **_response_place(existing.properties))


TYPES = (
    ResourceType(
        "AWS::ApiGateway::Model",
        _create_model,
        _delete_model,
        _update_model,
        required=frozenset({"RestApiId"}),
        optional=frozenset({"ContentType", "Description", "Name", "Schema"}),
        replaces=frozenset({"ContentType", "Name", "RestApiId"}),
    ),
    ResourceType(
        "AWS::ApiGateway::RequestValidator",
        _create_validator,
        _delete_validator,
        _update_validator,
        required=frozenset({"RestApiId"}),
        optional=frozenset(_VALIDATOR),
        replaces=frozenset({"Name", "RestApiId"}),
        attributes=frozenset({"RequestValidatorId"}),
    ),
    ResourceType(
        "AWS::ApiGateway::Authorizer",
        _create_authorizer,
        _delete_authorizer,
        _update_authorizer,
        required=frozenset({"Name", "RestApiId", "Type"}),
        optional=frozenset(_AUTHORIZER) - {"Name", "Type"},
        replaces=frozenset({"RestApiId"}),
        attributes=frozenset({"AuthorizerId"}),
        review=reviewing("Type"),
    ),
    ResourceType(
        GATEWAY_RESPONSE,
        _create_response,
        _delete_response,
        _update_response,
        required=frozenset({"ResponseType", "RestApiId"}),
        optional=frozenset(_RESPONSE),
        replaces=frozenset({"ResponseType", "RestApiId"}),
        attributes=frozenset({"Id"}),
    ),
)
