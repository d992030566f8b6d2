"""IAM through boto3, in the order in which Terraform, the CDK and Serverless call it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}],
}


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error.get("Message", "")


def role_of(iam: Any, name: str, **more: Any) -> Any:
    """A new role."""
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)[
        "Role"
    ]


def test_a_role(aws: Aws) -> None:
    """Created, shown, changed, deleted."""
    iam = aws("iam")
    made = role_of(iam, "one", Path="/app/", Description="d", Tags=[{"Key": "a", "Value": "1"}])
    assert made["Arn"].endswith(":role/app/one")
    assert made["RoleId"].startswith("AROA")
    got = iam.get_role(RoleName="one")["Role"]
    assert got["AssumeRolePolicyDocument"] == TRUST
    assert (got["Description"], got["MaxSessionDuration"]) == ("d", 3600)
    assert got["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.update_role(RoleName="one", Description="e", MaxSessionDuration=7200)
    other = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Sid": "x"}]}  # type: ignore[dict-item]
    iam.update_assume_role_policy(RoleName="one", PolicyDocument=json.dumps(other))
    got = iam.get_role(RoleName="one")["Role"]
    assert (got["Description"], got["MaxSessionDuration"]) == ("e", 7200)
    assert got["AssumeRolePolicyDocument"] == other
    assert [each["RoleName"] for each in iam.list_roles(PathPrefix="/app/")["Roles"]] == ["one"]
    assert iam.list_instance_profiles_for_role(RoleName="one")["InstanceProfiles"] == []
    iam.delete_role(RoleName="one")
    code, text = refusal(iam.get_role, RoleName="one")
    assert code == "NoSuchEntity"
    if not aws.is_moto:  # which says "Role one not found"
        assert text == "The role with name one cannot be found."


def test_roles_exist_once(aws: Aws) -> None:
    """AWS's code and sentence."""
    iam = aws("iam")
    role_of(iam, "once")
    document = json.dumps(TRUST)
    assert refusal(iam.create_role, RoleName="once", AssumeRolePolicyDocument=document) == (
        "EntityAlreadyExists",
        "Role with name once already exists.",
    )


