"""Logging, tracing and encryption of a state machine: checked, completed, stored, shown.

What can't be honoured is refused when it is asked for: log groups and customer keys do not exist
here yet, so naming one is answered as AWS answers for one that is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, decode

LOGGING = "loggingConfiguration"
TRACING = "tracingConfiguration"
ENCRYPTION = "encryptionConfiguration"
AWS_OWNED_KEY = "AWS_OWNED_KEY"


def new_settings(machine_type: str, params: Mapping[str, Any]) -> JsonObject:
    """The settings of a new machine. Raises ServiceError for what is invalid or not supported."""
    settings: JsonObject = {
        "type": machine_type,
        LOGGING: _logging(params.get(LOGGING) or {}),
        TRACING: _tracing(params.get(TRACING) or {}),
    }
    if params.get(ENCRYPTION) is not None:
        settings[ENCRYPTION] = encryption(params[ENCRYPTION])
    return settings


def changed_settings(settings: JsonObject, params: Mapping[str, Any]) -> JsonObject:
    """The settings after an update that names some of them."""
    changed = dict(settings)
    if params.get(LOGGING) is not None:
        changed[LOGGING] = _logging(params[LOGGING])
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


def _logging(given: Mapping[str, Any]) -> JsonObject:
    level = given.get("level") or "OFF"
    destinations: list[JsonValue] | None = given.get("destinations")
    if len(destinations or ()) > 1 or (level != "OFF" and not destinations):
        raise _invalid_logging("Must specify exactly one Log Destination.")
    if destinations:
        raise _invalid_logging("Log Destination not found.")
    logging: JsonObject = {
        "includeExecutionData": bool(given.get("includeExecutionData", False)),
        "level": level,
    }
    if destinations is not None:
        logging["destinations"] = []
    return logging


def _invalid_logging(why: str) -> ServiceError:
    return ServiceError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


def _tracing(given: Mapping[str, Any]) -> JsonObject:
    return {"enabled": bool(given.get("enabled", False))}
