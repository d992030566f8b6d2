"""Policies: put on roles, users and groups as one document of each, or managed and attached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from stepwell.deploy.calling import ask, create_own, must_be_free, or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text
from stepwell.deploy.types.iam_policies import GONE, TAKEN, Holder
from stepwell.errors import ServiceError
from stepwell.values import JsonObject

_MANAGED = "AWS::IAM::ManagedPolicy"
_KINDS = {"Groups": "Group", "Roles": "Role", "Users": "User"}
_VERSIONS_MAX = 5


def _holders(cloud: Cloud, properties: JsonObject) -> dict[tuple[str, str], Holder]:
    """Whom a policy is for, by kind and name."""
    found = {}
    for prop, kind in _KINDS.items():
        names = properties.get(prop)
        for name in names if isinstance(names, list) else []:
            found[kind, as_text(name)] = Holder(cloud, kind, as_text(name))
    return found


async def _create_policy(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    _must_have_holders(cloud, properties)
    name = wanted.name(None)
    await or_undo(
        _put_policy(cloud, properties), lambda: _take_policy(cloud, properties, properties)
    )
    return Made(name, {"Id": name})


def _must_have_holders(cloud: Cloud, properties: JsonObject) -> None:
    if not _holders(cloud, properties):
        raise ServiceError(
            "ValidationError", "At least one of [Groups,Roles,Users] must be non-empty."
        )


async def _put_policy(cloud: Cloud, properties: JsonObject) -> None:
    for holder in _holders(cloud, properties).values():
        await holder.put(as_text(properties["PolicyName"]), properties["PolicyDocument"])


async def _take_policy(cloud: Cloud, of: JsonObject, properties: JsonObject) -> None:
    """Take the policy that was named so from those that `properties` name."""
    for holder in _holders(cloud, properties).values():
        await holder.take(as_text(of["PolicyName"]))


async def _update_policy(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after = existing.properties, wanted.properties
    _must_have_holders(cloud, after)
    await _put_policy(cloud, after)
    kept = _holders(cloud, after) if before["PolicyName"] == after["PolicyName"] else {}
    for key, holder in _holders(cloud, before).items():
        if key not in kept:
            await holder.take(as_text(before["PolicyName"]))
    return Made(existing.id, existing.attributes)


async def _delete_policy(cloud: Cloud, existing: Existing) -> None:
    await _take_policy(cloud, existing.properties, existing.properties)


def _single(kind: str) -> ResourceType:
    """`AWS::IAM::RolePolicy` and the like: one document on one entity."""
    type_name, owner = f"AWS::IAM::{kind}Policy", f"{kind}Name"

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        properties = wanted.properties
        name = f"{properties['PolicyName']}|{properties[owner]}"
        on = {owner: properties[owner], "PolicyName": properties["PolicyName"]}
        if not wanted.repeated:
            look = ("iam", f"Get{kind}Policy", on)
            await must_be_free(cloud, (type_name, name), look, GONE)
        return await put(cloud, properties, name)

    async def put(cloud: Cloud, properties: JsonObject, name: str) -> Made:
        holder = Holder(cloud, kind, as_text(properties[owner]))
        await holder.put(as_text(properties["PolicyName"]), properties["PolicyDocument"])
        return Made(name)

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        return await put(cloud, wanted.properties, existing.id)

    async def delete(cloud: Cloud, existing: Existing) -> None:
        holder = Holder(cloud, kind, as_text(existing.properties[owner]))
        await holder.take(as_text(existing.properties["PolicyName"]))

    return ResourceType(
        type_name,
        create,
        delete,
        update,
        required=frozenset({"PolicyName", "PolicyDocument", owner}),
        replaces=frozenset({"PolicyName", owner}),
    )


async def _create_managed(cloud: Cloud, wanted: Wanted) -> Made:
    properties = wanted.properties
    name = wanted.name(properties.get("ManagedPolicyName"), 128)
    path = as_text(properties.get("Path") or "/")
    arn = f"arn:aws:iam::{cloud.account}:policy{path}{name}"
    params = {
        "PolicyName": name,
        "Path": path,
        "Description": properties.get("Description"),
        "PolicyDocument": as_text(properties["PolicyDocument"]),
    }
    await create_own(cloud, wanted, (_MANAGED, arn), ("iam", "CreatePolicy", params), TAKEN)
    await or_undo(_attach(cloud, arn, properties), lambda: _drop_managed(cloud, arn))
    return await _made_managed(cloud, arn)


async def _attach(cloud: Cloud, arn: str, properties: JsonObject) -> None:
    for holder in _holders(cloud, properties).values():
        await holder.attach(arn)


async def _made_managed(cloud: Cloud, arn: str) -> Made:
    shown = (await cloud.call("iam", "GetPolicy", {"PolicyArn": arn}))["Policy"]
    return Made(
        arn,
        {
            "PolicyArn": arn,
            "CreateDate": _written(shown["CreateDate"]),
            "UpdateDate": _written(shown["UpdateDate"]),
            **{
                name: shown[name]
                for name in (
                    "AttachmentCount",
                    "DefaultVersionId",
                    "IsAttachable",
                    "PermissionsBoundaryUsageCount",
                    "PolicyId",
                )
            },
        },
    )


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _update_managed(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    before, after, arn = existing.properties, wanted.properties, existing.id
    document = as_text(after["PolicyDocument"])
    if document != await _document(cloud, arn):
        await _make_room(cloud, arn)
        params = {"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": True}
        await cloud.call("iam", "CreatePolicyVersion", params)
    await _attach(cloud, arn, after)
    kept = _holders(cloud, after)
    for key, holder in _holders(cloud, before).items():
        if key not in kept:
            await holder.detach(arn)
    return await _made_managed(cloud, arn)


async def _document(cloud: Cloud, arn: str) -> str:
    """The policy's default document as it is now, perhaps by an earlier attempt."""
    policy = (await cloud.call("iam", "GetPolicy", {"PolicyArn": arn}))["Policy"]
    params = {"PolicyArn": arn, "VersionId": policy["DefaultVersionId"]}
    version = (await cloud.call("iam", "GetPolicyVersion", params))["PolicyVersion"]
    return unquote(version["Document"])


