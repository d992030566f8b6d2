"""A template as data: what was read, before anything in it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stepwell.values import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter."""

    name: str
    type: str
    default: JsonValue = None
    description: str = ""
    no_echo: bool = False
    allowed_values: tuple[str, ...] | None = None
    allowed_pattern: str | None = None
    constraint_description: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A declared resource. `properties` still holds intrinsic functions."""

    logical_id: str
    type: str
    properties: JsonObject = field(default_factory=dict)
    condition: str | None = None
    depends_on: tuple[str, ...] = ()
    deletion_policy: str | None = None
    """`Delete`, `Retain`, `Snapshot` or `RetainExceptOnCreate`; None: not said."""
    update_replace_policy: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    creation_policy: JsonValue = None
    update_policy: JsonValue = None


@dataclass(frozen=True, slots=True)
class Output:
    """A declared output. `value` and `export_name` still hold intrinsic functions."""

    name: str
    value: JsonValue
    description: str = ""
    condition: str | None = None
    export_name: JsonValue = None


@dataclass(frozen=True, slots=True)
class Template:
    """A whole template; `document` is its text as JSON, short forms (`!Ref`) written out."""

    document: JsonObject
    description: str = ""
    transforms: tuple[JsonValue, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    mappings: JsonObject = field(default_factory=dict)
    conditions: JsonObject = field(default_factory=dict)
    rules: JsonObject = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
