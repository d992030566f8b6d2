"""Between a task's JSON and botocore's Python values, by the shapes of the operation.

States spell members with a capital letter; the services' own spelling may differ in that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stepwell.language.timestamps import format_timestamp
from stepwell.values import JsonValue, encode_text


def to_python(shape: Any, value: JsonValue, place: str, problems: list[str]) -> Any:
    """A task's parameters as botocore takes them; what does not fit is told in `problems`."""
    if shape is None:
        return {}
    match shape.type_name, value:
        case "structure", dict():
            return _structure(shape, value, place, problems)
        case "list", list():
            return [to_python(shape.member, item, place, problems) for item in value]
        case "map", dict():
            return {
                key: to_python(shape.value, item, f"{place}.{key}", problems)
                for key, item in value.items()
            }
        case "blob", _:
            return (value if isinstance(value, str) else encode_text(value)).encode()
        case "string", dict() | list():
            return encode_text(value)
        case "timestamp", str():
            return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def _structure(
    shape: Any, value: dict[str, JsonValue], place: str, problems: list[str]
) -> dict[str, Any]:
    members = {_capital(name): name for name in shape.members}
    result = {}
    for name, item in value.items():
        known = members.get(name)
        if known is None:
            problems.append(f'The field "{name}" is not supported at {place}')
        elif item is not None:
            result[known] = to_python(shape.members[known], item, f"{place}.{name}", problems)
    return result


def from_python(shape: Any, value: Any) -> JsonValue:
    """An answer as a task gets it."""
    if shape is None or value is None:
        return {} if shape is None else None
    if shape.type_name == "structure":
        return {
            _capital(name): from_python(member, value[name])
            for name, member in shape.members.items()
            if name in value
        }
    if shape.type_name == "list":
        return [from_python(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {str(key): from_python(shape.value, item) for key, item in value.items()}
    return _scalar(value)


def _scalar(value: Any) -> JsonValue:
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        return format_timestamp(int(value.astimezone(UTC).timestamp() * 1000))
    if isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _capital(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"
