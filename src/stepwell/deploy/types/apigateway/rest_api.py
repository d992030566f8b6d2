"""REST APIs themselves, and the account's settings for them.

A definition (Body) replaces what the API has, except for `Mode: merge`. What the definition says of
the API itself (title, description, policy) counts before the properties of the same meaning, as on
AWS; binary media types and endpoint types of both are put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, is_true, marked_tags, renamed
from stepwell.deploy.types import definitions
from stepwell.deploy.types.api_reviews import reviewing
from stepwell.deploy.types.apigateway.shared import all_of, call, drop, escaped, own, patch, retag
from stepwell.values import JsonObject, JsonValue

_TEXTS = {
    "Name": "/name",
    "Description": "/description",
    "ApiKeySourceType": "/apiKeySource",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    "Policy": "/policy",
    "SecurityPolicy": "/securityPolicy",
    "EndpointAccessMode": "/endpointAccessMode",
}
_DEFAULTS = {
    "/apiKeySource": "HEADER",
    "/disableExecuteApiEndpoint": "false",
    "/endpointConfiguration/types/0": "EDGE",
    "/endpointConfiguration/ipAddressType": "ipv4",
}
_ENDPOINT = {
    "Types": "types",
    "VpcEndpointIds": "vpcEndpointIds",
    "IpAddressType": "ipAddressType",
}


def _settings(properties: JsonObject) -> dict[str, str]:
    """The properties of the API itself, by the paths that patch them."""
    found = {
        path: as_text(properties[name])
        for name, path in _TEXTS.items()
        if properties.get(name) is not None
    }
    for media in _list(properties.get("BinaryMediaTypes")):
        found[f"/binaryMediaTypes/{escaped(media)}"] = media
    endpoint = _endpoint(properties)
    for kind in _list(endpoint.get("types"))[:1]:
        found["/endpointConfiguration/types/0"] = kind
    if "ipAddressType" in endpoint:
        found["/endpointConfiguration/ipAddressType"] = as_text(endpoint["ipAddressType"])
    return found


def _endpoint(properties: JsonObject) -> JsonObject:
    given = properties.get("EndpointConfiguration")
    return {} if given is None else renamed(given, _ENDPOINT, "#/EndpointConfiguration")


def _list(value: JsonValue) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else []


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    found = own(await all_of(cloud, "GetRestApis"), wanted) if wanted.repeated else None
    api = found or await _make(cloud, wanted)
    await or_undo(
        _define(cloud, wanted.properties, api["id"]),
        lambda: drop(cloud, "DeleteRestApi", restApiId=api["id"]),
    )
    return _made(api)


def _made(api: Mapping[str, Any]) -> Made:
    return Made(api["id"], {"RestApiId": api["id"], "RootResourceId": api["rootResourceId"]})


async def _make(cloud: Cloud, wanted: Wanted) -> Mapping[str, Any]:
    properties = wanted.properties
    defined = any(properties.get(name) is not None for name in definitions.PROPERTIES)
    # A definition brings a name of its own; until then there must be another one.
    name = properties.get("Name") or (wanted.name(None) if defined else "")
    return await call(
        cloud,
        "CreateRestApi",
        name=name,
        description=properties.get("Description"),
        apiKeySource=properties.get("ApiKeySourceType"),
        binaryMediaTypes=properties.get("BinaryMediaTypes"),
        disableExecuteApiEndpoint=properties.get("DisableExecuteApiEndpoint"),
        endpointConfiguration=_endpoint(properties) or None,
        policy=properties.get("Policy"),
        securityPolicy=properties.get("SecurityPolicy"),
        endpointAccessMode=properties.get("EndpointAccessMode"),
        tags=marked_tags(wanted),
    )


async def _define(cloud: Cloud, properties: JsonObject, api_id: str) -> None:
    """Make what the definition says, if there is one."""
    body = await definitions.definition(cloud, properties)
    if body is None:
        return
    before = await call(cloud, "GetRestApi", restApiId=api_id)
    after = await call(
        cloud,
        "PutRestApi",
        restApiId=api_id,
        mode=as_text(properties.get("Mode")) or "overwrite",
        failOnWarnings=is_true(properties.get("FailOnWarnings")),
        parameters=properties.get("Parameters"),
        body=body,
    )
    await _keep_media_types(cloud, before, after)


async def _keep_media_types(
    cloud: Cloud, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    kept = set(after.get("binaryMediaTypes") or ())
    lost = [media for media in before.get("binaryMediaTypes") or () if media not in kept]
    if lost:
        changes = [{"op": "add", "path": f"/binaryMediaTypes/{escaped(each)}"} for each in lost]
        await call(cloud, "UpdateRestApi", restApiId=after["id"], patchOperations=changes)


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = _settings(existing.properties), _settings(wanted.properties)
    for path, value in _DEFAULTS.items():
        if path in before:
            after.setdefault(path, value)
    await patch(cloud, "UpdateRestApi", before, after, restApiId=existing.id)
    if wanted.properties != existing.properties:
        await _define(cloud, wanted.properties, existing.id)
    await retag(cloud, wanted, f"/restapis/{existing.id}")
    return Made(existing.id, existing.attributes)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await drop(cloud, "DeleteRestApi", restApiId=existing.id)


async def _create_account(cloud: Cloud, wanted: Wanted) -> Made:
    await _put_account(cloud, {}, wanted.properties)
    name = wanted.name(None)
    return Made(name, {"Id": name})


async def _put_account(cloud: Cloud, before: JsonObject, after: JsonObject) -> None:
    paths = {"CloudWatchRoleArn": "/cloudwatchRoleArn"}
    old, new = (
        {paths[name]: as_text(value) for name, value in each.items() if name in paths}
        for each in (before, after)
    )
    await patch(cloud, "UpdateAccount", old, new)


async def _update_account(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _put_account(cloud, existing.properties, wanted.properties)
    return Made(existing.id, existing.attributes)


async def _delete_account(cloud: Cloud, existing: Existing) -> None:
    """The account keeps its role: other stacks may count on it."""


TYPES = (
    ResourceType(
        "AWS::ApiGateway::RestApi",
        _create,
        _delete,
        _update,
        optional=frozenset(
            {
                *_TEXTS,
                *definitions.PROPERTIES,
                "BinaryMediaTypes",
                "EndpointConfiguration",
                "FailOnWarnings",
                "Mode",
                "Parameters",
                "Tags",
            }
        ),
        refused={
            "CloneFrom": "APIs are not cloned; give the definition as Body",
            "MinimumCompressionSize": "answers are not compressed",
        },
        attributes=frozenset({"RestApiId", "RootResourceId"}),
        review=reviewing("Body"),
    ),
    ResourceType(
        "AWS::ApiGateway::Account",
        _create_account,
        _delete_account,
        _update_account,
        optional=frozenset({"CloudWatchRoleArn"}),
        attributes=frozenset({"Id"}),
    ),
)
