"""Connections and API destinations of EventBridge."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.calling import ask, create_own
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import picked
from stepwell.values import JsonObject

_CONNECTION = "AWS::Events::Connection"
_DESTINATION = "AWS::Events::ApiDestination"
_GONE = ("ResourceNotFoundException",)
_TAKEN = "ResourceAlreadyExistsException"
_CONNECTION_KEPT = ("AuthorizationType", "AuthParameters", "Description")
_DESTINATION_KEPT = (
    "ConnectionArn",
    "Description",
    "HttpMethod",
    "InvocationEndpoint",
    "InvocationRateLimitPerSecond",
)
_RATE = 300


# Connections


async def _create_connection(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    params = {**picked(wanted.properties, _CONNECTION_KEPT), "Name": name}
    request = ("events", "CreateConnection", params)
    await create_own(cloud, wanted, (_CONNECTION, name), request, _TAKEN)
    return await _shown_connection(cloud, name)


async def _shown_connection(cloud: Cloud, name: str) -> Made:
    shown = await cloud.call("events", "DescribeConnection", {"Name": name})
    arn, secret = str(shown["ConnectionArn"]), str(shown["SecretArn"])
    return Made(name, {"Arn": arn, "ArnForPolicy": _for_policy(arn), "SecretArn": secret})


def _for_policy(arn: str) -> str:
    """The ARN without the id at its end, as policies name it."""
    return arn.rsplit("/", 1)[0]


async def _update_connection(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    params = {"Description": "", **picked(wanted.properties, _CONNECTION_KEPT)}
    params["AuthParameters"] = _whole(wanted.properties)
    await cloud.call("events", "UpdateConnection", {**params, "Name": existing.id})
    return await _shown_connection(cloud, existing.id)


def _whole(properties: JsonObject) -> JsonObject:
    """The parameters, with empty lists where some were dropped: the API keeps what is not given."""
    given: Any = properties.get("AuthParameters") or {}
    names = ("BodyParameters", "HeaderParameters", "QueryStringParameters")
    empty: JsonObject = {name: [] for name in names}
    parts: JsonObject = {**given}
    parts["InvocationHttpParameters"] = {**empty, **(given.get("InvocationHttpParameters") or {})}
    oauth = given.get("OAuthParameters")
    if oauth:
        http = {**empty, **(oauth.get("OAuthHttpParameters") or {})}
        parts["OAuthParameters"] = {**oauth, "OAuthHttpParameters": http}
    return parts


async def _delete_connection(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "events", "DeleteConnection", {"Name": existing.id}, _GONE)


# API destinations


async def _create_destination(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    params = {**picked(wanted.properties, _DESTINATION_KEPT), "Name": name}
    request = ("events", "CreateApiDestination", params)
    await create_own(cloud, wanted, (_DESTINATION, name), request, _TAKEN)
    return await _shown_destination(cloud, name)


async def _shown_destination(cloud: Cloud, name: str) -> Made:
    shown = await cloud.call("events", "DescribeApiDestination", {"Name": name})
    arn = str(shown["ApiDestinationArn"])
    return Made(name, {"Arn": arn, "ArnForPolicy": _for_policy(arn)})


async def _update_destination(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    dropped = {"Description": "", "InvocationRateLimitPerSecond": _RATE}
    params = {**dropped, **picked(wanted.properties, _DESTINATION_KEPT), "Name": existing.id}
    await cloud.call("events", "UpdateApiDestination", params)
    return await _shown_destination(cloud, existing.id)


async def _delete_destination(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "events", "DeleteApiDestination", {"Name": existing.id}, _GONE)


TYPES = (
    ResourceType(
        _CONNECTION,
        _create_connection,
        _delete_connection,
        _update_connection,
        optional=frozenset({"Name", *_CONNECTION_KEPT}),
        without_effect=frozenset({"KmsKeyIdentifier"}),
        refused={"InvocationConnectivityParameters": "there are no private connections"},
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn", "ArnForPolicy", "SecretArn"}),
    ),
    ResourceType(
        _DESTINATION,
        _create_destination,
        _delete_destination,
        _update_destination,
        required=frozenset({"ConnectionArn", "HttpMethod", "InvocationEndpoint"}),
        optional=frozenset({"Description", "InvocationRateLimitPerSecond", "Name"}),
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn", "ArnForPolicy"}),
    ),
)
