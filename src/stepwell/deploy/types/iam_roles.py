"""Roles, also those that services link to themselves, and instance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy.calling import ask, create_own, or_undo, retag
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, merged_tags, tag_list
from stepwell.deploy.types.iam_policies import GONE, TAKEN, Holder
from stepwell.errors import ServiceError

_ROLE = "AWS::IAM::Role"
_PROFILE = "AWS::IAM::InstanceProfile"
_SESSION_SECONDS = 3_600


async def _create_role(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("RoleName"))
    params = {
        "RoleName": name,
        "AssumeRolePolicyDocument": as_text(properties["AssumeRolePolicyDocument"]),
        "Path": properties.get("Path"),
        "Description": properties.get("Description"),
        "MaxSessionDuration": properties.get("MaxSessionDuration"),
        "PermissionsBoundary": properties.get("PermissionsBoundary"),
        "Tags": tag_list(wanted),
    }
    await create_own(cloud, wanted, (_ROLE, name), ("iam", "CreateRole", params), TAKEN)
    holder = Holder(cloud, "Role", name)
    await or_undo(holder.follow({}, properties), lambda: _drop_role(holder))
    return _made_role(await cloud.call("iam", "GetRole", {"RoleName": name}))


def _made_role(answer: Mapping[str, Any]) -> Made:
    role = answer["Role"]
    return Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})


async def _update_role(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after, on = existing.properties, wanted.properties, {"RoleName": existing.id}
    trust = as_text(after["AssumeRolePolicyDocument"])
    if trust != as_text(before.get("AssumeRolePolicyDocument")):
        await cloud.call("iam", "UpdateAssumeRolePolicy", {**on, "PolicyDocument": trust})
    about = ("Description", "MaxSessionDuration")
    if any(before.get(name) != after.get(name) for name in about):
        params = {
            **on,
            "Description": after.get("Description") or "",
            "MaxSessionDuration": after.get("MaxSessionDuration") or _SESSION_SECONDS,
        }
        await cloud.call("iam", "UpdateRole", params)
    holder = Holder(cloud, "Role", existing.id)
    await holder.bound(before.get("PermissionsBoundary"), after.get("PermissionsBoundary"))
    await holder.follow(before, after)
    answer = await cloud.call("iam", "GetRole", on)
    await retag_entity(cloud, wanted, "Role", existing.id)
    return _made_role(answer)


async def retag_entity(cloud: Cloud, wanted: Wanted, kind: str, name: str) -> None:
    """Bring the tags of a role, user or instance profile to what they should be."""
    on = {f"{kind}Name": name}
    shown = await cloud.call("iam", f"List{kind}Tags", on)
    await retag(
        {tag["Key"]: tag["Value"] for tag in shown["Tags"]},
        merged_tags(wanted),
        lambda tags: cloud.call(
            "iam",
            f"Tag{kind}",
            {**on, "Tags": [{"Key": key, "Value": text} for key, text in tags.items()]},
        ),
        lambda keys: cloud.call("iam", f"Untag{kind}", {**on, "TagKeys": keys}),
    )


async def _delete_role(cloud: Cloud, existing: Existing) -> None:
    await _drop_role(Holder(cloud, "Role", existing.id))


async def _drop_role(holder: Holder) -> None:
    await holder.clear()
    await ask(holder.cloud, "iam", "DeleteRole", {"RoleName": holder.name}, GONE)


async def _create_linked(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    params = {
        "AWSServiceName": properties["AWSServiceName"],
        "CustomSuffix": properties.get("CustomSuffix"),
        "Description": properties.get("Description"),
    }
    try:
        answer = await cloud.call("iam", "CreateServiceLinkedRole", params)
    except ServiceError as error:
        name = _linked_name(error)
        if not wanted.repeated or name is None:
            raise
        return Made(name, {"RoleName": name})
    return Made(answer["Role"]["RoleName"], {"RoleName": answer["Role"]["RoleName"]})


def _linked_name(error: ServiceError) -> str | None:
    """The name that a refusal calls taken: services choose the names of their roles."""
    words = error.message.split(" ")
    if error.code != "InvalidInput" or words[:3] != ["Service", "role", "name"]:
        return None
    return words[3]


async def _update_linked(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    description = wanted.properties.get("Description") or ""
    await cloud.call("iam", "UpdateRole", {"RoleName": existing.id, "Description": description})
    return Made(existing.id, existing.attributes)


async def _delete_linked(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "iam", "DeleteServiceLinkedRole", {"RoleName": existing.id}, GONE)


async def _create_profile(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("InstanceProfileName"), 128)
    on = {"InstanceProfileName": name}
    params = {**on, "Path": properties.get("Path"), "Tags": tag_list(wanted)}
    making = ("iam", "CreateInstanceProfile", params)
    await create_own(cloud, wanted, (_PROFILE, name), making, TAKEN)
    return await or_undo(_with_role(cloud, name, wanted), lambda: _drop_profile(cloud, name))


async def _with_role(cloud: Cloud, name: str, wanted: Wanted) -> Made:
    """The profile with the role that it should have, and no other."""
    on = {"InstanceProfileName": name}
    given = wanted.properties.get("Roles")
    roles = [as_text(role) for role in given] if isinstance(given, list) else []
    answer = await cloud.call("iam", "GetInstanceProfile", on)
    there = [role["RoleName"] for role in answer["InstanceProfile"]["Roles"]]
    for role in there:
        if role not in roles:
            params = {**on, "RoleName": role}
            await ask(cloud, "iam", "RemoveRoleFromInstanceProfile", params, GONE)
    for role in roles:
        if role not in there:
            await cloud.call("iam", "AddRoleToInstanceProfile", {**on, "RoleName": role})
    return Made(name, {"Arn": answer["InstanceProfile"]["Arn"]})


async def _update_profile(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await retag_entity(cloud, wanted, "InstanceProfile", existing.id)
    return await _with_role(cloud, existing.id, wanted)


async def _delete_profile(cloud: Cloud, existing: Existing) -> None:
    await _drop_profile(cloud, existing.id)


async def _drop_profile(cloud: Cloud, name: str) -> None:
    on = {"InstanceProfileName": name}
    answer = await ask(cloud, "iam", "GetInstanceProfile", on, GONE)
    for role in [] if answer is None else answer["InstanceProfile"]["Roles"]:
        params = {**on, "RoleName": role["RoleName"]}
        await ask(cloud, "iam", "RemoveRoleFromInstanceProfile", params, GONE)
    await ask(cloud, "iam", "DeleteInstanceProfile", on, GONE)


TYPES = (
    ResourceType(
        _ROLE,
        _create_role,
        _delete_role,
        _update_role,
        required=frozenset({"AssumeRolePolicyDocument"}),
        optional=frozenset(
            {
                "Description",
                "ManagedPolicyArns",
                "MaxSessionDuration",
                "Path",
                "PermissionsBoundary",
                "Policies",
                "RoleName",
                "Tags",
            }
        ),
        replaces=frozenset({"Path", "RoleName"}),
        attributes=frozenset({"Arn", "RoleId"}),
    ),
    ResourceType(
        "AWS::IAM::ServiceLinkedRole",
        _create_linked,
        _delete_linked,
        _update_linked,
        required=frozenset({"AWSServiceName"}),
        optional=frozenset({"CustomSuffix", "Description"}),
        replaces=frozenset({"AWSServiceName", "CustomSuffix"}),
        attributes=frozenset({"RoleName"}),
    ),
    ResourceType(
        _PROFILE,
        _create_profile,
        _delete_profile,
        _update_profile,
        required=frozenset({"Roles"}),
        optional=frozenset({"InstanceProfileName", "Path", "Tags"}),
        replaces=frozenset({"InstanceProfileName", "Path"}),
        attributes=frozenset({"Arn"}),
    ),
)
