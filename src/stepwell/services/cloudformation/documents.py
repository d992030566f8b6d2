"""The JSON inside the rows, as objects: an operation, an attempt, a resource as it once was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from stepwell.services.cloudformation.records import ResourceRow, StackRow
from stepwell.values import JsonObject, decode, encode_text

D = TypeVar("D")

APPLY = "apply"
"""Make the resources what the stack's version wants."""
RESTORE = "restore"
"""Make those that an update touched what they were before."""
CLEANUP = "cleanup"
"""Delete what no logical id stands for any more."""
REMOVE = "remove"
"""Delete everything."""
HELD = "held"
"""A nested stack's update went well; its cleanup waits for the parent's."""

RETAINING = frozenset({"Retain", "RetainExceptOnCreate"})
"""The policies of deletion that keep a resource which once was settled."""

HIDDEN = "\u0000NoEcho"
"""Among a resource's attributes: none of them is to be shown in outputs."""

NEW = "new"
"""In `ResourceRow.before`: it was not there before the operation."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is under way at a stack."""

    id: str
    kind: str
    """CREATE, UPDATE, DELETE: what was asked for, which names the stack's statuses."""
    phase: str = APPLY
    token: str = ""
    rolling_back: bool = False
    on_failure: str = "ROLLBACK"
    """ROLLBACK, DELETE or DO_NOTHING."""
    deadline: int = 0
    """0: it may take as long as it likes."""
    retain: list[str] = field(default_factory=list)
    """Logical ids that a deletion leaves alone."""
    skip: list[str] = field(default_factory=list)
    """Logical ids that a rollback passes over."""
    trouble: str = ""
    """Why it fails, when no resource is to blame."""
    retain_except_on_create: bool = False
    adopts: bool = False
    """Resources that are there already and outlive a stack become the stack's."""
    hold: bool = False
    """A nested stack's update: it is over when the parent says so."""
    outputs: str = ""
    """The outputs before a held update, for the way back."""
    force: bool = False
    """A deletion that leaves behind what cannot be deleted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a template says about a resource beside its properties."""

    deletion_policy: str = ""
    replace_policy: str = ""
    depends_on: list[str] = field(default_factory=list)
    metadata: JsonObject = field(default_factory=dict)
    policies: JsonObject = field(default_factory=dict)
    """CreationPolicy and UpdatePolicy."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call of a resource type, on disk before it begins."""

    number: int
    action: str
    """create, replace, update or delete."""
    type: str
    properties: JsonObject
    suffix: str
    rules: Rules = field(default_factory=Rules)
    token: str = ""
    """Of the answer that it waits for."""
    tags: dict[str, str] = field(default_factory=dict)
    adopts: bool = False
    """What bears the name already is taken."""
    touched: bool = False
    """It called something that changes something, and was not refused."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A physical resource: all that is needed to change it back or to delete it."""

    type: str
    physical_id: str
    properties: JsonObject
    attributes: JsonObject
    suffix: str
    rules: Rules
    status: str = ""


def write(document: Any) -> str:
    """A document's JSON."""
    return encode_text(document)


def read_operation(row: StackRow) -> Operation | None:
    """What is under way at a stack."""
    if not row.operation:
        return None
    return Operation(**cast("dict[str, Any]", decode(row.operation)))


def read_rules(text: str) -> Rules:
    """The rules in a row."""
    return Rules(**cast("dict[str, Any]", decode(text)))


def read_attempt(row: ResourceRow) -> Attempt | None:
    """The attempt under way at a resource."""
    if not row.attempt:
        return None
    kept = cast("dict[str, Any]", decode(row.attempt))
    return Attempt(**(kept | {"rules": Rules(**kept["rules"])}))


def read_snapshot(text: str) -> Snapshot:
    """A resource as it was."""
    kept = cast("dict[str, Any]", decode(text))
    return Snapshot(**(kept | {"rules": Rules(**kept["rules"])}))


def snapshot_of(row: ResourceRow) -> Snapshot:
    """A resource as it is."""
    return Snapshot(
        row.type,
        row.physical_id,
        read_object(row.properties),
        read_object(row.attributes),
        row.suffix,
        read_rules(row.rules),
        row.status,
    )


def read_object(text: str) -> JsonObject:
    """A JSON object of a row; empty text stands for an empty one."""
    return cast("JsonObject", decode(text)) if text else {}
