"""HTTP APIs themselves: single settings, a definition (Body), or quick creation (Target).

What a definition says counts before the properties of the same meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import is_true, marked_tags, picked, stack_marks
from stepwell.deploy.types import definitions
from stepwell.deploy.types.api_reviews import reviewing
from stepwell.deploy.types.apigatewayv2.shared import (
    ONLY_WEBSOCKET,
    all_of,
    call,
    changes,
    drop,
    retag,
)
from stepwell.values import JsonObject, JsonValue

_SETTINGS = (
    "ApiKeySelectionExpression",
    "CorsConfiguration",
    "Description",
    "DisableExecuteApiEndpoint",
    "IpAddressType",
    "Name",
    "RouteSelectionExpression",
    "Version",
)
_QUICK = ("CredentialsArn", "RouteKey", "Target")
_DEFAULTS: Mapping[str, JsonValue] = {
    "ApiKeySelectionExpression": "$request.header.x-api-key",
    "DisableExecuteApiEndpoint": False,
    "IpAddressType": "ipv4",
    "RouteKey": "$default",
    "RouteSelectionExpression": "$request.method $request.path",
}
_DEFINED = ("CorsConfiguration", "Description", "DisableExecuteApiEndpoint", "Version")
"""What a definition that is imported says, or takes away."""


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    api = await _own(cloud, wanted) or await _make(cloud, wanted)
    await or_undo(
        _define(cloud, wanted.properties, api["ApiId"]),
        lambda: drop(cloud, "DeleteApi", ApiId=api["ApiId"]),
    )
    attributes: JsonObject = {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]}
    return Made(api["ApiId"], attributes)


async def _own(cloud: Cloud, wanted: Wanted) -> Mapping[str, Any] | None:
    """The API that an earlier attempt at the same creation made."""
    if not wanted.repeated:
        return None
    marks = stack_marks(wanted).items()
    found = await all_of(cloud, "GetApis")
    return next((api for api in reversed(found) if marks <= (api.get("Tags") or {}).items()), None)


async def _make(cloud: Cloud, wanted: Wanted) -> Mapping[str, Any]:
    properties = wanted.properties
    given = picked(properties, ("ProtocolType", *_SETTINGS, *_QUICK))
    if any(properties.get(name) is not None for name in definitions.PROPERTIES):
        # The definition brings both; until it is read there must be others.
        given = {"Name": wanted.name(None), "ProtocolType": "HTTP", **given}
    return await call(cloud, "CreateApi", **given, Tags=marked_tags(wanted))


async def _define(cloud: Cloud, properties: JsonObject, api_id: str) -> None:
    """Make what the definition says, if there is one."""
    body = await definitions.definition(cloud, properties)
    if body is None:
        return
    await call(
        cloud,
        "ReimportApi",
        ApiId=api_id,
        Body=body.decode("utf-8", "replace"),
        Basepath=properties.get("BasePath"),
        FailOnWarnings=is_true(properties.get("FailOnWarnings")),
    )
    shown = await call(cloud, "GetApi", ApiId=api_id)
    unsaid = [name for name in _DEFINED if not shown.get(name)]
    settings = picked(properties, unsaid)
    if settings:
        await call(cloud, "UpdateApi", ApiId=api_id, **settings)


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    changed = changes(before, after, (*_SETTINGS, *_QUICK), _DEFAULTS)
    # A definition has the name then.
    if changed.get("Name") == "":
        del changed["Name"]
    if changed.get("CorsConfiguration") == "":
        del changed["CorsConfiguration"]
        await drop(cloud, "DeleteCorsConfiguration", ApiId=existing.id)
    if changed:
        await call(cloud, "UpdateApi", ApiId=existing.id, **changed)
    # A definition brings tags of its own, which go with the others that the template has not.
    if await retag(cloud, wanted, f"/apis/{existing.id}") or before != after:
        await _define(cloud, after, existing.id)
    return Made(existing.id, existing.attributes)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await drop(cloud, "DeleteApi", ApiId=existing.id)


TYPES = (
    ResourceType(
        "AWS::ApiGatewayV2::Api",
        _create,
        _delete,
        _update,
        optional=frozenset(
            {
                *_SETTINGS,
                *_QUICK,
                *definitions.PROPERTIES,
                "BasePath",
                "FailOnWarnings",
                "ProtocolType",
                "Tags",
            }
        ),
        refused={"DisableSchemaValidation": ONLY_WEBSOCKET},
        replaces=frozenset({"ProtocolType"}),
        attributes=frozenset({"ApiEndpoint", "ApiId"}),
        review=reviewing("ProtocolType", "Body"),
    ),
)
