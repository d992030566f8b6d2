"""Small steps from a template's properties to an operation's parameters, shared by all types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

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


def as_date(seconds: float) -> str:
    """A moment that an operation answers with as an attribute of a resource."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def is_true(value: JsonValue) -> bool:
    """A property as a boolean, however the template wrote it."""
    return as_text(value).lower() == "true"


def is_whole_number(text: str, least: int, most: int) -> bool:
    """Whether a text is a number from least to most; however long it is, nothing breaks."""
    return text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most


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


def renamed(value: JsonValue, names: Mapping[str, str], place: str = "#") -> JsonObject:
    """An object's members under an operation's names; `names` leads from the template's to those.

    Raises ServiceError for a member that is not among them, as CloudFormation words it.
    """
    if not isinstance(value, dict):
        raise ServiceError(
            "ValidationException", f"{place}: expected type: JSONObject, found: {as_text(value)}"
        )
    strange = [name for name in value if name not in names]
    if strange:
        raise ServiceError(
            "ValidationException", f"{place}: extraneous key [{strange[0]}] is not permitted"
        )
    return {names[name]: item for name, item in value.items() if item is not None}


def only(value: JsonValue, names: Iterable[str], place: str = "#") -> None:
    """Raise ServiceError for an object with a member that is not among the names."""
    renamed(value, {name: name for name in names}, place)


def marked_tags(wanted: Wanted, name: str = "Tags") -> dict[str, str]:
    """The resource's tags with those that CloudFormation itself puts on it.

    They tell a repeated creation which resource its first attempt made.
    """
    return {**merged_tags(wanted, name), **stack_marks(wanted)}


def stack_marks(wanted: Wanted) -> dict[str, str]:
    """The tags that say to which stack a resource belongs, and as what."""
    return {
        "aws:cloudformation:stack-name": wanted.stack_name,
        "aws:cloudformation:stack-id": wanted.stack_id,
        "aws:cloudformation:logical-id": wanted.logical_id,
    }
