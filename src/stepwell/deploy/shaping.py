"""Small steps from a template's properties to an operation's parameters, shared by all types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stepwell.deploy.resource_type import Wanted
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, encode_text


def already_exists(type_name: str, identifier: str) -> ServiceError:
    """What a creation is refused with when somebody else made a resource of that name."""
    return ServiceError(
        "AlreadyExists",
        f"Resource of type '{type_name}' with identifier '{identifier}' already exists.",
    )


def as_text(value: JsonValue) -> str:
    """A property as a text: true and false in small letters, objects and lists as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return encode_text(value)
    return "" if value is None else str(value)


def is_true(value: JsonValue) -> bool:
    """A property as a boolean, however the template wrote it."""
    return as_text(value).lower() == "true"


def picked(properties: JsonObject, names: Iterable[str]) -> JsonObject:
    """Those of the properties that are there, under their own names."""
    return {name: properties[name] for name in names if properties.get(name) is not None}


def small_first(value: JsonValue) -> JsonValue:
    """The same with a small first letter at the names of every level: `RoleArn` -> `roleArn`."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: small_first(item) for name, item in value.items()}
    if isinstance(value, list):
        return [small_first(item) for item in value]
    return value


def merged_tags(wanted: Wanted, name: str = "Tags") -> dict[str, str]:
    """The resource's own tags over those of its stack. They may be a list of pairs or a map."""
    own = wanted.properties.get(name)
    return {**wanted.tags, **_tags(own)}


def _tags(own: JsonValue) -> Mapping[str, str]:
    if isinstance(own, dict):
        return {key: as_text(value) for key, value in own.items()}
    if isinstance(own, list):
        return {
            as_text(tag["Key"]): as_text(tag.get("Value"))
            for tag in own
            if isinstance(tag, dict) and "Key" in tag
        }
    return {}


def tag_list(wanted: Wanted, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """The same as a list of pairs, as most services take them."""
    return [{key: name, value: text} for name, text in merged_tags(wanted).items()]
