"""Secrets of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.values import decode
from tests.deploy.world import Deployed

SECRET = "AWS::SecretsManager::Secret"
POLICY = "AWS::SecretsManager::ResourcePolicy"
HERE = "arn:aws:secretsmanager:eu-west-1:000000000000:secret"


async def value(deployed: Deployed, arn: str) -> str:
    """The secret's text."""
    shown = await deployed.call("secretsmanager", "GetSecretValue", SecretId=arn)
    return str(shown["SecretString"])


async def test_a_secret_has_its_arn_as_reference(deployed: Deployed) -> None:
    """A secret has its ARN as reference, and is named after its logical id."""
    secret = await deployed.make(SECRET, {"SecretString": "s3cret"}, "Key")
    assert secret.id.startswith(f"{HERE}:Key-ABCDEF123456-")
    assert secret.attributes == {"Id": secret.id}
    assert await value(deployed, secret.id) == "s3cret"


async def test_a_generated_password_stands_in_its_template(deployed: Deployed) -> None:
    """A generated password stands in the template that is given for it, and stays as it is."""
    generate = {
        "SecretStringTemplate": '{"username": "admin"}',
        "GenerateStringKey": "password",
        "PasswordLength": "20",
        "ExcludePunctuation": True,
    }
    secret = await deployed.make(SECRET, {"GenerateSecretString": generate})
    first = await value(deployed, secret.id)
    parsed: Any = decode(first)
    assert parsed["username"] == "admin"
    assert len(parsed["password"]) == 20
    assert parsed["password"].isalnum()
    secret = await deployed.change(
        SECRET, secret, {"GenerateSecretString": generate, "Description": "d"}
    )
    assert await value(deployed, secret.id) == first
    await deployed.change(SECRET, secret, {"GenerateSecretString": {"PasswordLength": 40}})
    assert len(await value(deployed, secret.id)) == 40


async def test_an_empty_secret_gets_its_value_later(deployed: Deployed) -> None:
    """A secret without a value can be made, and get one when the template changes."""
    secret = await deployed.make(SECRET, {})
    with pytest.raises(ServiceError):
        await value(deployed, secret.id)
    await deployed.change(SECRET, secret, {"SecretString": {"a": 1}})
    assert await value(deployed, secret.id) == '{"a":1}'


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"SecretString": "a", "GenerateSecretString": {}}, "both SecretString"),
        ({"GenerateSecretString": {"Length": 8}}, "extraneous key"),
        ({"GenerateSecretString": {"GenerateStringKey": "a"}}, "both SecretStringTemplate"),
        (
            {"GenerateSecretString": {"GenerateStringKey": "a", "SecretStringTemplate": "x"}},
            "Could not parse",
        ),
    ],
)
async def test_a_value_that_cannot_be_is_refused(
    deployed: Deployed, given: dict[str, Any], complaint: str
) -> None:
    """A value that is given twice, or whose template is none, is refused."""
    with pytest.raises(ServiceError, match=complaint):
        await deployed.make(SECRET, given)


async def test_what_a_template_drops_of_a_secret_is_gone(deployed: Deployed) -> None:
    """Description and tags that a template drops are gone; the value stays."""
    given = {"Name": "mine", "SecretString": "x", "Description": "d"}
    secret = await deployed.make(SECRET, {**given, "Tags": [{"Key": "a", "Value": "1"}]})
    after = {"Name": "mine", "SecretString": "x", "Tags": [{"Key": "b", "Value": "2"}]}
    await deployed.change(SECRET, secret, after)
    shown = await deployed.call("secretsmanager", "DescribeSecret", SecretId="mine")
    assert not shown.get("Description")
    assert shown["Tags"] == [{"Key": "b", "Value": "2"}]
    assert len(shown["VersionIdsToStages"]) == 1


async def test_a_secret_is_deleted_at_once(deployed: Deployed) -> None:
    """A secret is deleted at once, so that its stack can be made again."""
    secret = await deployed.make(SECRET, {"Name": "mine", "SecretString": "x"})
    await deployed.drop(SECRET, secret)
    await deployed.drop(SECRET, secret)
    await deployed.make(SECRET, {"Name": "mine", "SecretString": "y"})


async def test_a_repeated_creation_keeps_the_password(deployed: Deployed) -> None:
    """A repeated creation finds its own secret with the password that it has."""
    given: dict[str, Any] = {"GenerateSecretString": {}}
    secret = await deployed.make(SECRET, given)
    before = await value(deployed, secret.id)
    assert await deployed.make(SECRET, given, repeated=True) == secret
    assert await value(deployed, secret.id) == before


async def test_a_policy_is_put_on_its_secret_and_taken_off(deployed: Deployed) -> None:
    """A policy has its secret's ARN as reference, is changed and taken off."""
    secret = await deployed.make(SECRET, {"Name": "mine"})
    given = {"SecretId": "mine", "ResourcePolicy": {"Version": "2012-10-17", "Statement": []}}
    policy = await deployed.make(POLICY, given)
    assert policy.id == secret.id
    with pytest.raises(ServiceError, match="already exists"):
        await deployed.make(POLICY, given, "Other")
    changed = {**given, "ResourcePolicy": {"Id": "other", "Statement": []}}
    policy = await deployed.change(POLICY, policy, changed)
    shown = await deployed.call("secretsmanager", "GetResourcePolicy", SecretId="mine")
    assert '"other"' in shown["ResourcePolicy"]
    await deployed.drop(POLICY, policy)
    shown = await deployed.call("secretsmanager", "GetResourcePolicy", SecretId="mine")
    assert "ResourcePolicy" not in shown or shown["ResourcePolicy"] is None
    await deployed.drop(SECRET, secret)
    await deployed.drop(POLICY, policy)
