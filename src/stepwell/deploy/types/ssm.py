"""Parameters of Parameter Store."""

from __future__ import annotations

from stepwell.deploy.calling import ask, create_own, retag_pairs
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, picked, tag_list
from stepwell.errors import ServiceError
from stepwell.values import JsonObject

_KIND = "AWS::SSM::Parameter"
_TYPES = ("String", "StringList")
_TAGGING = ("ListTagsForResource", "AddTagsToResource", "RemoveTagsFromResource")
_DROPPED = {"AllowedPattern": "", "Description": ""}
"""What takes away, in a new version, what the last one had."""


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties.get("Name")
    name = str(given) if given is not None else f"CFN-{wanted.logical_id}-{wanted.suffix}"
    params = _params(wanted.properties) | {"Name": name, "Tags": tag_list(wanted)}
    request = ("ssm", "PutParameter", params)
    await create_own(cloud, wanted, (_KIND, name), request, "ParameterAlreadyExists")
    return _made(name, wanted.properties)


def _params(properties: JsonObject) -> JsonObject:
    kind = as_text(properties["Type"])
    if kind not in _TYPES:
        # Its value would stand in the template: AWS refuses it, too.
        raise ServiceError(
            "ValidationException",
            f"{kind} is not a valid enum value for Type: it must be one of {', '.join(_TYPES)}",
        )
    names = ("AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")
    return picked(properties, names)


def _made(name: str, properties: JsonObject) -> Made:
    return Made(name, picked(properties, ("Type", "Value")))


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    after = _params(wanted.properties)
    if after != _params(existing.properties):
        params = {**_DROPPED, **after, "Name": existing.id, "Overwrite": True}
        await cloud.call("ssm", "PutParameter", params)
    which = {"ResourceType": "Parameter", "ResourceId": existing.id}
    await retag_pairs(cloud, wanted, "ssm", which, _TAGGING)
    return _made(existing.id, wanted.properties)


async def _delete(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "ssm", "DeleteParameter", {"Name": existing.id}, ("ParameterNotFound",))


def _review(properties: JsonObject) -> list[str]:
    kind = properties.get("DataType", "text")
    if isinstance(kind, str) and kind != "text":
        return [f"DataType {kind}: values are not checked with other services."]
    return []


TYPES = (
    ResourceType(
        _KIND,
        _create,
        _delete,
        _update,
        required=frozenset({"Type", "Value"}),
        optional=frozenset({"AllowedPattern", "DataType", "Description", "Name", "Tags", "Tier"}),
        refused={"Policies": "parameters do not expire"},
        replaces=frozenset({"Name"}),
        attributes=frozenset({"Type", "Value"}),
        review=_review,
    ),
)
