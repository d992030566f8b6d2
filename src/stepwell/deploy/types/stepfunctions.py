"""State machines, their versions and aliases, activities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import ask, must_be_free, retag
from stepwell.deploy.definitions import SOURCES, read_definition
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text, merged_tags, small_first, tag_list
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_MACHINE = "AWS::StepFunctions::StateMachine"
_ACTIVITY = "AWS::StepFunctions::Activity"
_ALIAS = "AWS::StepFunctions::StateMachineAlias"
_NO_MACHINE = ("StateMachineDoesNotExist", "ResourceNotFound")
_NAME_MAX = 80

_DEFAULTS: Mapping[str, JsonValue] = {
    "LoggingConfiguration": {"Level": "OFF"},
    "TracingConfiguration": {"Enabled": False},
}
"""What a configuration becomes again when a template does not give it any more."""


def _name(wanted: Wanted, given: JsonValue) -> str:
    """The name given, or one that AWS makes here: without the stack's."""
    if given is not None:
        return as_text(given)
    return f"{wanted.logical_id[: _NAME_MAX - 1 - len(wanted.suffix)]}-{wanted.suffix}"


def _arn(cloud: Cloud, kind: str, name: str) -> str:
    return f"arn:aws:states:{cloud.region}:{cloud.account}:{kind}:{name}"


def _configurations(properties: JsonObject) -> dict[str, Any]:
    return {
        name[:1].lower() + name[1:]: small_first(properties[name])
        for name in _DEFAULTS
        if properties.get(name) is not None
    }