async def _make_room(cloud: Cloud, arn: str) -> None:
    """The oldest version goes when there is no room for another one."""
    versions = await _other_versions(cloud, arn)
    if len(versions) >= _VERSIONS_MAX - 1:
        oldest = min(versions, key=lambda version: int(version.removeprefix("v")))
        params = {"PolicyArn": arn, "VersionId": oldest}
        await cloud.call("iam", "DeletePolicyVersion", params)


async def _other_versions(cloud: Cloud, arn: str) -> list[str]:
    """The versions beside the default one."""
    shown = await ask(cloud, "iam", "ListPolicyVersions", {"PolicyArn": arn}, GONE)
    versions: list[Mapping[str, Any]] = [] if shown is None else shown["Versions"]
    return [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]


async def _delete_managed(cloud: Cloud, existing: Existing) -> None:
    await _drop_managed(cloud, existing.id)


async def _drop_managed(cloud: Cloud, arn: str) -> None:
    on = {"PolicyArn": arn}
    entities = await ask(cloud, "iam", "ListEntitiesForPolicy", on, GONE) or {}
    for kind in _KINDS.values():
        for entity in entities.get(f"Policy{kind}s", []):
            await Holder(cloud, kind, entity[f"{kind}Name"]).detach(arn)
    for version in await _other_versions(cloud, arn):
        await ask(cloud, "iam", "DeletePolicyVersion", {**on, "VersionId": version}, GONE)
    await ask(cloud, "iam", "DeletePolicy", on, GONE)


TYPES = (
    ResourceType(
        "AWS::IAM::Policy",
        _create_policy,
        _delete_policy,
        _update_policy,
        required=frozenset({"PolicyDocument", "PolicyName"}),
        optional=frozenset(_KINDS),
        attributes=frozenset({"Id"}),
    ),
    ResourceType(
        _MANAGED,
        _create_managed,
        _delete_managed,
        _update_managed,
        required=frozenset({"PolicyDocument"}),
        optional=frozenset({"Description", "ManagedPolicyName", "Path", *_KINDS}),
        replaces=frozenset({"Description", "ManagedPolicyName", "Path"}),
        attributes=frozenset(
            {
                "AttachmentCount",
                "CreateDate",
                "DefaultVersionId",
                "IsAttachable",
                "PermissionsBoundaryUsageCount",
                "PolicyArn",
                "PolicyId",
                "UpdateDate",
            }
        ),
    ),
    *(_single(kind) for kind in _KINDS.values()),
)
