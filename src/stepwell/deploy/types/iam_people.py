"""Users, groups, who is in which, access keys; providers of identities, which are only kept."""

from __future__ import annotations

from stepwell.deploy.calling import ask, create_own, or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text, tag_list
from stepwell.deploy.stored import stored_type
from stepwell.deploy.types.iam_policies import GONE, TAKEN, Holder
from stepwell.deploy.types.iam_roles import retag_entity
from stepwell.values import JsonObject, JsonValue

_USER = "AWS::IAM::User"
_GROUP = "AWS::IAM::Group"
_GROUP_MAX = 128


def _names(value: JsonValue) -> list[str]:
    return [as_text(name) for name in value] if isinstance(value, list) else []


async def _create_user(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("UserName"))
    params = {
        "UserName": name,
        "Path": properties.get("Path"),
        "PermissionsBoundary": properties.get("PermissionsBoundary"),
        "Tags": tag_list(wanted),
    }
    await create_own(cloud, wanted, (_USER, name), ("iam", "CreateUser", params), TAKEN)
    await or_undo(_follow_user(cloud, name, {}, properties), lambda: _drop_user(cloud, name))
    return await _made_user(cloud, name)


async def _follow_user(cloud: Cloud, name: str, before: JsonObject, after: JsonObject) -> None:
    """Bring policies and groups from what they were to what they should be."""
    await Holder(cloud, "User", name).follow(before, after)
    old, new = _names(before.get("Groups")), _names(after.get("Groups"))
    for group in new:
        if group not in old:
            await cloud.call("iam", "AddUserToGroup", {"GroupName": group, "UserName": name})
    for group in old:
        if group not in new:
            await _leave(cloud, group, name)


async def _leave(cloud: Cloud, group: str, user: str) -> None:
    params = {"GroupName": group, "UserName": user}
    await ask(cloud, "iam", "RemoveUserFromGroup", params, GONE)


async def _made_user(cloud: Cloud, name: str) -> Made:
    shown = (await cloud.call("iam", "GetUser", {"UserName": name}))["User"]
    return Made(name, {"Arn": shown["Arn"]})


