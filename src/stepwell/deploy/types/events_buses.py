"""Event buses, statements of their policies, and archives."""

from __future__ import annotations

from typing import Any

from stepwell.deploy.calling import ask, create_own, or_undo, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text, picked, tag_list
from stepwell.values import JsonObject, decode, encode_text

_BUS = "AWS::Events::EventBus"
_ARCHIVE = "AWS::Events::Archive"
_GONE = ("ResourceNotFoundException",)
_TAKEN = "ResourceAlreadyExistsException"
_VERSION = "2012-10-17"
_BUS_KEPT: JsonObject = {
    "DeadLetterConfig": {},
    "Description": "",
    "KmsKeyIdentifier": "",
    "LogConfig": {},
}
"""What of a bus may change, and what takes it away."""


# Buses


async def _create_bus(cloud: Cloud, wanted: Wanted) -> Made:
    name = as_text(wanted.properties["Name"])
    params = {**picked(wanted.properties, _BUS_KEPT), "Name": name, "Tags": tag_list(wanted)}
    await create_own(cloud, wanted, (_BUS, name), ("events", "CreateEventBus", params), _TAKEN)
    await or_undo(
        _put_bus_policy(cloud, name, wanted.properties),
        lambda: ask(cloud, "events", "DeleteEventBus", {"Name": name}, _GONE),
    )
    return _made_bus(cloud, name, wanted.properties)


async def _put_bus_policy(cloud: Cloud, name: str, properties: JsonObject) -> None:
    if properties.get("Policy") is not None:
        policy = {"EventBusName": name, "Policy": properties["Policy"]}
        await cloud.call("events", "PutPermission", policy)


def _made_bus(cloud: Cloud, name: str, properties: JsonObject) -> Made:
    arn = f"arn:aws:events:{cloud.region}:{cloud.account}:event-bus/{name}"
    return Made(name, {"Arn": arn, "Name": name, "Policy": as_text(properties.get("Policy"))})


async def _update_bus(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    properties, name = wanted.properties, existing.id
    changed = {
        member: properties.get(member) or nothing
        for member, nothing in _BUS_KEPT.items()
        if properties.get(member) != existing.properties.get(member)
    }
    if changed:
        await cloud.call("events", "UpdateEventBus", {**changed, "Name": name})
    if properties.get("Policy") != existing.properties.get("Policy"):
        if properties.get("Policy") is None:
            everything = {"EventBusName": name, "RemoveAllPermissions": True}
            await cloud.call("events", "RemovePermission", everything)
        await _put_bus_policy(cloud, name, properties)
    made = _made_bus(cloud, name, properties)
    await retag_pairs(cloud, wanted, "events", {"ResourceARN": made.attributes["Arn"]})
    return made


async def _delete_bus(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "events", "DeleteEventBus", {"Name": existing.id}, _GONE)


# Statements of a bus's policy


def _bus_of(properties: JsonObject) -> str:
    return as_text(properties.get("EventBusName") or "default")


async def _create_statement(cloud: Cloud, wanted: Wanted) -> Made:
    bus, statement_id = _bus_of(wanted.properties), as_text(wanted.properties["StatementId"])
    identifier = f"{bus}|{statement_id}"
    if not wanted.repeated and statement_id in await _statements(cloud, bus):
        raise already_exists("AWS::Events::EventBusPolicy", identifier)
    await _put_statement(cloud, wanted.properties)
    return Made(identifier)


async def _statements(cloud: Cloud, bus: str) -> dict[str, Any]:
    """The statements of the bus's policy by their ids."""
    shown = await cloud.call("events", "DescribeEventBus", {"Name": bus})
    policy: Any = decode(shown["Policy"]) if shown.get("Policy") else {}
    statements = policy.get("Statement") or []
    listed = statements if isinstance(statements, list) else [statements]
    return {str(each.get("Sid", at)): each for at, each in enumerate(listed)}


async def _put_statement(cloud: Cloud, properties: JsonObject) -> None:
    bus, statement_id = _bus_of(properties), as_text(properties["StatementId"])
    whole = properties.get("Statement")
    if not isinstance(whole, dict):
        names = ("Action", "Condition", "EventBusName", "Principal", "StatementId")
        await cloud.call("events", "PutPermission", picked(properties, names))
        return
    statements = await _statements(cloud, bus)
    statements[statement_id] = {**whole, "Sid": statement_id}
    policy = encode_text({"Version": _VERSION, "Statement": list(statements.values())})
    await cloud.call("events", "PutPermission", {"EventBusName": bus, "Policy": policy})


async def _update_statement(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _put_statement(cloud, wanted.properties)
    return Made(existing.id)


async def _delete_statement(cloud: Cloud, existing: Existing) -> None:
    named = {
        "EventBusName": _bus_of(existing.properties),
        "StatementId": existing.properties["StatementId"],
    }
    await ask(cloud, "events", "RemovePermission", named, _GONE)


# Archives


_ARCHIVE_KEPT = ("Description", "EventPattern", "KmsKeyIdentifier", "RetentionDays")
_ARCHIVE_NAME_MAX = 48


async def _create_archive(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("ArchiveName"), _ARCHIVE_NAME_MAX)
    params = {
        **picked(properties, _ARCHIVE_KEPT),
        "ArchiveName": name,
        "EventSourceArn": properties["SourceArn"],
    }
    await create_own(cloud, wanted, (_ARCHIVE, name), ("events", "CreateArchive", params), _TAKEN)
    return _made_archive(cloud, name)


def _made_archive(cloud: Cloud, name: str) -> Made:
    return Made(name, {"Arn": f"arn:aws:events:{cloud.region}:{cloud.account}:archive/{name}"})


async def _update_archive(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    properties = wanted.properties
    dropped = {"Description": "", "EventPattern": "", "KmsKeyIdentifier": "", "RetentionDays": 0}
    params = {**dropped, **picked(properties, _ARCHIVE_KEPT), "ArchiveName": existing.id}
    await cloud.call("events", "UpdateArchive", params)
    return _made_archive(cloud, existing.id)


async def _delete_archive(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "events", "DeleteArchive", {"ArchiveName": existing.id}, _GONE)


TYPES = (
    ResourceType(
        _BUS,
        _create_bus,
        _delete_bus,
        _update_bus,
        required=frozenset({"Name"}),
        optional=frozenset({"Policy", "Tags", *_BUS_KEPT}),
        refused={"EventSourceName": "there are no partner event sources"},
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn", "Name", "Policy"}),
    ),
    ResourceType(
        "AWS::Events::EventBusPolicy",
        _create_statement,
        _delete_statement,
        _update_statement,
        required=frozenset({"StatementId"}),
        optional=frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement"}),
        replaces=frozenset({"EventBusName", "StatementId"}),
    ),
    ResourceType(
        _ARCHIVE,
        _create_archive,
        _delete_archive,
        _update_archive,
        required=frozenset({"SourceArn"}),
        optional=frozenset({"ArchiveName", *_ARCHIVE_KEPT}),
        replaces=frozenset({"ArchiveName", "SourceArn"}),
        attributes=frozenset({"Arn"}),
    ),
)
