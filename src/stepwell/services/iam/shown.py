"""What answers show of entities."""

from __future__ import annotations

from typing import Any

from stepwell.services.iam import documents
from stepwell.services.iam.records import POLICY, EntityRow, data_of, tags_of


def arn_of(row: EntityRow) -> str:
    """The entity's ARN."""
    return f"arn:aws:iam::{row.account}:{row.kind}{row.path}{row.name}"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as the API has them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def boundary_of(row: EntityRow) -> dict[str, str] | None:
    """The permissions boundary."""
    arn = data_of(row).get("boundary")
    if arn is None:
        return None
    return {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}


def role(row: EntityRow, *, whole: bool = True) -> dict[str, Any]:
    """A role; lists show less of it."""
    data = data_of(row)
    shown = {
        "Path": row.path,
        "RoleName": row.name,
        "RoleId": row.id,
        "Arn": arn_of(row),
        "CreateDate": row.created_at / 1000,
        "AssumeRolePolicyDocument": documents.shown(data["trust"]),
        "Description": data.get("description"),
        "MaxSessionDuration": data["seconds"],
    }
    if whole:
        shown["PermissionsBoundary"] = boundary_of(row)
        shown["Tags"] = tag_list(tags_of(row)) or None
        shown["RoleLastUsed"] = {}
    return shown


def user(row: EntityRow, *, whole: bool = True) -> dict[str, Any]:
    """A user; lists show less of it."""
    shown = {
        "Path": row.path,
        "UserName": row.name,
        "UserId": row.id,
        "Arn": arn_of(row),
        "CreateDate": row.created_at / 1000,
    }
    if whole:
        shown["PermissionsBoundary"] = boundary_of(row)
        shown["Tags"] = tag_list(tags_of(row)) or None
    return shown


def group(row: EntityRow) -> dict[str, Any]:
    """A group."""
    return {
        "Path": row.path,
        "GroupName": row.name,
        "GroupId": row.id,
        "Arn": arn_of(row),
        "CreateDate": row.created_at / 1000,
    }


def profile(row: EntityRow, roles: list[EntityRow]) -> dict[str, Any]:
    """An instance profile with its role."""
    return {
        "Path": row.path,
        "InstanceProfileName": row.name,
        "InstanceProfileId": row.id,
        "Arn": arn_of(row),
        "CreateDate": row.created_at / 1000,
        "Roles": [role(each, whole=False) for each in roles],
        "Tags": tag_list(tags_of(row)) or None,
    }


def policy(row: EntityRow, attached: int, *, whole: bool = True) -> dict[str, Any]:
    """A managed policy; lists show less of it."""
    data = data_of(row)
    assert row.kind == POLICY
    shown = {
        "PolicyName": row.name,
        "PolicyId": row.id,
        "Arn": arn_of(row),
        "Path": row.path,
        "DefaultVersionId": f"v{data['default']}",
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": row.created_at / 1000,
        "UpdateDate": data["updated_at"] / 1000,
    }
    if whole:
        shown["Description"] = data.get("description")
        shown["Tags"] = tag_list(tags_of(row)) or None
    return shown
