"""The language's tables of `aws-sdk:` actions say what the service models and the services say."""

from __future__ import annotations

import pytest

from stepwell.integrations.aws_sdk_names import error_prefix, resource_name
from stepwell.language.sdk_actions import ACTIONS, aws_has
from stepwell.models.service_model import known_services, load
from tools import sdk_actions

MODELS = {resource_name(load(name)): load(name) for name in known_services()}


def test_the_services_are_those_with_a_model() -> None:
    """A service that comes to this server gets its actions listed."""
    assert ACTIONS.keys() == MODELS.keys()


def test_the_table_is_what_the_tool_writes() -> None:
    """Every operation with every member, and what a service gets or loses is said in the table."""
    assert sdk_actions.TARGET.read_text(encoding="utf-8") == sdk_actions.text()


@pytest.mark.parametrize(
    ("service", "action", "known"),
    [
        ("dynamodb", "putItem", True),
        ("eventbridge", "putEvents", True),
        ("secretsmanager", "anything", False),
        ("athena", "anything", True),
        ("sqs", "sendMessage", True),
        ("sqs", "sendMessages", False),
        ("states", "startExecution", False),
        ("events", "putEvents", False),
        ("nosuchservice", "get", False),
    ],
)
def test_what_aws_has_is_told_from_what_nobody_has(service: str, action: str, known: bool) -> None:
    """Names are the SDK's, not those of optimised integrations."""
    assert aws_has(service, action) is known


def test_errors_begin_with_the_services_name_in_one_case() -> None:
    """Sfn, Sqs, Sts: not SFN, SQS, STS."""
    assert {service: error_prefix(model) for service, model in MODELS.items()}.items() >= {
        "sfn": "Sfn",
        "sqs": "Sqs",
        "sts": "Sts",
        "dynamodb": "DynamoDb",
        "s3": "S3",
    }.items()
