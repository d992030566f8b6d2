"""The rows of Secrets Manager. All of them live in memory too."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from stepwell.runtime.tables import Table
from stepwell.values import decode


class SecretRow(NamedTuple):
    """One secret: what does not belong to a version."""

    scope: str
    """`account:region`."""
    name: str
    suffix: str
    """The six characters that end its ARN."""
    description: str
    kms_key: str
    tags: str
    """JSON."""
    policy: str
    created_at: int
    changed_at: int
    accessed_at: int
    """The day of the last reading; 0 for never."""
    deleted_at: int
    """When its deletion was asked for; 0 for never."""
    purge_at: int
    """When it is gone for good."""


SECRET = Table("secretsmanager_secret", SecretRow, ("scope", "name"))


class SecretVersionRow(NamedTuple):
    """One version of a secret."""

    secret: str
    """Scope, name and suffix, parted by blanks."""
    version_id: str
    text: str | None
    binary: str | None
    """In base 64."""
    stages: str
    """JSON list."""
    created_at: int
    accessed_at: int


SECRET_VERSION = Table("secretsmanager_version", SecretVersionRow, ("secret", "version_id"))

TABLES: tuple[Table[Any], ...] = (SECRET, SECRET_VERSION)


def stages_of(row: SecretVersionRow) -> list[str]:
    """The stages of a version."""
    return cast("list[str]", decode(row.stages))


def tags_of(row: SecretRow) -> dict[str, str]:
    """The tags of a secret."""
    return cast("dict[str, str]", decode(row.tags))


def place(row: SecretRow) -> str:
    """The partition of a secret's versions."""
    return f"{row.scope} {row.name} {row.suffix}"
