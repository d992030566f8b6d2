"""Secrets Manager through boto3."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.oracle.conftest import Aws


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    """Code and text of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    error = refused.value.response["Error"]
    return error["Code"], error.get("Message", "")


def test_a_secret(aws: Aws) -> None:
    """Created, read by name and by ARN, described."""
    secrets = aws("secretsmanager")
    made = secrets.create_secret(Name="one/db", SecretString="s3cret", Description="d")
    assert made["ARN"].rsplit("-", 1)[0].endswith(":secret:one/db")
    got = secrets.get_secret_value(SecretId="one/db")
    assert (got["SecretString"], got["VersionStages"]) == ("s3cret", ["AWSCURRENT"])
    assert got["VersionId"] == made["VersionId"]
    assert secrets.get_secret_value(SecretId=made["ARN"])["SecretString"] == "s3cret"
    told = secrets.describe_secret(SecretId="one/db")
    assert (told["Name"], told["Description"]) == ("one/db", "d")
    assert told["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}


def test_binary(aws: Aws) -> None:
    """Bytes come back as they went in."""
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="binary", SecretBinary=b"\x00\xff")
    got = secrets.get_secret_value(SecretId="binary")
    assert got["SecretBinary"] == b"\x00\xff"
    assert "SecretString" not in got


def test_versions(aws: Aws) -> None:
    """The current one becomes the previous one; stages can be moved back."""
    secrets = aws("secretsmanager")
    first = secrets.create_secret(Name="versions", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="versions", SecretString="2")["VersionId"]
    assert secrets.get_secret_value(SecretId="versions")["SecretString"] == "2"
    previous = secrets.get_secret_value(SecretId="versions", VersionStage="AWSPREVIOUS")
    assert (previous["SecretString"], previous["VersionId"]) == ("1", first)
    assert secrets.get_secret_value(SecretId="versions", VersionId=first)["SecretString"] == "1"
    if aws.is_moto:
        return  # moto leaves the current version as it was
    secrets.update_secret_version_stage(
        SecretId="versions",
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=second,
        MoveToVersionId=first,
    )
    assert secrets.get_secret_value(SecretId="versions")["SecretString"] == "1"
    stages = secrets.describe_secret(SecretId="versions")["VersionIdsToStages"]
    assert stages == {first: ["AWSCURRENT"], second: ["AWSPREVIOUS"]}
    pending = secrets.put_secret_value(
        SecretId="versions", SecretString="3", VersionStages=["AWSPENDING"]
    )
    assert pending["VersionStages"] == ["AWSPENDING"]
    assert secrets.get_secret_value(SecretId="versions")["SecretString"] == "1"
    listed = secrets.list_secret_version_ids(SecretId="versions")["Versions"]
    assert {each["VersionId"] for each in listed} == {first, second, pending["VersionId"]}


def test_update(aws: Aws) -> None:
    """A description without a value makes no version; a value makes one."""
    secrets = aws("secretsmanager")
    made = secrets.create_secret(Name="updated", SecretString="1")["VersionId"]
    told = secrets.update_secret(SecretId="updated", Description="new")
    assert secrets.describe_secret(SecretId="updated")["Description"] == "new"
    assert secrets.get_secret_value(SecretId="updated")["VersionId"] == made
    told = secrets.update_secret(SecretId="updated", SecretString="2")
    assert secrets.get_secret_value(SecretId="updated")["VersionId"] == told["VersionId"] != made


def test_deletion(aws: Aws) -> None:
    """It can be restored until its window is over; forced, it is gone."""
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="deleted", SecretString="1")
    secrets.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
    assert refusal(secrets.get_secret_value, SecretId="deleted")[0] == "InvalidRequestException"
    code, _ = refusal(secrets.create_secret, Name="deleted", SecretString="2")
    assert code == ("ResourceExistsException" if aws.is_moto else "InvalidRequestException")
    assert "DeletedDate" in secrets.describe_secret(SecretId="deleted")
    secrets.restore_secret(SecretId="deleted")
    assert secrets.get_secret_value(SecretId="deleted")["SecretString"] == "1"
    secrets.delete_secret(SecretId="deleted", ForceDeleteWithoutRecovery=True)
    assert refusal(secrets.describe_secret, SecretId="deleted")[0] == "ResourceNotFoundException"
    secrets.create_secret(Name="deleted", SecretString="again")
    assert secrets.get_secret_value(SecretId="deleted")["SecretString"] == "again"


def test_refusals(aws: Aws) -> None:
    """Codes and sentences of AWS."""
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="empty")
    assert refusal(secrets.get_secret_value, SecretId="nothing") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )
    assert refusal(secrets.get_secret_value, SecretId="empty") == (
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    )
    code, _ = refusal(secrets.create_secret, Name="empty", SecretString="x")
    assert code == "ResourceExistsException"
    code, _ = refusal(
        secrets.delete_secret,
        SecretId="empty",
        RecoveryWindowInDays=7,
        ForceDeleteWithoutRecovery=True,
    )
    assert code == "InvalidParameterException"
    code, _ = refusal(secrets.delete_secret, SecretId="empty", RecoveryWindowInDays=6)
    assert code == "InvalidParameterException"
    assert refusal(secrets.put_secret_value, SecretId="empty") == (
        "InvalidRequestException",
        "You must provide either SecretString or SecretBinary.",
    )