async def _update_user(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after, name = existing.properties, wanted.properties, existing.id
    if before.get("Path") != after.get("Path"):
        params = {"UserName": name, "NewPath": after.get("Path") or "/"}
        await cloud.call("iam", "UpdateUser", params)
    boundary = "PermissionsBoundary"
    await Holder(cloud, "User", name).bound(before.get(boundary), after.get(boundary))
    await _follow_user(cloud, name, before, after)
    await retag_entity(cloud, wanted, "User", name)
    return await _made_user(cloud, name)


async def _delete_user(cloud: Cloud, existing: Existing) -> None:
    await _drop_user(cloud, existing.id)


async def _drop_user(cloud: Cloud, name: str) -> None:
    shown = await ask(cloud, "iam", "ListGroupsForUser", {"UserName": name}, GONE) or {}
    for group in shown.get("Groups", []):
        await _leave(cloud, group["GroupName"], name)
    await Holder(cloud, "User", name).clear()
    await ask(cloud, "iam", "DeleteUser", {"UserName": name}, GONE)


async def _create_group(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("GroupName"), _GROUP_MAX)
    params = {"GroupName": name, "Path": properties.get("Path")}
    await create_own(cloud, wanted, (_GROUP, name), ("iam", "CreateGroup", params), TAKEN)
    holder = Holder(cloud, "Group", name)
    await or_undo(holder.follow({}, properties), lambda: _drop_group(cloud, name))
    return await _made_group(cloud, name)


async def _made_group(cloud: Cloud, name: str) -> Made:
    shown = (await cloud.call("iam", "GetGroup", {"GroupName": name}))["Group"]
    return Made(name, {"Arn": shown["Arn"]})


async def _update_group(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after, name = existing.properties, wanted.properties, existing.id
    if before.get("Path") != after.get("Path"):
        params = {"GroupName": name, "NewPath": after.get("Path") or "/"}
        await cloud.call("iam", "UpdateGroup", params)
    await Holder(cloud, "Group", name).follow(before, after)
    return await _made_group(cloud, name)


async def _delete_group(cloud: Cloud, existing: Existing) -> None:
    await _drop_group(cloud, existing.id)


async def _drop_group(cloud: Cloud, name: str) -> None:
    await Holder(cloud, "Group", name).clear()
    await ask(cloud, "iam", "DeleteGroup", {"GroupName": name}, GONE)


async def _add_users(cloud: Cloud, wanted: Wanted) -> Made:
    name = wanted.name(None)
    await _put_users(cloud, wanted.properties)
    return Made(name, {"Id": name})


async def _put_users(cloud: Cloud, properties: JsonObject) -> None:
    for user in _names(properties["Users"]):
        params = {"GroupName": properties["GroupName"], "UserName": user}
        await cloud.call("iam", "AddUserToGroup", params)


async def _change_users(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    await _put_users(cloud, after)
    kept = _names(after["Users"]) if before["GroupName"] == after["GroupName"] else []
    for user in _names(before["Users"]):
        if user not in kept:
            await _leave(cloud, as_text(before["GroupName"]), user)
    return Made(existing.id, existing.attributes)


async def _remove_users(cloud: Cloud, existing: Existing) -> None:
    for user in _names(existing.properties["Users"]):
        await _leave(cloud, as_text(existing.properties["GroupName"]), user)


async def _create_key(cloud: Cloud, wanted: Wanted) -> Made:
    """A repeated creation makes another one: the secret of the first is shown to nobody again."""
    properties = wanted.properties
    on = {"UserName": properties["UserName"]}
    key = (await cloud.call("iam", "CreateAccessKey", on))["AccessKey"]
    made = Made(key["AccessKeyId"], {"SecretAccessKey": key["SecretAccessKey"]})
    if properties.get("Status") is not None:
        await _set_status(cloud, made.id, properties)
    return made


async def _set_status(cloud: Cloud, key: str, properties: JsonObject) -> None:
    status = properties.get("Status") or "Active"
    params = {"UserName": properties["UserName"], "AccessKeyId": key, "Status": status}
    await cloud.call("iam", "UpdateAccessKey", params)


async def _update_key(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    await _set_status(cloud, existing.id, wanted.properties)
    return Made(existing.id, existing.attributes)


async def _delete_key(cloud: Cloud, existing: Existing) -> None:
    params = {"UserName": existing.properties["UserName"], "AccessKeyId": existing.id}
    await ask(cloud, "iam", "DeleteAccessKey", params, GONE)


_POLICIES = frozenset({"ManagedPolicyArns", "Path", "Policies"})
_OIDC = "arn:aws:iam::{account}:oidc-provider/{name}"
_SAML = "arn:aws:iam::{account}:saml-provider/{name}"

TYPES = (
    ResourceType(
        _USER,
        _create_user,
        _delete_user,
        _update_user,
        optional=frozenset({"Groups", "PermissionsBoundary", "Tags", "UserName", *_POLICIES}),
        without_effect=frozenset({"LoginProfile"}),
        replaces=frozenset({"UserName"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        _GROUP,
        _create_group,
        _delete_group,
        _update_group,
        optional=frozenset({"GroupName", *_POLICIES}),
        replaces=frozenset({"GroupName"}),
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::IAM::UserToGroupAddition",
        _add_users,
        _remove_users,
        _change_users,
        required=frozenset({"GroupName", "Users"}),
        attributes=frozenset({"Id"}),
    ),
    ResourceType(
        "AWS::IAM::AccessKey",
        _create_key,
        _delete_key,
        _update_key,
        required=frozenset({"UserName"}),
        optional=frozenset({"Serial", "Status"}),
        replaces=frozenset({"Serial", "UserName"}),
        attributes=frozenset({"SecretAccessKey"}),
    ),
    stored_type(
        "AWS::IAM::OIDCProvider",
        name_property="Url",
        name_prefix="https://",
        reference=_OIDC,
        attributes={"Arn": _OIDC},
    ),
    stored_type(
        "AWS::IAM::SAMLProvider",
        name_property="Name",
        reference=_SAML,
        attributes={"Arn": _SAML, "SamlProviderUUID": "{suffix}"},
    ),
)
