"""What a project consists of, whichever tool made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stepwell.errors import StepwellError
from stepwell.values import JsonObject


class BadProject(StepwellError):
    """What stands in the folder can't be deployed. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder that a template names by the place it will have in some bucket."""

    path: Path
    bucket: str
    """As the template has it, `${AWS::Region}` and all."""
    key: str


@dataclass(frozen=True, slots=True)
class StackSource:
    """One stack: its template as JSON, and what it was read from."""

    name: str
    document: JsonObject
    folder: Path
    """Where relative paths in the template start."""
    read: tuple[Path, ...]
    """The files that the template was made of."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    account: str | None = None
    """Where the template wants to be, if it says so."""
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """The stacks, those first that others need; `kind` is what a person calls the tool."""

    kind: str
    path: Path
    stacks: tuple[StackSource, ...]
    notes: tuple[str, ...] = ()
    """What the user should know before anything is done."""