def test_inline_policies(aws: Aws) -> None:
    """Put, shown, listed, in the way of the role's end, deleted."""
    iam = aws("iam")
    role_of(iam, "inline")
    iam.put_role_policy(RoleName="inline", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
    got = iam.get_role_policy(RoleName="inline", PolicyName="p")
    assert (got["RoleName"], got["PolicyName"], got["PolicyDocument"]) == ("inline", "p", ALLOW)
    assert iam.list_role_policies(RoleName="inline")["PolicyNames"] == ["p"]
    assert refusal(iam.delete_role, RoleName="inline") == (
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    )
    iam.delete_role_policy(RoleName="inline", PolicyName="p")
    assert iam.list_role_policies(RoleName="inline")["PolicyNames"] == []
    code, _ = refusal(iam.get_role_policy, RoleName="inline", PolicyName="p")
    assert code == "NoSuchEntity"
    iam.delete_role(RoleName="inline")


def test_policies_of_aws(aws: Aws) -> None:
    """They can be attached without being made."""
    if aws.is_moto:
        return  # moto has none unless it is told to
    iam = aws("iam")
    role_of(iam, "managed")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="managed", PolicyArn=arn)
    [attached] = iam.list_attached_role_policies(RoleName="managed")["AttachedPolicies"]
    assert attached == {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": arn}
    assert refusal(iam.delete_role, RoleName="managed") == (
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
    )
    told = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (told["Arn"], told["AttachmentCount"]) == (arn, 1)
    iam.detach_role_policy(RoleName="managed", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="managed")["AttachedPolicies"] == []
    code, _ = refusal(iam.detach_role_policy, RoleName="managed", PolicyArn=arn)
    assert code == "NoSuchEntity"


def test_managed_policies(aws: Aws) -> None:
    """Versions, the default one, attachments, the end."""
    iam = aws("iam")
    made = iam.create_policy(PolicyName="mine", PolicyDocument=json.dumps(ALLOW))["Policy"]
    arn = made["Arn"]
    assert (made["DefaultVersionId"], made["AttachmentCount"]) == ("v1", 0)
    got = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert (got["Document"], got["IsDefaultVersion"]) == (ALLOW, True)
    other = {**ALLOW, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    second = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=json.dumps(other), SetAsDefault=True
    )["PolicyVersion"]
    assert second["VersionId"] == "v2"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {each["VersionId"]: each["IsDefaultVersion"] for each in listed} == {
        "v1": False,
        "v2": True,
    }
    assert refusal(iam.delete_policy_version, PolicyArn=arn, VersionId="v2")[0] == "DeleteConflict"
    role_of(iam, "attached")
    iam.attach_role_policy(RoleName="attached", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    roles = iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]
    assert [each["RoleName"] for each in roles] == ["attached"]
    assert arn in [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]]
    if not aws.is_moto:  # which deletes it all the same
        assert refusal(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    iam.detach_role_policy(RoleName="attached", PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    assert refusal(iam.get_policy, PolicyArn=arn)[0] == "NoSuchEntity"


def test_five_versions(aws: Aws) -> None:
    """One more is refused."""
    iam = aws("iam")
    document = json.dumps(ALLOW)
    arn = iam.create_policy(PolicyName="five", PolicyDocument=document)["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    code, _ = refusal(iam.create_policy_version, PolicyArn=arn, PolicyDocument=document)
    assert code == "LimitExceeded"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("no json", "Syntax errors in policy."),
        ({**ALLOW, "Statement": []}, "Syntax errors in policy."),
        ({"Version": "2020-01-01", "Statement": ALLOW["Statement"]}, "Syntax errors in policy."),
        (
            {
                **ALLOW,
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
                ],
            },
            "Policy document should not specify a principal.",
        ),
        (
            {**ALLOW, "Statement": [{"Effect": "Allow", "Resource": "*"}]},
            "Policy statement must contain actions.",
        ),
        (
            {**ALLOW, "Statement": [{"Effect": "Allow", "Action": "sqs:*"}]},
            "Policy statement must contain resources.",
        ),
        (
            {**ALLOW, "Statement": [{"Effect": "Allow", "Action": "send", "Resource": "*"}]},
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            {**ALLOW, "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "queue"}]},
            'Resource queue must be in ARN format or "*".',
        ),
        ({**ALLOW, "Statement": [{"Effect": "Maybe"}]}, "Syntax errors in policy."),
    ],
)
def test_documents_that_are_no_policies(aws: Aws, document: Any, message: str) -> None:
    """AWS's sentence for each; nothing is kept."""
    if aws.is_moto and "principal" in message:
        return  # moto does not look
    iam = aws("iam")
    text = document if isinstance(document, str) else json.dumps(document)
    code, told = refusal(iam.create_policy, PolicyName="malformed", PolicyDocument=text)
    assert (code, told) == ("MalformedPolicyDocument", message)


def test_trust_policies(aws: Aws) -> None:
    """They name who, never what."""
    if aws.is_moto:
        return  # moto looks less closely
    iam = aws("iam")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    for wrong, message in (
        ({**statement, "Principal": "*", "Resource": "*"}, "Has prohibited field Resource"),
        (statement, "Missing required field Principal"),
    ):
        document = json.dumps({"Version": "2012-10-17", "Statement": [wrong]})
        code, told = refusal(iam.create_role, RoleName="no", AssumeRolePolicyDocument=document)
        assert (code, told) == ("MalformedPolicyDocument", message)
    code, told = refusal(iam.create_role, RoleName="no", AssumeRolePolicyDocument="no json")
    assert (code, told) == ("MalformedPolicyDocument", "This policy contains invalid Json")


def test_users_groups_and_keys(aws: Aws) -> None:
    """A user in a group, with a policy and a key; its end comes last."""
    iam = aws("iam")
    assert iam.create_user(UserName="ann")["User"]["Arn"].endswith(":user/ann")
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    assert [u["UserName"] for u in iam.get_group(GroupName="team")["Users"]] == ["ann"]
    groups = iam.list_groups_for_user(UserName="ann")["Groups"]
    assert [each["GroupName"] for each in groups] == ["team"]
    iam.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
    assert iam.list_group_policies(GroupName="team")["PolicyNames"] == ["p"]
    document = json.dumps(ALLOW)
    arn = iam.create_policy(PolicyName="of-ann", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    assert (len(key["AccessKeyId"]), key["Status"]) == (20, "Active")
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    [listed] = iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
    assert (listed["AccessKeyId"], listed["Status"]) == (key["AccessKeyId"], "Inactive")
    assert refusal(iam.delete_user, UserName="ann")[0] == "DeleteConflict"
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName="ann", PolicyArn=arn)
    iam.remove_user_from_group(GroupName="team", UserName="ann")
    iam.delete_user(UserName="ann")
    assert refusal(iam.get_user, UserName="ann")[0] == "NoSuchEntity"


def test_instance_profiles(aws: Aws) -> None:
    """With one role."""
    iam = aws("iam")
    role_of(iam, "profiled")
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="profiled")
    got = iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]
    assert [each["RoleName"] for each in got["Roles"]] == ["profiled"]
    listed = iam.list_instance_profiles_for_role(RoleName="profiled")["InstanceProfiles"]
    assert [each["InstanceProfileName"] for each in listed] == ["profile"]
    assert refusal(iam.delete_role, RoleName="profiled")[0] == "DeleteConflict"
    iam.remove_role_from_instance_profile(InstanceProfileName="profile", RoleName="profiled")
    iam.delete_instance_profile(InstanceProfileName="profile")
    code, _ = refusal(iam.get_instance_profile, InstanceProfileName="profile")
    assert code == "NoSuchEntity"


