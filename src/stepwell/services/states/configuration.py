"""Logging, tracing and encryption of a state machine: checked, completed, stored, shown.

What can't be honoured is refused when it is asked for: customer keys do not exist here, and a log
group must be there before a machine names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, decode

LOGGING = "loggingConfiguration"
TRACING = "tracingConfiguration"
ENCRYPTION = "encryptionConfiguration"
AWS_OWNED_KEY = "AWS_OWNED_KEY"

GroupExists = Callable[[str], bool]
"""Whether there is a log group of that ARN."""


def new_settings(
    machine_type: str, params: Mapping[str, Any], group_exists: GroupExists
) -> JsonObject:
    """The settings of a new machine. Raises ServiceError for what is invalid or not supported."""
    settings: JsonObject = {
        "type": machine_type,
        LOGGING: _logging(params.get(LOGGING) or {}, group_exists),
        TRACING: _tracing(params.get(TRACING) or {}),
    }
    if params.get(ENCRYPTION) is not None:
        settings[ENCRYPTION] = encryption(params[ENCRYPTION])
    return settings


def changed_settings(
    settings: JsonObject, params: Mapping[str, Any], group_exists: GroupExists
) -> JsonObject:
    """The settings after an update that names some of them."""
    changed = dict(settings)
    if params.get(LOGGING) is not None:
        changed[LOGGING] = _logging(params[LOGGING], group_exists)
    if params.get(TRACING) is not None:
        changed[TRACING] = _tracing(params[TRACING])
    if params.get(ENCRYPTION) is not None:
        changed[ENCRYPTION] = encryption(params[ENCRYPTION])
    return changed


def read_settings(text: str) -> JsonObject:
    """Settings as they were stored."""
    settings = decode(text)
    assert isinstance(settings, dict)
    return settings


def shown_settings(settings: JsonObject, *, with_encryption: bool) -> JsonObject:
    """The members that the Describe operations answer."""
    shown: JsonObject = {LOGGING: settings[LOGGING], TRACING: settings[TRACING]}
    if ENCRYPTION in settings:
        shown[ENCRYPTION] = settings[ENCRYPTION]
    elif with_encryption:
        shown[ENCRYPTION] = {"type": AWS_OWNED_KEY}
    return shown


def encryption(given: Mapping[str, Any]) -> JsonObject:
    """A checked encryptionConfiguration. Raises ServiceError InvalidEncryptionConfiguration."""
    kind = given.get("type", AWS_OWNED_KEY)
    if kind != AWS_OWNED_KEY:
        raise _invalid_encryption("Customer managed KMS keys are not supported by Stepwell")
    if given.get("kmsKeyId") is not None or given.get("kmsDataKeyReusePeriodSeconds") is not None:
        raise _invalid_encryption("A KMS key can't be set when type is AWS_OWNED_KEY")
    return {"type": AWS_OWNED_KEY}


def _invalid_encryption(why: str) -> ServiceError:
    return ServiceError(
        "InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {why}"
    )


def _logging(given: Mapping[str, Any], group_exists: GroupExists) -> JsonObject:
    level = given.get("level") or "OFF"
    destinations: list[JsonValue] | None = given.get("destinations")
    if len(destinations or ()) > 1 or (level != "OFF" and not destinations):
        raise _invalid_logging("Must specify exactly one Log Destination.")
    for destination in destinations or ():
        if not group_exists(_group_arn(destination)):
            raise _invalid_logging("Log Destination not found.")
    logging: JsonObject = {
        "includeExecutionData": bool(given.get("includeExecutionData", False)),
        "level": level,
    }
    if destinations is not None:
        logging["destinations"] = destinations
    return logging


def _group_arn(destination: JsonValue) -> str:
    """The log group of a destination; its ARN must end with a star."""
    group = destination.get("cloudWatchLogsLogGroup") if isinstance(destination, dict) else None
    arn = group.get("logGroupArn") if isinstance(group, dict) else None
    return arn if isinstance(arn, str) and arn.endswith(":*") else ""


def _invalid_logging(why: str) -> ServiceError:
    return ServiceError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


def _tracing(given: Mapping[str, Any]) -> JsonObject:
    return {"enabled": bool(given.get("enabled", False))}
