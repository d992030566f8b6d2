"""The rows of CloudFormation. All but the texts of templates and the events live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table


class StackRow(NamedTuple):
    """One stack, deleted ones included. What is under way is here too: no task stands for it."""

    id: str
    """The ARN."""
    scope: str
    """`account:region`."""
    name: str
    created_at: int
    updated_at: int
    """0: never."""
    deleted_at: int
    """0: it is there."""
    status: str
    reason: str
    version: int
    """The version that it has, or is being brought to."""
    settled: int
    """The version to go back to while an update is not over; 0: none."""
    phase: int
    """Counts the phases of its operations; a resource notes the one it was settled in."""
    operation: str
    """JSON of the `Operation` under way; empty: none."""
    outputs: str
    """JSON list of Output."""
    settings: str
    """JSON: what belongs to the stack and not to a version of it."""
    parent: str
    root: str
    """Of a nested stack; empty: it is none."""


class NameRow(NamedTuple):
    """Which stack has a name now."""

    scope: str
    name: str
    stack: str


class VersionRow(NamedTuple):
    """What was asked of a stack once: a template's values. Its text is in a row of its own."""

    stack: str
    number: int
    details: str
    """JSON: see `versions.Details`."""


class TemplateRow(NamedTuple):
    """The text of a version's template."""

    stack: str
    number: int
    body: str
    processed: str
    """JSON after transforms; empty: there were none."""


class ResourceRow(NamedTuple):
    """A resource of a stack, by its logical id."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    """Empty: there is none yet."""
    status: str
    reason: str
    updated_at: int
    properties: str
    """JSON: as they were last applied, every function evaluated."""
    attributes: str
    suffix: str
    """What made the physical resource's name unique."""
    rules: str
    """JSON: policies of deletion and replacement, metadata, what it depends on."""
    phase: int
    """In which it was settled."""
    attempt: str
    """JSON of the attempt under way; empty: none."""
    before: str
    """JSON: the resource as it was before the update; `new`: it was not; empty: untouched."""


class LeftoverRow(NamedTuple):
    """A physical resource that no logical id stands for any more: it is deleted in the cleanup."""

    stack: str
    number: int
    logical_id: str
    snapshot: str
    """JSON, as `ResourceRow.before`."""
    retained: int
    """1: it stays, only the stack forgets it."""
    status: str
    """Empty: not begun."""
    attempts: int
    token: str
    """Of the answer that its deletion waits for."""


class EventRow(NamedTuple):
    """One line of a stack's history."""

    stack: str
    number: int
    event_id: str
    at: int
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    properties: str
    token: str
    operation: str


class ChangeSetRow(NamedTuple):
    """A change set. What it would bring the stack to is a version."""

    stack: str
    id: str
    name: str
    kind: str
    """CREATE or UPDATE."""
    version: int
    status: str
    reason: str
    execution: str
    created_at: int
    changes: str
    """JSON list of Change."""
    settings: str


class ExportRow(NamedTuple):
    """A value that a stack offers to all others of its account and region."""

    scope: str
    name: str
    stack: str
    value: str


class ImportRow(NamedTuple):
    """A stack uses another one's export."""

    scope: str
    name: str
    stack: str


class WaitRow(NamedTuple):
    """An answer from elsewhere is awaited. Who knows the token may give it."""

    token: str
    stack: str
    logical_id: str
    kind: str
    """What may come: see `waiting`."""
    request_id: str
    physical_id: str
    """The one to go on with, if the answer names none."""
    answers: str
    """JSON: what came so far; empty: nothing."""
    deadline: int
    """0: it may come any time."""


STACK = Table("cloudformation_stack", StackRow, ("id",))
NAME = Table("cloudformation_name", NameRow, ("scope", "name"))
VERSION = Table("cloudformation_version", VersionRow, ("stack", "number"))
TEMPLATE = Table("cloudformation_template", TemplateRow, ("stack", "number"))
RESOURCE = Table("cloudformation_resource", ResourceRow, ("stack", "logical_id"))
LEFTOVER = Table("cloudformation_leftover", LeftoverRow, ("stack", "number"))
EVENT = Table("cloudformation_event", EventRow, ("stack", "number"), append_only=True)
CHANGE_SET = Table("cloudformation_change_set", ChangeSetRow, ("stack", "id"))
EXPORT = Table("cloudformation_export", ExportRow, ("scope", "name"))
IMPORT = Table("cloudformation_import", ImportRow, ("scope", "name", "stack"))
WAIT = Table("cloudformation_wait", WaitRow, ("token",))

TABLES: tuple[Table[Any], ...] = (
    STACK,
    NAME,
    VERSION,
    TEMPLATE,
    RESOURCE,
    LEFTOVER,
    EVENT,
    CHANGE_SET,
    EXPORT,
    IMPORT,
    WAIT,
)
