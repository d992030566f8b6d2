"""Message attributes: what AWS accepts, what filters see of them, and how they are handed on."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import NamedTuple

from stepwell.services.sns.errors import invalid_attribute_value, invalid_parameter
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,256}")
_RESERVED = re.compile(r"(?i)(aws\.|amazon\.|\.)")


class AttributeValue(NamedTuple):
    """One attribute: its type, and its value as text (binary ones in base 64)."""

    type: str
    value: str
    binary: bool = False


def check(given: object) -> dict[str, AttributeValue]:
    """The attributes of a request. Raises ParameterValueInvalid, InvalidParameter."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid_parameter("MessageAttributes")
    return {name: _check_one(name, value) for name, value in given.items()}


def _check_one(name: str, value: object) -> AttributeValue:
    if not _NAME.fullmatch(name):
        raise invalid_attribute_value(
            "The message attribute name must be between 1 and 256 characters long and can "
            "contain alphanumeric characters, underscores (_), hyphens (-), and periods (.): "
            f"'{name}'."
        )
    if _RESERVED.match(name) or name.endswith(".") or ".." in name:
        raise invalid_attribute_value(
            f"The message attribute name '{name}' must not start with AWS. or Amazon., nor start "
            "or end with a period or hold two of them in a row."
        )
    member = value if isinstance(value, Mapping) else {}
    kind = member.get("DataType")
    if not isinstance(kind, str) or not kind:
        raise invalid_attribute_value(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    base = kind.partition(".")[0]
    if base not in ("String", "Number", "Binary"):
        raise invalid_attribute_value(
            f"The message attribute '{name}' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String."
        )
    if base == "Binary":
        return AttributeValue(kind, _binary(name, kind, member.get("BinaryValue")), binary=True)
    text = member.get("StringValue")
    if not isinstance(text, str) or not text:
        raise _empty(name, kind)
    if base == "Number":
        _check_number(name, text)
    return AttributeValue(kind, text)


def _binary(name: str, kind: str, value: object) -> str:
    """Bytes from the wire; states give them in base 64."""
    if isinstance(value, str):
        try:
            value = b64decode(value, validate=True)
        except ValueError:
            raise invalid_attribute_value(
                f"The message attribute '{name}' must hold base 64."
            ) from None
    if not isinstance(value, bytes) or not value:
        raise _empty(name, kind)
    return b64encode(value).decode()


def _empty(name: str, kind: str) -> Exception:
    return invalid_attribute_value(
        f"The message attribute '{name}' must contain non-empty message attribute value for "
        f"message attribute type '{kind}'."
    )


def _check_number(name: str, text: str) -> None:
    try:
        float(text)
    except ValueError:
        raise invalid_attribute_value(
            f"Could not cast message attribute '{name}' value to number."
        ) from None


def size_bytes(attributes: Mapping[str, AttributeValue]) -> int:
    """What they weigh: names, types and values."""
    total = 0
    for name, given in attributes.items():
        value = b64decode(given.value) if given.binary else given.value.encode()
        total += len(name.encode()) + len(given.type.encode()) + len(value)
    return total


def plain(attributes: Mapping[str, AttributeValue]) -> dict[str, JsonValue]:
    """What filters see: texts, numbers, and the members of `String.Array`."""
    return {name: _plain_one(given) for name, given in attributes.items()}


def _plain_one(given: AttributeValue) -> JsonValue:
    base = given.type.partition(".")[0]
    if given.binary:
        return {}
    if given.type == "String.Array":
        try:
            members = decode_payload(given.value)
        except BadJson:
            return given.value
        return members if isinstance(members, list) else given.value
    if base == "Number":
        number = json.loads(given.value) if _is_json_number(given.value) else float(given.value)
        return number if isinstance(number, int | float) else given.value
    return given.value


_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?")


def _is_json_number(text: str) -> bool:
    return _JSON_NUMBER.fullmatch(text) is not None


def shown(attributes: Mapping[str, AttributeValue]) -> JsonObject:
    """As notifications show them."""
    return {name: {"Type": each.type, "Value": each.value} for name, each in attributes.items()}


def for_queue(attributes: Mapping[str, AttributeValue]) -> JsonObject:
    """As SendMessage takes them, binary values in base 64."""
    return {
        name: {
            "DataType": each.type,
            ("BinaryValue" if each.binary else "StringValue"): each.value,
        }
        for name, each in attributes.items()
    }
