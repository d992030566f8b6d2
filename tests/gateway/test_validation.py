"""Inputs that break the model's constraints are refused in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.models import service_model as models
from stepwell.models.constraints import compile_check, message

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:x"


def violations(operation: str, params: dict[str, Any]) -> str:
    """AWS's sentence about that input of a Step Functions operation; empty when it is fine."""
    model = models.load("stepfunctions")
    check = compile_check(model, model.operations[operation].input)
    assert check is not None
    found: list[str] = []
    check(params, "", found)
    return message(found) if found else ""


RECORDED = [
    (
        "ListExecutions",
        {"stateMachineArn": ARN, "maxResults": 1001},
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 1000",
    ),
    (
        "ListExecutions",
        {"stateMachineArn": ARN, "nextToken": "t" * 3097},
        f"1 validation error detected: Value '{'t' * 3097}' at 'nextToken' failed to satisfy "
        "constraint: Member must have length less than or equal to 3096",
    ),
    (
        "ListExecutions",
        {"stateMachineArn": ARN, "statusFilter": "succeeded"},
        "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy "
        "constraint: Member must satisfy enum value set: "
        "[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    ),
    *(
        (
            "CreateStateMachineAlias",
            {"name": name, "routingConfiguration": [{"stateMachineVersionArn": ARN, "weight": 1}]},
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
        )
        for name in ("123", "INVALID ALIAS", "!INVALID", "ALIAS@")
    ),
    (
        "CreateStateMachineAlias",
        {
            "name": "A" * 81,
            "routingConfiguration": [{"stateMachineVersionArn": ARN, "weight": 1}],
        },
        f"1 validation error detected: Value '{'A' * 81}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 80",
    ),
]


@pytest.mark.parametrize(("operation", "params", "sentence"), RECORDED)
def test_recorded_refusals(operation: str, params: dict[str, Any], sentence: str) -> None:
    """The sentences recorded from AWS come out to the letter."""
    assert violations(operation, params) == sentence


def test_a_missing_member_is_null() -> None:
    """A required member that is absent is named as null."""
    assert violations("StartExecution", {}) == (
        "1 validation error detected: Value null at 'stateMachineArn' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_all_violations_are_told_at_once() -> None:
    """Two violations make one sentence with both."""
    assert violations("ListExecutions", {"maxResults": -1, "statusFilter": "RUNNING"}) == (
        "1 validation error detected: Value '-1' at 'maxResults' failed to satisfy constraint: "
        "Member must have value greater than or equal to 0"
    )
    assert violations("CreateActivity", {"tags": [{"key": ""}]}) == (
        "2 validation errors detected: Value null at 'name' failed to satisfy constraint: "
        "Member must not be null; Value '' at 'tags.1.member.key' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_sensitive_values_are_not_shown() -> None:
    """What the model calls sensitive does not come back in the refusal."""
    assert violations("SendTaskSuccess", {"taskToken": "t" * 2049, "output": "{}"}) == (
        "1 validation error detected: Value at 'taskToken' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048"
    )


def test_lengths_are_counted_as_java_does() -> None:
    """A character outside the basic plane counts twice."""
    assert violations("CreateActivity", {"name": "\U0001f600" * 40}) == ""
    assert "length less than or equal to 80" in violations(
        "CreateActivity", {"name": "\U0001f600" * 40 + "a"}
    )


def test_lists_have_sizes() -> None:
    """A list that is too long is shown and refused."""
    item = {"stateMachineVersionArn": "a", "weight": 1}
    sentence = violations(
        "CreateStateMachineAlias", {"name": "a", "routingConfiguration": [item] * 3}
    )
    assert sentence.endswith(
        "at 'routingConfiguration' failed to satisfy constraint: "
        "Member must have length less than or equal to 2"
    )
    nested = {"name": "a", "routingConfiguration": [item, {**item, "weight": 101}]}
    assert "Value '101' at 'routingConfiguration.2.member.weight'" in violations(
        "CreateStateMachineAlias", nested
    )


def test_good_input_has_no_violations() -> None:
    """Values at the limits pass."""
    assert violations("ListExecutions", {"stateMachineArn": "a" * 256, "maxResults": 1000}) == ""
    assert violations("StartExecution", {"stateMachineArn": ARN, "traceHeader": "~ \t"}) == ""
    assert "pattern" in violations("StartExecution", {"stateMachineArn": ARN, "traceHeader": "é"})
