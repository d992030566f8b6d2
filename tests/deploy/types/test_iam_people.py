"""Users, groups and access keys of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.deploy.types.test_iam_roles import SQS, policy
from tests.deploy.world import ACCOUNT, Deployed

USER = "AWS::IAM::User"
GROUP = "AWS::IAM::Group"
ADDITION = "AWS::IAM::UserToGroupAddition"
KEY = "AWS::IAM::AccessKey"


async def users(deployed: Deployed, group: str) -> list[str]:
    """Who is in a group."""
    shown = await deployed.call("iam", "GetGroup", GroupName=group)
    return [each["UserName"] for each in shown["Users"]]


async def test_a_user_follows_the_template(deployed: Deployed) -> None:
    """A user has the name as reference; path, groups, policies and tags follow the template."""
    await deployed.make(GROUP, {"GroupName": "one"}, "One")
    await deployed.make(GROUP, {"GroupName": "two"}, "Two")
    properties: dict[str, Any] = {
        "UserName": "ann",
        "Path": "/a/",
        "Groups": ["one"],
        "Policies": [policy("send")],
        "ManagedPolicyArns": [SQS],
        "PermissionsBoundary": SQS,
        "Tags": [{"Key": "a", "Value": "1"}],
        "LoginProfile": {"Password": "x"},
    }
    made = await deployed.make(USER, properties)
    assert made.id == "ann"
    assert made.attributes == {"Arn": f"arn:aws:iam::{ACCOUNT}:user/a/ann"}
    with pytest.raises(ServiceError, match="'ann' already exists"):
        await deployed.make(USER, properties)
    assert await deployed.make(USER, properties, repeated=True) == made
    changed = await deployed.change(USER, made, {"UserName": "ann", "Groups": ["two"]})
    assert changed.attributes == {"Arn": f"arn:aws:iam::{ACCOUNT}:user/ann"}
    assert (await users(deployed, "one"), await users(deployed, "two")) == ([], ["ann"])
    shown = (await deployed.call("iam", "GetUser", UserName="ann"))["User"]
    assert (shown["PermissionsBoundary"], shown["Tags"]) == (None, None)
    shown = await deployed.call("iam", "ListAttachedUserPolicies", UserName="ann")
    assert shown["AttachedPolicies"] == []
    await deployed.drop(USER, changed)
    await deployed.drop(USER, changed)
    assert await users(deployed, "two") == []


async def test_a_user_for_an_unknown_group_is_not_left_behind(deployed: Deployed) -> None:
    """A user for an unknown group is not left behind."""
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.make(USER, {"UserName": "ann", "Groups": ["none"]})
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await deployed.call("iam", "GetUser", UserName="ann")


async def test_a_group_follows_the_template(deployed: Deployed) -> None:
    """A group has its name as reference; path and policies follow the template."""
    properties = {"GroupName": "one", "Policies": [policy("send")], "ManagedPolicyArns": [SQS]}
    made = await deployed.make(GROUP, properties)
    assert made.attributes == {"Arn": f"arn:aws:iam::{ACCOUNT}:group/one"}
    with pytest.raises(ServiceError, match="'one' already exists"):
        await deployed.make(GROUP, properties)
    assert await deployed.make(GROUP, properties, repeated=True) == made
    changed = await deployed.change(GROUP, made, {"GroupName": "one", "Path": "/b/"})
    assert changed.attributes == {"Arn": f"arn:aws:iam::{ACCOUNT}:group/b/one"}
    shown = await deployed.call("iam", "ListGroupPolicies", GroupName="one")
    assert shown["PolicyNames"] == []
    await deployed.drop(GROUP, changed)
    await deployed.drop(GROUP, changed)
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        await users(deployed, "one")


async def test_an_addition_puts_users_into_a_group(deployed: Deployed) -> None:
    """An addition puts users into a group, changes both, and takes them out."""
    for name in ("one", "two"):
        await deployed.make(GROUP, {"GroupName": name}, name)
    for name in ("ann", "bob"):
        await deployed.make(USER, {"UserName": name}, name)
    made = await deployed.make(ADDITION, {"GroupName": "one", "Users": ["ann"]})
    assert made.attributes == {"Id": made.id}
    assert await users(deployed, "one") == ["ann"]
    made = await deployed.change(ADDITION, made, {"GroupName": "one", "Users": ["bob"]})
    assert await users(deployed, "one") == ["bob"]
    made = await deployed.change(ADDITION, made, {"GroupName": "two", "Users": ["bob"]})
    assert (await users(deployed, "one"), await users(deployed, "two")) == ([], ["bob"])
    await deployed.drop(ADDITION, made)
    await deployed.drop(ADDITION, made)
    assert await users(deployed, "two") == []


async def test_an_access_key_shows_its_secret(deployed: Deployed) -> None:
    """An access key has its id as reference and its secret as attribute."""
    await deployed.make(USER, {"UserName": "ann"}, "Ann")
    made = await deployed.make(KEY, {"UserName": "ann", "Status": "Inactive"})
    assert made.id.startswith("AKIA")
    assert len(str(made.attributes["SecretAccessKey"])) == 40
    shown = await deployed.call("iam", "ListAccessKeys", UserName="ann")
    assert [(each["AccessKeyId"], each["Status"]) for each in shown["AccessKeyMetadata"]] == [
        (made.id, "Inactive")
    ]
    changed = await deployed.change(KEY, made, {"UserName": "ann"})
    assert changed.attributes == made.attributes
    shown = await deployed.call("iam", "ListAccessKeys", UserName="ann")
    assert shown["AccessKeyMetadata"][0]["Status"] == "Active"
    await deployed.drop(KEY, made)
    await deployed.drop(KEY, made)
    shown = await deployed.call("iam", "ListAccessKeys", UserName="ann")
    assert shown["AccessKeyMetadata"] == []


async def test_providers_are_kept(deployed: Deployed) -> None:
    """Providers of identities are kept, with their ARNs."""
    oidc = await deployed.make("AWS::IAM::OIDCProvider", {"Url": "https://token.example.com"})
    assert oidc.id == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com"
    saml = await deployed.make("AWS::IAM::SAMLProvider", {"Name": "office"})
    assert saml.attributes["Arn"] == f"arn:aws:iam::{ACCOUNT}:saml-provider/office"


async def test_who_is_renamed_keeps_what_hangs_on_it(deployed: Deployed) -> None:
    """UpdateUser and UpdateGroup take policies, keys and membership along."""
    await deployed.make(GROUP, {"GroupName": "one", "Policies": [policy("send")]}, "One")
    user = {"UserName": "ann", "Groups": ["one"], "ManagedPolicyArns": [SQS]}
    await deployed.make(USER, user, "Ann")
    await deployed.make(KEY, {"UserName": "ann"})
    await deployed.call("iam", "CreateUser", UserName="bob")
    with pytest.raises(ServiceError, match="User with name BOB already exists"):
        await deployed.call("iam", "UpdateUser", UserName="ann", NewUserName="BOB")
    await deployed.call("iam", "UpdateUser", UserName="ann", NewUserName="Ann")
    await deployed.call("iam", "UpdateGroup", GroupName="one", NewGroupName="two", NewPath="/c/")
    assert await users(deployed, "two") == ["Ann"]
    shown = await deployed.call("iam", "ListAttachedUserPolicies", UserName="Ann")
    assert len(shown["AttachedPolicies"]) == 1
    shown = await deployed.call("iam", "ListAccessKeys", UserName="Ann")
    assert shown["AccessKeyMetadata"][0]["UserName"] == "Ann"
    shown = await deployed.call("iam", "ListGroupPolicies", GroupName="two")
    assert shown["PolicyNames"] == ["send"]
    for name in ("ann", "one"):
        with pytest.raises(ServiceError, match="NoSuchEntity"):
            await deployed.call("iam", "GetUser", UserName=name)
