"""Roles, linked roles and instance profiles of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.world import ACCOUNT, Deployed

ROLE = "AWS::IAM::Role"
LINKED = "AWS::IAM::ServiceLinkedRole"
PROFILE = "AWS::IAM::InstanceProfile"

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
SQS = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"


def trust(service: str = "lambda.amazonaws.com") -> JsonObject:
    """Who may assume a role."""
    statement: JsonObject = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(name: str, action: str = "sqs:SendMessage") -> JsonObject:
    """An inline policy."""
    statement: JsonObject = {"Effect": "Allow", "Action": action, "Resource": "*"}
    document: JsonObject = {"Version": "2012-10-17", "Statement": [statement]}
    return {"PolicyName": name, "PolicyDocument": document}


def role(**properties: Any) -> JsonObject:
    """Properties of a role."""
    return {"AssumeRolePolicyDocument": trust(), **properties}


async def test_a_role_has_its_name_as_reference(deployed: Deployed) -> None:
    """A role has its name as reference, and its ARN and id as attributes."""
    made = await deployed.make(ROLE, role(RoleName="worker", Path="/a/", Description="d"))
    assert made.id == "worker"
    assert made.attributes["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/a/worker"
    assert str(made.attributes["RoleId"]).startswith("AROA")
    generated = await deployed.make(ROLE, role(), "Other")
    assert generated.id == "shop-Other-ABCDEF123456"


async def test_a_role_of_somebody_else_is_not_taken_over(deployed: Deployed) -> None:
    """A role of somebody else is not taken over; one's own is found again, whole."""
    properties = role(RoleName="worker", Policies=[policy("send")])
    made = await deployed.make(ROLE, properties)
    with pytest.raises(ServiceError, match="'worker' already exists"):
        await deployed.make(ROLE, properties)
    await deployed.call("iam", "DeleteRolePolicy", RoleName="worker", PolicyName="send")
    assert await deployed.make(ROLE, properties, repeated=True) == made
    shown = await deployed.call("iam", "ListRolePolicies", RoleName="worker")
    assert shown["PolicyNames"] == ["send"]


async def test_policies_of_a_role_follow_the_template(deployed: Deployed) -> None:
    """Inline and managed policies follow the template, and leave what others attached."""
    made = await deployed.make(
        ROLE, role(Policies=[policy("send"), policy("read")], ManagedPolicyArns=[BASIC])
    )
    other = policy("theirs")
    await deployed.call("iam", "PutRolePolicy", RoleName=made.id, **other)
    after = role(Policies=[policy("read", "sqs:*"), policy("more")], ManagedPolicyArns=[SQS])
    await deployed.change(ROLE, made, after)
    shown = await deployed.call("iam", "ListRolePolicies", RoleName=made.id)
    assert shown["PolicyNames"] == ["more", "read", "theirs"]
    shown = await deployed.call("iam", "GetRolePolicy", RoleName=made.id, PolicyName="read")
    assert "sqs%3A%2A" in shown["PolicyDocument"]
    shown = await deployed.call("iam", "ListAttachedRolePolicies", RoleName=made.id)
    assert [each["PolicyArn"] for each in shown["AttachedPolicies"]] == [SQS]


async def test_a_role_is_as_by_default_where_its_template_is_silent(deployed: Deployed) -> None:
    """Description, session, boundary, trust and tags change, and end when dropped."""
    made = await deployed.make(ROLE, role())
    full = {
        "AssumeRolePolicyDocument": trust("states.amazonaws.com"),
        "Description": "d",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": SQS,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    changed = await deployed.change(ROLE, made, full)
    shown = (await deployed.call("iam", "GetRole", RoleName=made.id))["Role"]
    assert shown["Description"] == "d"
    assert shown["MaxSessionDuration"] == 7200
    assert shown["PermissionsBoundary"]["PermissionsBoundaryArn"] == SQS
    assert shown["Tags"] == [{"Key": "a", "Value": "1"}]
    assert "states.amazonaws.com" in shown["AssumeRolePolicyDocument"]
    await deployed.change(ROLE, changed, role())
    shown = (await deployed.call("iam", "GetRole", RoleName=made.id))["Role"]
    assert shown["Description"] == ""
    assert shown["MaxSessionDuration"] == 3600
    assert shown["PermissionsBoundary"] is None
    assert shown["Tags"] is None


async def test_a_role_that_cannot_be_finished_is_not_left_behind(deployed: Deployed) -> None:
    """A role whose policy is refused is not left behind."""
    bad: JsonObject = {"PolicyName": "bad", "PolicyDocument": {"Statement": []}}
    with pytest.raises(ServiceError, match="MalformedPolicyDocument"):
        await deployed.make(ROLE, role(RoleName="worker", Policies=[policy("send"), bad]))
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetRole", RoleName="worker")


async def test_a_role_goes_with_its_policies(deployed: Deployed) -> None:
    """A role goes with its policies; one that is gone already is deleted."""
    made = await deployed.make(ROLE, role(Policies=[policy("send")], ManagedPolicyArns=[BASIC]))
    await deployed.drop(ROLE, made)
    await deployed.drop(ROLE, made)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetRole", RoleName=made.id)


async def test_a_linked_role_is_named_by_its_service(deployed: Deployed) -> None:
    """A linked role is named by its service, adopted once, and deleted."""
    properties: JsonObject = {"AWSServiceName": "ecs.amazonaws.com", "CustomSuffix": "x"}
    made = await deployed.make(LINKED, properties)
    assert made.id == "AWSServiceRoleForECS_x"
    assert made.attributes == {"RoleName": made.id}
    with pytest.raises(ServiceError, match="has been taken"):
        await deployed.make(LINKED, properties)
    assert await deployed.make(LINKED, properties, repeated=True) == made
    await deployed.change(LINKED, made, {**properties, "Description": "d"})
    shown = await deployed.call("iam", "GetRole", RoleName=made.id)
    assert shown["Role"]["Description"] == "d"
    await deployed.drop(LINKED, made)
    await deployed.drop(LINKED, made)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetRole", RoleName=made.id)


async def test_an_instance_profile_holds_its_role(deployed: Deployed) -> None:
    """An instance profile holds its role, changes it, and lets it go when deleted."""
    one = await deployed.make(ROLE, role(), "One")
    two = await deployed.make(ROLE, role(), "Two")
    properties: JsonObject = {"Roles": [one.id], "InstanceProfileName": "p"}
    made = await deployed.make(PROFILE, properties)
    assert made.id == "p"
    assert made.attributes == {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/p"}
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(PROFILE, properties)
    assert await deployed.make(PROFILE, properties, repeated=True) == made
    tags: list[Any] = [{"Key": "a", "Value": "1"}]
    after: JsonObject = {"Roles": [two.id], "InstanceProfileName": "p", "Tags": tags}
    await deployed.change(PROFILE, made, after)
    shown = await deployed.call("iam", "GetInstanceProfile", InstanceProfileName="p")
    assert [each["RoleName"] for each in shown["InstanceProfile"]["Roles"]] == [two.id]
    assert shown["InstanceProfile"]["Tags"] == tags
    await deployed.drop(PROFILE, made)
    await deployed.drop(PROFILE, made)
    await deployed.drop(ROLE, two)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetInstanceProfile", InstanceProfileName="p")