def test_the_same_call_again(aws: Aws) -> None:
    """The same token and value answer the same; another value is refused."""
    if aws.is_moto:
        return  # moto makes it again
    secrets = aws("secretsmanager")
    token = "0" * 32
    asked = {"Name": "again", "ClientRequestToken": token}
    made = secrets.create_secret(**asked, SecretString="1")
    again = secrets.create_secret(**asked, SecretString="1")
    assert (made["ARN"], made["VersionId"]) == (again["ARN"], token)
    assert refusal(secrets.create_secret, **asked, SecretString="2")[0] == "ResourceExistsException"


def test_lists(aws: Aws) -> None:
    """By name, tag and description; tags can be changed."""
    secrets = aws("secretsmanager")
    tags = [{"Key": "team", "Value": "x"}]
    secrets.create_secret(Name="listed/a", SecretString="1", Tags=tags, Description="first one")
    secrets.create_secret(Name="listed/b", SecretString="2")

    def found(key: str, value: str) -> list[str]:
        wanted = [{"Key": key, "Values": [value]}]
        return sorted(each["Name"] for each in secrets.list_secrets(Filters=wanted)["SecretList"])

    assert found("name", "listed/") == ["listed/a", "listed/b"]
    assert found("tag-key", "team") == ["listed/a"]
    assert found("tag-value", "x") == ["listed/a"]
    secrets.tag_resource(SecretId="listed/b", Tags=tags)
    secrets.untag_resource(SecretId="listed/a", TagKeys=["team"])
    assert found("tag-key", "team") == ["listed/b"]
    batch = secrets.batch_get_secret_value(SecretIdList=["listed/a", "listed/b", "listed/c"])
    values = {each["Name"]: each["SecretString"] for each in batch["SecretValues"]}
    assert values == {"listed/a": "1", "listed/b": "2"}
    assert [each["ErrorCode"] for each in batch["Errors"]] == ["ResourceNotFoundException"]


def test_passwords(aws: Aws) -> None:
    """As long as asked for, of the kinds asked for."""
    secrets = aws("secretsmanager")
    password = secrets.get_random_password()["RandomPassword"]
    assert len(password) == 32
    digits = secrets.get_random_password(
        PasswordLength=20,
        ExcludeLowercase=True,
        ExcludeUppercase=True,
        ExcludePunctuation=True,
        ExcludeCharacters="01",
    )["RandomPassword"]
    assert len(digits) == 20
    assert set(digits) <= set(string.digits) - set("01")


def test_policies(aws: Aws) -> None:
    """Kept and shown."""
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="policy", SecretString="1")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    secrets.put_resource_policy(SecretId="policy", ResourcePolicy=text)
    told = secrets.get_resource_policy(SecretId="policy")
    assert json.loads(told["ResourcePolicy"])["Statement"] == [statement]
    secrets.delete_resource_policy(SecretId="policy")
    assert not secrets.get_resource_policy(SecretId="policy").get("ResourcePolicy")


def test_rotation_is_refused(aws: Aws) -> None:
    """By name."""
    if aws.is_moto:
        return
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="rotated", SecretString="1")
    _, text = refusal(secrets.rotate_secret, SecretId="rotated")
    assert text == "Stepwell does not implement Secrets Manager RotateSecret yet."


def test_secrets_as_parameters(aws: Aws) -> None:
    """Parameter Store shows them under `/aws/reference/secretsmanager/`."""
    if aws.is_moto:
        return  # moto's parameter has the shape of another call
    secrets, ssm = aws("secretsmanager"), aws("ssm")
    secrets.create_secret(Name="shown", SecretString="s3cret")
    name = "/aws/reference/secretsmanager/shown"
    got = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (got["Name"], got["Value"], got["Type"]) == (name, "s3cret", "SecureString")
    assert refusal(ssm.get_parameter, Name=name)[0] == "ValidationException"
    code, _ = refusal(ssm.get_parameter, Name=f"{name}-not", WithDecryption=True)
    assert code == "ParameterNotFound"


def test_stages_are_few(aws: Aws) -> None:
    """All versions of a secret have at most twenty together; moving one is always possible."""
    if aws.is_moto:
        pytest.skip("moto does not count them")
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="staged", SecretString="1")
    stages = [f"stage-{number}" for number in range(19)]
    made = secrets.put_secret_value(SecretId="staged", SecretString="2", VersionStages=stages)
    code, _ = refusal(
        secrets.put_secret_value, SecretId="staged", SecretString="3", VersionStages=["one-more"]
    )
    assert code == "LimitExceededException"
    code, _ = refusal(
        secrets.update_secret_version_stage,
        SecretId="staged",
        VersionStage="one-more",
        MoveToVersionId=made["VersionId"],
    )
    assert code == "LimitExceededException"
    moved = secrets.put_secret_value(SecretId="staged", SecretString="4", VersionStages=stages[:1])
    assert moved["VersionStages"] == ["stage-0"]