def test_tags(aws: Aws) -> None:
    """Of roles and policies."""
    iam = aws("iam")
    role_of(iam, "tagged")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    iam.tag_role(RoleName="tagged", Tags=tags)
    iam.untag_role(RoleName="tagged", TagKeys=["a"])
    assert iam.list_role_tags(RoleName="tagged")["Tags"] == tags[1:]
    document = json.dumps(ALLOW)
    arn = iam.create_policy(PolicyName="tagged", PolicyDocument=document)["Policy"]["Arn"]
    iam.tag_policy(PolicyArn=arn, Tags=tags)
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == tags


def test_pages(aws: Aws) -> None:
    """MaxItems and Marker lead through all of them."""
    iam = aws("iam")
    for number in range(5):
        role_of(iam, f"page{number}", Path="/paged/")
    seen: list[str] = []
    for page in iam.get_paginator("list_roles").paginate(
        PathPrefix="/paged/", PaginationConfig={"PageSize": 2}
    ):
        seen += [each["RoleName"] for each in page["Roles"]]
    assert sorted(seen) == [f"page{number}" for number in range(5)]


def test_service_linked_roles(aws: Aws) -> None:
    """Under the path of their service."""
    iam = aws("iam")
    role = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
    assert ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleFor" in role["Arn"]
    if aws.is_moto:
        return  # moto spells it otherwise, and makes it twice
    assert role["RoleName"] == "AWSServiceRoleForECS"
    code, _ = refusal(iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
    assert code == "InvalidInput"
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    told = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert told["Status"] == "SUCCEEDED"


def test_permissions_boundaries(aws: Aws) -> None:
    """Kept and shown."""
    iam = aws("iam")
    role_of(iam, "bounded")
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=arn)
    shown = iam.get_role(RoleName="bounded")["Role"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == arn
    iam.delete_role_permissions_boundary(RoleName="bounded")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="bounded")["Role"]


def test_what_is_not_here(aws: Aws) -> None:
    """Is refused by name."""
    if aws.is_moto:
        return
    iam = aws("iam")
    for call, params, name in (
        (iam.list_saml_providers, {}, "ListSAMLProviders"),
        (iam.list_open_id_connect_providers, {}, "ListOpenIDConnectProviders"),
        (
            iam.simulate_principal_policy,
            {"PolicySourceArn": "arn:aws:iam::000000000000:role/x", "ActionNames": ["sqs:*"]},
            "SimulatePrincipalPolicy",
        ),
    ):
        _, text = refusal(call, **params)
        assert text == f"Stepwell does not implement IAM {name} yet."
