"""Types that are stored without effect."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.deploy.catalog import TYPES, find_type
from tests.deploy.world import Deployed

HERE = "eu-west-1:000000000000"
STORED = sorted(name for name, known in TYPES.items() if known.stored_only)


@pytest.mark.parametrize("kind", STORED)
async def test_a_stored_resource_has_a_reference_and_all_attributes(
    deployed: Deployed, kind: str
) -> None:
    """Every stored type gives a reference and each attribute, without gaps, and lets itself be
    changed and deleted."""
    made = await deployed.make(kind, {})
    assert made.id
    assert "{" not in f"{made.id}{list(made.attributes.values())}"
    known = find_type(kind)
    assert known is not None
    assert set(made.attributes) == set(known.attributes)
    changed = await deployed.change(kind, made, {"Whatever": 1})
    assert changed.id == made.id
    await deployed.drop(kind, made)


@pytest.mark.parametrize("kind", STORED)
async def test_a_repeated_creation_gives_the_same(deployed: Deployed, kind: str) -> None:
    """What is generated is the same at each attempt, and another for the one that replaces it."""
    made = await deployed.make(kind, {})
    assert await deployed.make(kind, {}, repeated=True) == made


@pytest.mark.parametrize(
    ("kind", "given", "reference", "attributes"),
    [
        (
            "AWS::CloudWatch::Alarm",
            {"AlarmName": "late"},
            "late",
            {"Arn": f"arn:aws:cloudwatch:{HERE}:alarm:late"},
        ),
        ("AWS::KMS::Alias", {"AliasName": "alias/mine"}, "alias/mine", {}),
        (
            "AWS::ECR::Repository",
            {},
            "shop-thing-abcdef123456",
            {"RepositoryUri": "000000000000.dkr.ecr.eu-west-1.amazonaws.com/"},
        ),
        ("AWS::EC2::Subnet", {"VpcId": "vpc-1"}, "subnet-", {"VpcId": "vpc-1"}),
        (
            "AWS::CertificateManager::Certificate",
            {"DomainName": "example.org"},
            f"arn:aws:acm:{HERE}:certificate/",
            {},
        ),
        (
            "AWS::WAFv2::WebACL",
            {"Name": "wall", "Scope": "REGIONAL"},
            "wall|",
            {"Arn": f"arn:aws:wafv2:{HERE}:regional/webacl/wall/"},
        ),
        (
            "AWS::SecretsManager::RotationSchedule",
            {"SecretId": "arn:s"},
            "arn:s",
            {"Id": "arn:s"},
        ),
    ],
)
async def test_references_are_as_on_aws(
    deployed: Deployed,
    kind: str,
    given: dict[str, Any],
    reference: str,
    attributes: dict[str, str],
) -> None:
    """References and attributes begin as AWS's do."""
    made = await deployed.make(kind, given)
    assert made.id.startswith(reference)
    for name, text in attributes.items():
        assert str(made.attributes[name]).startswith(text)


async def test_a_key_keeps_its_id_and_another_has_its_own(deployed: Deployed) -> None:
    """A key's id stays with it through changes; two keys have two."""
    one = await deployed.make("AWS::KMS::Key", {}, "One")
    two = await deployed.make("AWS::KMS::Key", {}, "Two")
    assert one.id != two.id
    assert one.attributes["Arn"] == f"arn:aws:kms:{HERE}:key/{one.id}"
    changed = await deployed.change("AWS::KMS::Key", one, {"Description": "d"}, suffix="X" * 12)
    assert changed.attributes == one.attributes


async def test_an_attribute_that_repeats_a_property_follows_it(deployed: Deployed) -> None:
    """An attribute that is one of the properties changes with it."""
    subnet = await deployed.make("AWS::EC2::Subnet", {"CidrBlock": "10.0.0.0/24"})
    subnet = await deployed.change("AWS::EC2::Subnet", subnet, {"CidrBlock": "10.0.1.0/24"})
    assert subnet.attributes["CidrBlock"] == "10.0.1.0/24"


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::CloudFront::Distribution",
        "AWS::Cognito::UserPool",
        "AWS::EC2::Instance",
        "AWS::ECS::Service",
        "AWS::Events::Endpoint",
        "AWS::Glue::Job",
        "AWS::RDS::DBInstance",
        "AWS::SSM::Document",
        "AWS::SecretsManager::SecretTargetAttachment",
    ],
)
def test_what_an_app_would_miss_is_refused(kind: str) -> None:
    """Types that run something, hold data or answer calls are not among the stored ones."""
    assert find_type(kind) is None
