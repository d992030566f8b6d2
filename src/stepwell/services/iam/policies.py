"""Managed policies and their versions."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import documents, paging, shown, tagging
from stepwell.services.iam.attachments import attached_to, find_policy, is_of_aws, name_in
from stepwell.services.iam.errors import delete_conflict, limit_exceeded, no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import (
    POLICY,
    EntityRow,
    PolicyVersionRow,
    data_of,
)
from stepwell.values import encode_text

CHARACTERS_MAX = 6_144
VERSIONS_MAX = 5
_LONG_AGO = 1_423_180_000.0
"""When policies of AWS are said to have been made."""


async def create_policy(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreatePolicy, with its first version."""
    document, name = params["PolicyDocument"], params["PolicyName"]
    documents.check_identity_policy(document, CHARACTERS_MAX, f"policy {name}")
    tags = tagging.read(params.get("Tags") or [])
    now = iam.parts.clock.now()
    data = {
        "description": params.get("Description"),
        "default": 1,
        "last": 1,
        "updated_at": now,
    }
    row = iam.new(call.account, POLICY, name, params.get("Path"), data, tags)
    with iam.parts.ledger.stage() as turn:
        iam.entities.put(turn, row)
        iam.versions.put(turn, PolicyVersionRow(call.account, name, 1, document, now))
    await iam.parts.ledger.committed()
    return {"Policy": shown.policy(row, 0)}


async def get_policy(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetPolicy."""
    arn = params["PolicyArn"]
    if is_of_aws(arn):
        return {"Policy": _of_aws(iam, call, arn)}
    row = find_policy(iam, arn)
    return {"Policy": shown.policy(row, len(attached_to(iam, call.account, arn)))}


def _of_aws(iam: Iam, call: Call, arn: str) -> dict[str, Any]:
    """What can be said of a policy that AWS keeps."""
    return {
        "PolicyName": name_in(arn),
        "PolicyId": "ANPA" + "".join(c for c in name_in(arn).upper() if c.isalnum())[:17],
        "Arn": arn,
        "Path": arn.split(":policy", 1)[1].rsplit("/", 1)[0] + "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": len(attached_to(iam, call.account, arn)),
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": _LONG_AGO,
        "UpdateDate": _LONG_AGO,
    }


async def list_policies(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListPolicies: those of the account; of AWS's those that are attached."""
    found = []
    scope, prefix = params.get("Scope") or "All", params.get("PathPrefix") or "/"
    if scope != "AWS":
        for row in iam.all_of(call.account, POLICY, prefix):
            attached = len(attached_to(iam, call.account, shown.arn_of(row)))
            found.append(shown.policy(row, attached, whole=False))
    if scope != "Local":
        arns = {each.arn for each in iam.attachments.of(call.account) if is_of_aws(each.arn)}
        found += [_of_aws(iam, call, arn) for arn in arns]
    found = [each for each in found if each["Path"].startswith(prefix)]
    if params.get("OnlyAttached"):
        found = [each for each in found if each["AttachmentCount"]]
    return paging.page("Policies", found, lambda each: str(each["Arn"]), lambda each: each, params)


async def delete_policy(iam: Iam, call: Call, params: Params) -> None:
    """DeletePolicy: refused while it is attached or has other versions than the default one."""
    row = find_policy(iam, params["PolicyArn"])
    if attached_to(iam, call.account, params["PolicyArn"]):
        raise delete_conflict("Cannot delete a policy attached to entities.")
    versions = _versions(iam, row)
    if len(versions) > 1:
        raise delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy."
        )
    with iam.parts.ledger.stage() as turn:
        iam.entities.delete(turn, row.account, row.kind, row.name)
        for version in versions:
            iam.versions.delete(turn, row.account, row.name, version.number)
    await iam.parts.ledger.committed()


def _versions(iam: Iam, row: EntityRow) -> list[PolicyVersionRow]:
    return [each for each in iam.versions.of(row.account) if each.policy == row.name]


async def create_version(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """CreatePolicyVersion: five at most."""
    row = find_policy(iam, params["PolicyArn"])
    document = params["PolicyDocument"]
    documents.check_identity_policy(document, CHARACTERS_MAX, f"policy {row.name}")
    if len(_versions(iam, row)) >= VERSIONS_MAX:
        raise limit_exceeded(
            f"A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new "
            "version, you must delete an existing version."
        )
    now, data = iam.parts.clock.now(), data_of(row)
    number = data["last"] + 1
    data |= {"last": number, "updated_at": now}
    if params.get("SetAsDefault"):
        data["default"] = number
    version = PolicyVersionRow(row.account, row.name, number, document, now)
    after = row._replace(data=encode_text(data))
    with iam.parts.ledger.stage() as turn:
        iam.entities.put(turn, after)
        iam.versions.put(turn, version)
    await iam.parts.ledger.committed()
    return {"PolicyVersion": _version(after, version, whole=False)}


async def get_version(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """GetPolicyVersion."""
    arn = params["PolicyArn"]
    if is_of_aws(arn):
        raise no_such_entity(f"Stepwell does not hold the document of {arn}, which AWS keeps.")
    row = find_policy(iam, arn)
    return {"PolicyVersion": _version(row, _find(iam, row, params["VersionId"]))}


async def list_versions(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListPolicyVersions."""
    arn = params["PolicyArn"]
    if is_of_aws(arn):
        version = {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": _LONG_AGO}
        return {"Versions": [version], "IsTruncated": False}
    row = find_policy(iam, arn)
    return paging.page(
        "Versions",
        _versions(iam, row),
        lambda version: f"{version.number:09d}",
        lambda version: _version(row, version, whole=False),
        params,
    )


async def delete_version(iam: Iam, call: Call, params: Params) -> None:
    """DeletePolicyVersion: not the default one."""
    row = find_policy(iam, params["PolicyArn"])
    version = _find(iam, row, params["VersionId"])
    if version.number == data_of(row)["default"]:
        raise delete_conflict("Cannot delete the default version of a policy.")
    with iam.parts.ledger.stage() as turn:
        iam.versions.delete(turn, row.account, row.name, version.number)
    await iam.parts.ledger.committed()


async def set_default(iam: Iam, call: Call, params: Params) -> None:
    """SetDefaultPolicyVersion."""
    row = find_policy(iam, params["PolicyArn"])
    version = _find(iam, row, params["VersionId"])
    await iam.keep(row._replace(data=encode_text({**data_of(row), "default": version.number})))


def _find(iam: Iam, row: EntityRow, version_id: str) -> PolicyVersionRow:
    number = version_id.removeprefix("v")
    found = None
    if number.isdecimal():
        found = iam.versions.get(row.account, row.name, int(number))
    if found is None:
        raise no_such_entity(
            f"Policy {shown.arn_of(row)} version {version_id} does not exist or is not attachable."
        )
    return found


def _version(row: EntityRow, version: PolicyVersionRow, *, whole: bool = True) -> dict[str, Any]:
    return {
        "Document": documents.shown(version.document) if whole else None,
        "VersionId": f"v{version.number}",
        "IsDefaultVersion": version.number == data_of(row)["default"],
        "CreateDate": version.created_at / 1000,
    }
