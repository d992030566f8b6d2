"""Dynamic references to parameters and secrets."""

from __future__ import annotations

import pytest

from stepwell.deploy.dynamic import has_dynamic_reference, resolve_dynamic
from stepwell.errors import ServiceError
from tests.deploy.world import Deployed


@pytest.fixture
async def stored(deployed: Deployed) -> Deployed:
    """A server with parameters and a secret."""
    for value in ("old", "new"):
        await deployed.call(
            "ssm", "PutParameter", Name="/a/b", Value=value, Type="String", Overwrite=True
        )
    await deployed.call("ssm", "PutParameter", Name="safe", Value="hush", Type="SecureString")
    await deployed.call(
        "secretsmanager", "CreateSecret", Name="login", SecretString='{"user":"ann","n":1}'
    )
    return deployed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{resolve:ssm:/a/b}}", "new"),
        ("{{resolve:ssm:/a/b:1}}", "old"),
        ("{{resolve:ssm-secure:safe}}", "hush"),
        ("{{resolve:secretsmanager:login}}", '{"user":"ann","n":1}'),
        ("{{resolve:secretsmanager:login:SecretString:user}}", "ann"),
        ("{{resolve:secretsmanager:login:SecretString:n::}}", "1"),
        ("{{resolve:secretsmanager:login:SecretString:user:AWSCURRENT}}", "ann"),
        ("a {{resolve:ssm:/a/b}} b {{resolve:ssm:/a/b:1}}", "a new b old"),
        ("{{nothing}}", "{{nothing}}"),
    ],
)
async def test_references_are_replaced(stored: Deployed, text: str, expected: str) -> None:
    """References are replaced wherever they stand in a text."""
    found = await resolve_dynamic({"P": [{"x": text}]}, stored.cloud)
    assert found == {"P": [{"x": expected}]}


async def test_a_secret_is_found_by_its_arn(stored: Deployed) -> None:
    """A secret is found by its ARN, which has colons of its own."""
    arn = (await stored.call("secretsmanager", "DescribeSecret", SecretId="login"))["ARN"]
    text = f"{{{{resolve:secretsmanager:{arn}:SecretString:user}}}}"
    assert await resolve_dynamic({"P": text}, stored.cloud) == {"P": "ann"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{resolve:ssm:/none}}", "Parameter /none cannot be found."),
        ("{{resolve:ssm:safe}}", "SSM Secure reference is not supported in"),
        ("{{resolve:secretsmanager:none}}", "Secrets Manager can't find the specified secret."),
        ("{{resolve:secretsmanager:login:SecretString:x}}", "Could not find a value associated"),
        ("{{resolve:secretsmanager:login:SecretBinary}}", "must ask for SecretString"),
        ("{{resolve:vault:x}}", "Invalid dynamic reference"),
    ],
)
async def test_what_is_not_there_is_refused(stored: Deployed, text: str, message: str) -> None:
    """A reference to nothing is refused with a sentence that names it."""
    with pytest.raises(ServiceError, match=message) as refused:
        await resolve_dynamic({"P": text}, stored.cloud)
    assert refused.value.code == "ValidationError"


async def test_values_without_references_are_left_alone(deployed: Deployed) -> None:
    """Nothing is called, and the same value comes back."""
    properties: dict[str, object] = {"P": ["x"]}
    assert await resolve_dynamic(properties, deployed.cloud) is properties  # type: ignore[arg-type]
    assert not has_dynamic_reference("{{x}}")
    assert has_dynamic_reference([{"x": "a{{resolve:ssm:y}}"}])
