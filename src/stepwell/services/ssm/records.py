"""The rows of Parameter Store. All of them live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from stepwell.runtime.tables import Table
from stepwell.values import decode


class ParameterRow(NamedTuple):
    """One parameter: what does not belong to a version."""

    scope: str
    """`account:region`."""
    name: str
    version: int
    """The newest one."""
    tags: str
    """JSON."""


PARAMETER = Table("ssm_parameter", ParameterRow, ("scope", "name"))


class VersionRow(NamedTuple):
    """One version of a parameter."""

    parameter: str
    """Scope and name, parted by a blank."""
    version: int
    type: str
    value: str
    description: str
    allowed_pattern: str
    key_id: str
    """Of SecureStrings."""
    tier: str
    data_type: str
    labels: str
    """JSON list."""
    modified_at: int
    modified_by: str


VERSION = Table("ssm_version", VersionRow, ("parameter", "version"))

TABLES: tuple[Table[Any], ...] = (PARAMETER, VERSION)


def labels_of(row: VersionRow) -> list[str]:
    """The labels of a version."""
    return cast("list[str]", decode(row.labels))


def tags_of(row: ParameterRow) -> dict[str, str]:
    """The tags of a parameter."""
    return cast("dict[str, str]", decode(row.tags))