async def _create_machine(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    given = properties.get("StateMachineName")
    name = _name(wanted, given)
    if given is not None and not wanted.repeated:
        await _machine_must_be_free(cloud, _arn(cloud, "stateMachine", name))
    answer = await cloud.call(
        "stepfunctions",
        "CreateStateMachine",
        {
            "name": name,
            "definition": await read_definition(cloud, properties),
            "roleArn": properties["RoleArn"],
            "type": properties.get("StateMachineType"),
            "tags": tag_list(wanted, "key", "value"),
            **_configurations(properties),
        },
    )
    return await _made_machine(cloud, str(answer["stateMachineArn"]))


async def _machine_must_be_free(cloud: Cloud, arn: str) -> None:
    """One that is on its way out is refused by the API itself, in its own words."""
    params = {"stateMachineArn": arn}
    there = await ask(cloud, "stepfunctions", "DescribeStateMachine", params, _NO_MACHINE)
    if there is not None and there["status"] != "DELETING":
        raise already_exists(_MACHINE, arn)


async def _made_machine(cloud: Cloud, arn: str) -> Made:
    shown = await cloud.call("stepfunctions", "DescribeStateMachine", {"stateMachineArn": arn})
    revision = shown.get("revisionId") or "INITIAL"
    return Made(arn, {"Arn": arn, "Name": shown["name"], "StateMachineRevisionId": revision})


async def _update_machine(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    properties = wanted.properties
    dropped = {
        name: value
        for name, value in _DEFAULTS.items()
        if existing.properties.get(name) is not None and properties.get(name) is None
    }
    await cloud.call(
        "stepfunctions",
        "UpdateStateMachine",
        {
            "stateMachineArn": existing.id,
            "definition": await read_definition(cloud, properties),
            "roleArn": properties["RoleArn"],
            **_configurations(dropped),
            **_configurations(properties),
        },
    )
    await _retag(cloud, wanted, existing.id)
    return await _made_machine(cloud, existing.id)


async def _retag(cloud: Cloud, wanted: Wanted, arn: str) -> None:
    on = {"resourceArn": arn}
    shown = await cloud.call("stepfunctions", "ListTagsForResource", on)
    await retag(
        {tag["key"]: tag["value"] for tag in shown["tags"]},
        merged_tags(wanted),
        lambda tags: cloud.call(
            "stepfunctions",
            "TagResource",
            {**on, "tags": [{"key": key, "value": text} for key, text in tags.items()]},
        ),
        lambda keys: cloud.call("stepfunctions", "UntagResource", {**on, "tagKeys": keys}),
    )


async def _delete_machine(cloud: Cloud, existing: Existing) -> None:
    await cloud.call("stepfunctions", "DeleteStateMachine", {"stateMachineArn": existing.id})


async def _create_version(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    answer = await cloud.call(
        "stepfunctions",
        "PublishStateMachineVersion",
        {
            "stateMachineArn": properties["StateMachineArn"],
            "revisionId": properties.get("StateMachineRevisionId"),
            "description": properties.get("Description"),
        },
    )
    arn = str(answer["stateMachineVersionArn"])
    return Made(arn, {"Arn": arn})


async def _delete_version(cloud: Cloud, existing: Existing) -> None:
    params = {"stateMachineVersionArn": existing.id}
    await ask(cloud, "stepfunctions", "DeleteStateMachineVersion", params, _NO_MACHINE)


async def _create_alias(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    routing = _routing(properties)
    name = _name(wanted, properties.get("Name"))
    if properties.get("Name") is not None and not wanted.repeated:
        arn = f"{_machine_of(routing)}:{name}"
        look = ("stepfunctions", "DescribeStateMachineAlias", {"stateMachineAliasArn": arn})
        await must_be_free(cloud, (_ALIAS, arn), look, _NO_MACHINE)
    params = {
        "name": name,
        "description": properties.get("Description"),
        "routingConfiguration": routing,
    }
    answer = await cloud.call("stepfunctions", "CreateStateMachineAlias", params)
    arn = str(answer["stateMachineAliasArn"])
    return Made(arn, {"Arn": arn})


def _machine_of(routing: JsonValue) -> str:
    """The machine of the first version that an alias leads to."""
    first = routing[0] if isinstance(routing, list) and routing else None
    version = first.get("stateMachineVersionArn") if isinstance(first, dict) else None
    return as_text(version).rpartition(":")[0]


def _routing(properties: JsonObject) -> JsonValue:
    """Where an alias leads to. Raises ServiceError for what would shift bit by bit."""
    routing = _routing_of(properties)
    machine = properties.get("StateMachineArn")
    if machine is not None and _machine_of(routing) not in ("", machine):
        raise ServiceError(
            "InvalidRequest", f"The versions of the alias are not of the machine {machine}."
        )
    return routing


def _routing_of(properties: JsonObject) -> JsonValue:
    preference = properties.get("DeploymentPreference")
    if preference is None:
        return small_first(properties.get("RoutingConfiguration") or [])
    if properties.get("RoutingConfiguration") is not None or not isinstance(preference, dict):
        raise ServiceError(
            "InvalidRequest", "Give either RoutingConfiguration or DeploymentPreference."
        )
    if preference.get("Type") != _AT_ONCE:
        raise ServiceError("InvalidRequest", _GRADUAL)
    version = as_text(preference.get("StateMachineVersionArn"))
    return [{"stateMachineVersionArn": version, "weight": 100}]


def _review_alias(properties: JsonObject) -> list[str]:
    preference = properties.get("DeploymentPreference")
    kind = preference.get("Type") if isinstance(preference, dict) else None
    return [_GRADUAL] if isinstance(kind, str) and kind != _AT_ONCE else []


_AT_ONCE = "ALL_AT_ONCE"
_GRADUAL = (
    "DeploymentPreference is supported with the Type ALL_AT_ONCE only: nothing here shifts the "
    "starts of an alias over time."
)


async def _update_alias(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    description = wanted.properties.get("Description")
    await cloud.call(
        "stepfunctions",
        "UpdateStateMachineAlias",
        {
            "stateMachineAliasArn": existing.id,
            "description": "" if description is None else description,
            "routingConfiguration": _routing(wanted.properties),
        },
    )
    return Made(existing.id, existing.attributes)


async def _delete_alias(cloud: Cloud, existing: Existing) -> None:
    params = {"stateMachineAliasArn": existing.id}
    await ask(cloud, "stepfunctions", "DeleteStateMachineAlias", params, _NO_MACHINE)


async def _create_activity(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = _name(wanted, properties.get("Name"))
    arn = _arn(cloud, "activity", name)
    if not wanted.repeated:
        look = ("stepfunctions", "DescribeActivity", {"activityArn": arn})
        await must_be_free(cloud, (_ACTIVITY, arn), look, ("ActivityDoesNotExist",))
    await cloud.call(
        "stepfunctions",
        "CreateActivity",
        {"name": name, "tags": tag_list(wanted, "key", "value")},
    )
    return Made(arn, {"Arn": arn, "Name": name})


async def _update_activity(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _retag(cloud, wanted, existing.id)
    return Made(existing.id, existing.attributes)


async def _delete_activity(cloud: Cloud, existing: Existing) -> None:
    await cloud.call("stepfunctions", "DeleteActivity", {"activityArn": existing.id})


TYPES = (
    ResourceType(
        _MACHINE,
        _create_machine,
        _delete_machine,
        _update_machine,
        required=frozenset({"RoleArn"}),
        optional=frozenset(
            {
                *SOURCES,
                "DefinitionSubstitutions",
                "LoggingConfiguration",
                "StateMachineName",
                "StateMachineType",
                "Tags",
            }
        ),
        without_effect=frozenset({"EncryptionConfiguration", "TracingConfiguration"}),
        replaces=frozenset({"StateMachineName", "StateMachineType"}),
        attributes=frozenset({"Arn", "Name", "StateMachineRevisionId"}),
    ),
    ResourceType(
        "AWS::StepFunctions::StateMachineVersion",
        _create_version,
        _delete_version,
        required=frozenset({"StateMachineArn"}),
        optional=frozenset({"Description", "StateMachineRevisionId"}),
        replaces=frozenset({"Description", "StateMachineArn", "StateMachineRevisionId"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        _ALIAS,
        _create_alias,
        _delete_alias,
        _update_alias,
        optional=frozenset(
            {
                "DeploymentPreference",
                "Description",
                "Name",
                "RoutingConfiguration",
                "StateMachineArn",
            }
        ),
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Arn"}),
        review=_review_alias,
    ),
    ResourceType(
        _ACTIVITY,
        _create_activity,
        _delete_activity,
        _update_activity,
        required=frozenset({"Name"}),
        optional=frozenset({"Tags"}),
        without_effect=frozenset({"EncryptionConfiguration"}),
        replaces=frozenset({"EncryptionConfiguration", "Name"}),
        attributes=frozenset({"Arn", "Name"}),
    ),
)
