"""What templates calculate with: JSON values, objects with methods, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from stepwell.services.apigateway.templates.limits import (
    ELEMENTS_MAX,
    TEXT_CHARACTERS_MAX,
    TemplateTrouble,
)


@dataclass(frozen=True, slots=True)
class Helper:
    """`$input`, `$util`: members by name, and methods by name."""

    methods: Mapping[str, Callable[..., Any]]
    members: Mapping[str, Any]


Value: TypeAlias = Any
"""JSON values and `Helper`s. Lists and maps may be changed by the template."""


def shown(value: Value) -> str:
    """A value as text, as Java prints it."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(k)}={shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, Helper):
        return ""
    return str(value)


def bounded_text(text: str) -> str:
    """The text, unless it got too long."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise TemplateTrouble("a text of the template is too long")
    return text


def bounded(items: list[Value]) -> list[Value]:
    """The list, unless it got too long."""
    if len(items) > ELEMENTS_MAX:
        raise TemplateTrouble("a list of the template is too long")
    return items
