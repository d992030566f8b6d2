"""Pipes of EventBridge."""

from __future__ import annotations

from typing import Any, cast

from stepwell.deploy.calling import ask, create_own, retag
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_date, merged_tags, picked
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

_PIPE = "AWS::Pipes::Pipe"
_GONE = ("NotFoundException",)
_TAKEN = "ConflictException"
_REQUIRED = ("RoleArn", "Source", "Target")
_OPTIONAL = (
    "Description",
    "DesiredState",
    "Enrichment",
    "EnrichmentParameters",
    "LogConfiguration",
    "SourceParameters",
    "TargetParameters",
)
_KEY = "KmsKeyIdentifier"
"""Kept and shown by the pipe, nothing more."""
_DEFAULTS: JsonObject = {
    "Description": "",
    "DesiredState": "RUNNING",
    "Enrichment": "",
    _KEY: "",
    "LogConfiguration": {"Level": "OFF"},
}
"""What a property becomes again when a template does not give it any more."""
_NESTED = ("SourceParameters", "EnrichmentParameters", "TargetParameters")
_STREAM = "DynamoDBStreamParameters"
_BEGIN = "StartingPosition"


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(wanted.properties.get("Name"))
    params = {
        **picked(wanted.properties, (*_REQUIRED, *_OPTIONAL, _KEY)),
        "Name": name,
        "Tags": merged_tags(wanted) or None,
    }
    await create_own(cloud, wanted, (_PIPE, name), ("pipes", "CreatePipe", params), _TAKEN)
    return await _made(cloud, name)


async def _made(cloud: Cloud, name: str) -> Made:
    shown = await cloud.call("pipes", "DescribePipe", {"Name": name})
    return Made(
        name,
        {
            "Arn": str(shown["Arn"]),
            "CreationTime": as_date(shown["CreationTime"]),
            "CurrentState": str(shown["CurrentState"]),
            "LastModifiedTime": as_date(shown["LastModifiedTime"]),
            "StateReason": str(shown.get("StateReason") or ""),
        },
    )


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    names = ("RoleArn", "Target", *_OPTIONAL, _KEY)
    params: dict[str, Any] = {
        **{name: default for name, default in _DEFAULTS.items() if before.get(name) is not None},
        **picked(after, names),
    }
    for name in _NESTED:
        merged = {**_taken_away(before.get(name), after.get(name)), **_members(after.get(name))}
        if merged:
            params[name] = merged
    if "SourceParameters" in params:
        params["SourceParameters"] = _without_begin(before, params["SourceParameters"])
    await cloud.call("pipes", "UpdatePipe", {**params, "Name": existing.id})
    await _retag(cloud, wanted, str(existing.attributes["Arn"]))
    return await _made(cloud, existing.id)


def _members(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _taken_away(before: JsonValue, after: JsonValue) -> JsonObject:
    """Members that are not given any more, as UpdatePipe takes them away."""
    gone = [name for name in _members(before) if name not in _members(after)]
    return {name: "" if name == "InputTemplate" else cast(JsonObject, {}) for name in gone}


def _without_begin(before: JsonObject, parameters: JsonObject) -> JsonObject:
    """A stream's parameters as UpdatePipe takes them: where it began is not among them."""
    stream = _members(parameters.get(_STREAM))
    if not stream:
        return parameters
    began = _members(_members(before.get("SourceParameters")).get(_STREAM)).get(_BEGIN)
    if stream.get(_BEGIN, began) != began:
        raise ServiceError(
            "ValidationException",
            f"{_BEGIN} of a pipe cannot be changed: give the pipe another name, so that a new one"
            " is made",
        )
    return {
        **parameters,
        _STREAM: {name: value for name, value in stream.items() if name != _BEGIN},
    }


async def _retag(cloud: Cloud, wanted: Wanted, arn: str) -> None:
    shown = await cloud.call("pipes", "ListTagsForResource", {"resourceArn": arn})

    async def add(tags: dict[str, str]) -> None:
        await cloud.call("pipes", "TagResource", {"resourceArn": arn, "tags": tags})

    async def take(keys: list[str]) -> None:
        await cloud.call("pipes", "UntagResource", {"resourceArn": arn, "tagKeys": keys})

    await retag(shown.get("tags") or {}, merged_tags(wanted), add, take)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "pipes", "DeletePipe", {"Name": existing.id}, _GONE)


TYPES = (
    ResourceType(
        _PIPE,
        _create,
        _delete,
        _update,
        required=frozenset(_REQUIRED),
        optional=frozenset({"Name", "Tags", *_OPTIONAL}),
        without_effect=frozenset({_KEY}),
        replaces=frozenset({"Name", "Source"}),
        attributes=frozenset(
            {"Arn", "CreationTime", "CurrentState", "LastModifiedTime", "StateReason"}
        ),
    ),
)
