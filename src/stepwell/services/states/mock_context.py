"""The context object that a test of a state gives, held to the fields that AWS allows."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.states.refusals import invalid
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload

_TEXT, _NUMBER, _ANY = "string", "number", ""

_FIELDS: dict[str, dict[str, str]] = {
    "Execution": {
        "Id": _TEXT,
        "Input": _ANY,
        "Name": _TEXT,
        "RoleArn": _TEXT,
        "StartTime": _TEXT,
        "RedriveCount": _NUMBER,
        "RedriveTime": _TEXT,
    },
    "State": {"EnteredTime": _TEXT, "Name": _TEXT, "RetryCount": _NUMBER},
    "StateMachine": {"Id": _TEXT, "Name": _TEXT},
    "Task": {"Token": _TEXT},
}


def read_context(text: str) -> JsonObject:
    """The context object of a request. Raises ServiceError ValidationException."""
    try:
        given = decode_payload(text)
    except BadJson as error:
        raise _refused("Context must be valid JSON") from error
    if not isinstance(given, dict):
        raise _refused("Context must be a JSON object")
    for name, value in given.items():
        _check_part(name, value)
    return given


def _check_part(name: str, value: JsonValue) -> None:
    if name == "Map":
        raise _refused("'Map' field is not supported when mocking a Context object")
    allowed = _FIELDS.get(name)
    if allowed is None:
        raise _refused(f"Field '{name}' is not allowed")
    if not isinstance(value, dict):
        raise _refused(f"{name} must be an object")
    for field, found in value.items():
        kind = allowed.get(field)
        if kind is None:
            raise _refused(f"Field '{field}' is not allowed")
        if kind == _TEXT and not isinstance(found, str):
            raise _refused(f"{name}.{field} must be a string")
        if kind == _NUMBER and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise _refused(f"{name}.{field} must be a number")


def _refused(why: str) -> ServiceError:
    return invalid(f"Invalid Context object provided: {why}")
