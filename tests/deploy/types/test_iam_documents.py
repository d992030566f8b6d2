"""Policies of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.deploy.types.test_iam_roles import ROLE, policy, role
from tests.deploy.world import ACCOUNT, Deployed

POLICY = "AWS::IAM::Policy"
MANAGED = "AWS::IAM::ManagedPolicy"


def document(action: str = "sqs:SendMessage") -> Any:
    """A policy document."""
    return policy("x", action)["PolicyDocument"]


async def inline(deployed: Deployed, name: str) -> list[str]:
    """The inline policies of a role."""
    shown = await deployed.call("iam", "ListRolePolicies", RoleName=name)
    return list(shown["PolicyNames"])


async def roles(deployed: Deployed) -> tuple[str, str]:
    """Two roles."""
    one = await deployed.make(ROLE, role(RoleName="one"), "One")
    two = await deployed.make(ROLE, role(RoleName="two"), "Two")
    return one.id, two.id


async def test_a_policy_is_put_on_whom_it_names(deployed: Deployed) -> None:
    """A policy is put on whom it names, follows the template, and is taken off."""
    one, two = await roles(deployed)
    properties = {"PolicyName": "send", "PolicyDocument": document(), "Roles": [one, two]}
    made = await deployed.make(POLICY, properties)
    assert made.id == "shop-Thing-ABCDEF123456"
    assert made.attributes == {"Id": made.id}
    assert await inline(deployed, one) == await inline(deployed, two) == ["send"]
    changed = await deployed.change(POLICY, made, {**properties, "Roles": [two]})
    assert (await inline(deployed, one), await inline(deployed, two)) == ([], ["send"])
    renamed = {**properties, "Roles": [two], "PolicyName": "more"}
    changed = await deployed.change(POLICY, changed, renamed)
    assert await inline(deployed, two) == ["more"]
    await deployed.drop(POLICY, changed)
    await deployed.drop(POLICY, changed)
    assert await inline(deployed, two) == []


async def test_a_policy_is_for_somebody(deployed: Deployed) -> None:
    """A policy for nobody is refused, and one for somebody unknown leaves nothing behind."""
    one, _ = await roles(deployed)
    properties = {"PolicyName": "send", "PolicyDocument": document()}
    with pytest.raises(ServiceError, match="must be non-empty"):
        await deployed.make(POLICY, properties)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.make(POLICY, {**properties, "Roles": [one], "Users": ["nobody"]})
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.make(POLICY, {**properties, "Roles": [one, "nobody"]})
    assert await inline(deployed, one) == []


async def test_a_role_policy_is_one_document_of_one_role(deployed: Deployed) -> None:
    """A role policy is one document of one role."""
    one, _ = await roles(deployed)
    kind = "AWS::IAM::RolePolicy"
    properties = {"PolicyName": "send", "PolicyDocument": document(), "RoleName": one}
    made = await deployed.make(kind, properties)
    assert made.id == "send|one"
    with pytest.raises(ServiceError, match=r"'send\|one' already exists"):
        await deployed.make(kind, properties)
    assert (await deployed.make(kind, properties, repeated=True)).id == made.id
    await deployed.change(kind, made, {**properties, "PolicyDocument": document("sqs:*")})
    shown = await deployed.call("iam", "GetRolePolicy", RoleName=one, PolicyName="send")
    assert "sqs%3A%2A" in shown["PolicyDocument"]
    await deployed.drop(kind, made)
    await deployed.drop(kind, made)
    assert await inline(deployed, one) == []


async def holders(deployed: Deployed, arn: str) -> list[str]:
    """The roles that have a managed policy."""
    shown = await deployed.call("iam", "ListEntitiesForPolicy", PolicyArn=arn)
    return [each["RoleName"] for each in shown["PolicyRoles"]]


async def test_a_managed_policy_has_its_arn_as_reference(deployed: Deployed) -> None:
    """A managed policy has its ARN as reference, and follows whom it is attached to."""
    one, two = await roles(deployed)
    properties = {
        "ManagedPolicyName": "send",
        "Path": "/a/",
        "Description": "d",
        "PolicyDocument": document(),
        "Roles": [one],
    }
    made = await deployed.make(MANAGED, properties)
    assert made.id == f"arn:aws:iam::{ACCOUNT}:policy/a/send"
    assert made.attributes["PolicyArn"] == made.id
    assert made.attributes["DefaultVersionId"] == "v1"
    assert made.attributes["AttachmentCount"] == 1
    assert str(made.attributes["CreateDate"]).endswith("Z")
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(MANAGED, properties)
    assert await deployed.make(MANAGED, properties, repeated=True) == made
    await deployed.change(MANAGED, made, {**properties, "Roles": [two]})
    assert await holders(deployed, made.id) == [two]
    await deployed.drop(MANAGED, made)
    await deployed.drop(MANAGED, made)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetPolicy", PolicyArn=made.id)


async def test_each_document_of_a_managed_policy_is_a_version(deployed: Deployed) -> None:
    """Each document is the new default version; the oldest goes when there is no more room."""
    made = await deployed.make(MANAGED, {"PolicyDocument": document()})
    for number in range(6):
        changed = {"PolicyDocument": document(f"sqs:Send{number}")}
        made = await deployed.change(MANAGED, made, changed)
    assert made.attributes["DefaultVersionId"] == "v7"
    shown = await deployed.call("iam", "ListPolicyVersions", PolicyArn=made.id)
    assert len(shown["Versions"]) == 5
    await deployed.drop(MANAGED, made)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetPolicy", PolicyArn=made.id)


async def test_a_managed_policy_that_cannot_be_attached_is_not_left_behind(
    deployed: Deployed,
) -> None:
    """A managed policy that cannot be attached is not left behind."""
    properties = {
        "ManagedPolicyName": "send",
        "PolicyDocument": document(),
        "Users": ["nobody"],
    }
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.make(MANAGED, properties)
    shown = await deployed.call("iam", "ListPolicies", Scope="Local")
    assert shown["Policies"] == []
