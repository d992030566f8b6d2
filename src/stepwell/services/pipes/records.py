"""The rows of Pipes; they live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from stepwell.runtime.tables import Table
from stepwell.values import decode

RUNNING = "RUNNING"
STOPPED = "STOPPED"


class PipeRow(NamedTuple):
    """One pipe."""

    scope: str
    """`account:region`."""
    name: str
    id: int
    """Another one when a pipe is made again under the same name."""
    source: str
    target: str
    state: str
    """RUNNING or STOPPED: what is wanted is so as soon as it is on disk."""
    created_at: int
    modified_at: int
    settings: str
    """JSON: the other members of DescribePipe, by their names."""
    tags: str
    """JSON."""


class PositionRow(NamedTuple):
    """How far a pipe is in its stream."""

    pipe: int
    shard: int
    sequence: int


PIPE = Table("pipes_pipe", PipeRow, ("scope", "name"))
POSITION = Table("pipes_position", PositionRow, ("pipe", "shard"))
SHARD = 0

TABLES: tuple[Table[Any], ...] = (PIPE, POSITION)


def settings_of(row: PipeRow) -> dict[str, Any]:
    """The settings of a pipe."""
    return cast("dict[str, Any]", decode(row.settings))


def tags_of(row: PipeRow) -> dict[str, str]:
    """The tags of a pipe."""
    return cast("dict[str, str]", decode(row.tags))


def pipe_arn(row: PipeRow) -> str:
    """The ARN of a pipe."""
    account, region = row.scope.split(":")
    return f"arn:aws:pipes:{region}:{account}:pipe/{row.name}"
