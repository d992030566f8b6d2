"""Reading members of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.sqs.errors import invalid_parameter, missing_parameter


def required(params: Mapping[str, Any], name: str) -> str:
    """A text that must be there."""
    value = text(params, name)
    if value is None or value == "":
        raise missing_parameter(name)
    return value


def text(params: Mapping[str, Any], name: str) -> str | None:
    """A text, or None."""
    value = params.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid_parameter(f"The parameter {name} must be a string.")


def integer(params: Mapping[str, Any], name: str) -> int | None:
    """A whole number, or None."""
    value = params.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_parameter(f"The parameter {name} must be an integer.")
    return value


def members(params: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object, or None."""
    value = params.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    raise invalid_parameter(f"The parameter {name} must be an object.")
