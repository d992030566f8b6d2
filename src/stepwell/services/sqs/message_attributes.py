"""Message attributes: what AWS accepts, their MD5, their stored form, and which ones are wanted."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import TypedDict, cast

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.services.sqs.errors import invalid_parameter
from stepwell.services.sqs.limits import MESSAGE_ATTRIBUTES_MAX

_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_RESERVED = re.compile(r"(?i)(aws\.|amazon\.|\.)")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
BAD_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
INVALID_CHARACTERS = (
    "Invalid characters found. Valid unicode characters are "
    "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
)


class AttributeValue(TypedDict, total=False):
    """One message attribute as the model says."""

    DataType: str
    StringValue: str
    BinaryValue: bytes


Attributes = Mapping[str, AttributeValue]


def check(given: Mapping[str, object]) -> dict[str, AttributeValue]:
    """The user's message attributes, or InvalidParameterValue."""
    if len(given) > MESSAGE_ATTRIBUTES_MAX:
        raise invalid_parameter(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum "
            f"[{MESSAGE_ATTRIBUTES_MAX}]."
        )
    return {name: _check_one(name, value) for name, value in given.items()}


def check_system(given: Mapping[str, object]) -> AttributeValue | None:
    """The AWSTraceHeader among the system attributes, the only one there is."""
    for name, value in given.items():
        if name != "AWSTraceHeader":
            raise invalid_parameter(f"Message system attribute name '{name}' is invalid.")
        kind = value.get("DataType") if isinstance(value, Mapping) else None
        text = value.get("StringValue") if isinstance(value, Mapping) else None
        if kind != "String" or not isinstance(text, str) or not text:
            raise invalid_parameter(
                "Message system attribute 'AWSTraceHeader' must contain a non-empty value of "
                "type 'String'."
            )
        _check_characters(text)
        return {"DataType": kind, "StringValue": text}
    return None


def _check_one(name: str, value: object) -> AttributeValue:
    _check_name(name)
    if not isinstance(value, Mapping):
        raise invalid_parameter(f"The message attribute '{name}' must be an object.")
    kind = value.get("DataType")
    if not isinstance(kind, str) or not kind:
        raise invalid_parameter(
            f"The message attribute '{name}' must contain non-empty message attribute type."
        )
    if len(kind) > 256:
        raise invalid_parameter("Message (user) attribute types must be shorter than 256 Bytes")
    _check_characters(kind)
    base = kind.partition(".")[0]
    if base == "Binary":
        return {"DataType": kind, "BinaryValue": _binary(name, kind, value.get("BinaryValue"))}
    if base not in ("String", "Number"):
        raise invalid_parameter(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the "
            "following supported type prefixes: Binary, Number, String."
        )
    return {"DataType": kind, "StringValue": _text(name, kind, value.get("StringValue"))}


def _check_name(name: str) -> None:
    if not name or len(name) > 256:
        raise invalid_parameter("Message (user) attribute names must be shorter than 256 Bytes")
    if not _NAME.fullmatch(name):
        raise invalid_parameter(
            "Message (user) attribute name can only contain upper and lower case letters, digits, "
            "periods, hyphens and underscores."
        )
    if _RESERVED.match(name) or name.endswith(".") or ".." in name:
        raise invalid_parameter(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These "
            "strings are reserved for internal use. Additionally, they cannot start or end "
            "with '.'."
        )


def _binary(name: str, kind: str, value: object) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes) or not value:
        raise _empty(name, kind)
    return value


def _text(name: str, kind: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _empty(name, kind)
    _check_characters(value)
    if kind.startswith("Number") and not _NUMBER.fullmatch(value.strip()):
        raise invalid_parameter(
            f"Can't cast the value of message (user) attribute '{name}' to a number."
        )
    return value


def _empty(name: str, kind: str) -> ServiceError:
    return invalid_parameter(
        f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
    )


def _check_characters(text: str) -> None:
    if not text.isprintable() and BAD_CHARACTERS.search(text):
        raise ServiceError("InvalidMessageContents", INVALID_CHARACTERS)


def md5(attributes: Attributes) -> str:
    """The MD5 that SDKs compare: names in order, each length in four bytes before its text."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        kind = value["DataType"]
        if "BinaryValue" in value:
            parts, mark = value["BinaryValue"], b"\x02"
        else:
            parts, mark = value["StringValue"].encode(), b"\x01"
        for text in (name.encode(), kind.encode()):
            digest.update(len(text).to_bytes(4, "big") + text)
        digest.update(mark + len(parts).to_bytes(4, "big") + parts)
    return digest.hexdigest()


def size_bytes(attributes: Attributes) -> int:
    """What the attributes weigh: names, types and values."""
    total = 0
    for name, value in attributes.items():
        content = value.get("BinaryValue") or value["StringValue"].encode()
        total += len(name.encode()) + len(value["DataType"].encode()) + len(content)
    return total


def store(attributes: Attributes | None) -> bytes | None:
    """The stored form."""
    return values.encode(attributes) if attributes else None


def restore(stored: bytes | None) -> dict[str, AttributeValue] | None:
    """The attributes of a stored form."""
    if stored is None:
        return None
    attributes = cast("dict[str, dict[str, str]]", values.decode(stored))
    return {name: _restore_one(value) for name, value in attributes.items()}


def _restore_one(value: Mapping[str, str]) -> AttributeValue:
    if "BinaryValue" in value:
        return {"DataType": value["DataType"], "BinaryValue": b64decode(value["BinaryValue"])}
    return {"DataType": value["DataType"], "StringValue": value["StringValue"]}


def select(attributes: Attributes, wanted: Iterable[str]) -> Attributes:
    """Those attributes that the names ask for: `All`, `.*`, `prefix.*` or a name."""
    exact = set(wanted)
    if "All" in exact or ".*" in exact:
        return attributes
    prefixes = tuple(name[:-2] for name in exact if name.endswith(".*"))
    return {
        name: value
        for name, value in attributes.items()
        if name in exact or (prefixes and name.startswith(prefixes))
    }
