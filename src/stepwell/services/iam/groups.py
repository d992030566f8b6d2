"""Groups of users, and instance profiles with their role."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import paging, shown, tagging
from stepwell.services.iam.deletion import delete_entity, refuse_while_used
from stepwell.services.iam.errors import delete_conflict, limit_exceeded, no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import (
    GROUP,
    PROFILE,
    ROLE,
    USER,
    EntityRow,
    MemberRow,
    owner_of,
)


def _members(iam: Iam, row: EntityRow, kind: str) -> list[EntityRow]:
    container = owner_of(row)
    return [
        iam.find(row.account, kind, each.member)
        for each in iam.members.of(row.account)
        if each.container == container
    ]


def _containers(iam: Iam, row: EntityRow, kind: str) -> list[EntityRow]:
    return [
        iam.find(row.account, kind, each.container.partition("/")[2])
        for each in iam.members.of(row.account)
        if each.member == row.name and each.container.startswith(f"{kind}/")
    ]


async def _put_member(iam: Iam, row: EntityRow, member: EntityRow) -> None:
    with iam.parts.ledger.stage() as turn:
        iam.members.put(turn, MemberRow(row.account, owner_of(row), member.name))
    await iam.parts.ledger.committed()


async def _remove_member(iam: Iam, row: EntityRow, name: str) -> None:
    with iam.parts.ledger.stage() as turn:
        iam.members.delete(turn, row.account, owner_of(row), name)
    await iam.parts.ledger.committed()


async def create_group(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateGroup."""
    row = iam.new(call.account, GROUP, params["GroupName"], params.get("Path"), {}, {})
    await iam.keep(row)
    return {"Group": shown.group(row)}


async def get_group(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetGroup, with its users."""
    row = iam.find(call.account, GROUP, params["GroupName"])
    users = _members(iam, row, USER)
    page = paging.page(
        "Users", users, lambda each: each.name, lambda each: shown.user(each, whole=False), params
    )
    return {"Group": shown.group(row), **page}


async def list_groups(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListGroups."""
    rows = iam.all_of(call.account, GROUP, params.get("PathPrefix") or "/")
    return paging.page("Groups", rows, lambda row: row.name, shown.group, params)


async def list_groups_for_user(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListGroupsForUser."""
    rows = _containers(iam, iam.find(call.account, USER, params["UserName"]), GROUP)
    return paging.page("Groups", rows, lambda row: row.name, shown.group, params)


async def delete_group(iam: Iam, call: Call, params: Params) -> None:
    """DeleteGroup: refused while it has users or policies."""
    row = iam.find(call.account, GROUP, params["GroupName"])
    users = _members(iam, row, USER)
    refuse_while_used(iam, row, "must remove users from group first" if users else "")
    await delete_entity(iam, row)


async def add_user(iam: Iam, call: Call, params: Params) -> None:
    """AddUserToGroup; twice is once."""
    row = iam.find(call.account, GROUP, params["GroupName"])
    await _put_member(iam, row, iam.find(call.account, USER, params["UserName"]))


async def remove_user(iam: Iam, call: Call, params: Params) -> None:
    """RemoveUserFromGroup."""
    row = iam.find(call.account, GROUP, params["GroupName"])
    user = iam.find(call.account, USER, params["UserName"])
    if iam.members.get(call.account, owner_of(row), user.name) is None:
        raise no_such_entity(f"User {user.name} is not in the group {row.name}.")
    await _remove_member(iam, row, user.name)


async def create_profile(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreateInstanceProfile."""
    tags = tagging.read(params.get("Tags") or [])
    name = params["InstanceProfileName"]
    row = iam.new(call.account, PROFILE, name, params.get("Path"), {}, tags)
    await iam.keep(row)
    return {"InstanceProfile": shown.profile(row, [])}


async def get_profile(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetInstanceProfile."""
    row = iam.find(call.account, PROFILE, params["InstanceProfileName"])
    return {"InstanceProfile": shown.profile(row, _members(iam, row, ROLE))}


def _profiles(iam: Iam, rows: list[EntityRow], params: Params) -> dict[str, Any]:
    return paging.page(
        "InstanceProfiles",
        rows,
        lambda row: row.name,
        lambda row: shown.profile(row, _members(iam, row, ROLE)),
        params,
    )


async def list_profiles(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListInstanceProfiles."""
    rows = iam.all_of(call.account, PROFILE, params.get("PathPrefix") or "/")
    return _profiles(iam, rows, params)


async def list_profiles_for_role(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListInstanceProfilesForRole."""
    role = iam.find(call.account, ROLE, params["RoleName"])
    return _profiles(iam, _containers(iam, role, PROFILE), params)


async def delete_profile(iam: Iam, call: Call, params: Params) -> None:
    """DeleteInstanceProfile: refused while it has a role."""
    row = iam.find(call.account, PROFILE, params["InstanceProfileName"])
    if _members(iam, row, ROLE):
        raise delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first."
        )
    await delete_entity(iam, row)


async def add_role(iam: Iam, call: Call, params: Params) -> None:
    """AddRoleToInstanceProfile: one at most."""
    row = iam.find(call.account, PROFILE, params["InstanceProfileName"])
    role = iam.find(call.account, ROLE, params["RoleName"])
    if _members(iam, row, ROLE):
        raise limit_exceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    await _put_member(iam, row, role)


async def remove_role(iam: Iam, call: Call, params: Params) -> None:
    """RemoveRoleFromInstanceProfile."""
    row = iam.find(call.account, PROFILE, params["InstanceProfileName"])
    name = params["RoleName"]
    if iam.members.get(call.account, owner_of(row), name) is None:
        raise no_such_entity(f"The role with name {name} cannot be found.")
    await _remove_member(iam, row, name)
