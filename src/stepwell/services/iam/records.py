"""The rows of IAM. All of them live in memory too.

Roles, users, groups, instance profiles and managed policies are entities; `kind` tells them apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from stepwell.runtime.tables import Table
from stepwell.values import decode

ROLE = "role"
USER = "user"
GROUP = "group"
PROFILE = "instance-profile"
POLICY = "policy"


class EntityRow(NamedTuple):
    """One role, user, group, instance profile or managed policy."""

    account: str
    kind: str
    name: str
    path: str
    id: str
    created_at: int
    data: str
    """JSON: texts and numbers that differ by kind."""
    tags: str
    """JSON."""


ENTITY = Table("iam_entity", EntityRow, ("account", "kind", "name"))


class InlineRow(NamedTuple):
    """An inline policy of a role, user or group."""

    account: str
    owner: str
    """Kind and name, parted by a slash."""
    name: str
    document: str


INLINE = Table("iam_inline_policy", InlineRow, ("account", "owner", "name"))


class AttachmentRow(NamedTuple):
    """A managed policy attached to a role, user or group."""

    account: str
    owner: str
    arn: str


ATTACHMENT = Table("iam_attachment", AttachmentRow, ("account", "owner", "arn"))


class MemberRow(NamedTuple):
    """A user in a group, or a role in an instance profile."""

    account: str
    container: str
    """Kind and name, parted by a slash."""
    member: str


MEMBER = Table("iam_member", MemberRow, ("account", "container", "member"))


class PolicyVersionRow(NamedTuple):
    """One version of a managed policy."""

    account: str
    policy: str
    """Its name."""
    number: int
    document: str
    created_at: int


POLICY_VERSION = Table("iam_policy_version", PolicyVersionRow, ("account", "policy", "number"))


class AccessKeyRow(NamedTuple):
    """An access key of a user."""

    account: str
    user: str
    id: str
    secret: str
    status: str
    created_at: int


ACCESS_KEY = Table("iam_access_key", AccessKeyRow, ("account", "user", "id"))

TABLES: tuple[Table[Any], ...] = (ENTITY, INLINE, ATTACHMENT, MEMBER, POLICY_VERSION, ACCESS_KEY)


def data_of(row: EntityRow) -> dict[str, Any]:
    """What differs by kind."""
    return cast("dict[str, Any]", decode(row.data))


def tags_of(row: EntityRow) -> dict[str, str]:
    """The tags."""
    return cast("dict[str, str]", decode(row.tags))


def owner_of(row: EntityRow) -> str:
    """How inline policies, attachments and members name their entity."""
    return f"{row.kind}/{row.name}"
