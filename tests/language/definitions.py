"""Small definitions and what is found in them, for the tests of the checks."""

from __future__ import annotations

import json

from stepwell.language.check import check_definition
from stepwell.values import JsonObject, JsonValue

SQS = "arn:aws:states:::sqs:sendMessage"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"
BRANCH: JsonObject = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}


def machine(state: JsonValue, **top: JsonValue) -> str:
    """A machine of the one state X."""
    return json.dumps({"StartAt": "X", "States": {"X": state}, **top})


def found(text: str, machine_type: str = "STANDARD") -> list[tuple[str, str]]:
    """The errors' messages and places."""
    return [
        (finding.message, finding.location)
        for finding in check_definition(text, machine_type=machine_type)
        if finding.severity == "ERROR"
    ]


def task(**fields: JsonValue) -> JsonObject:
    """A Task that an activity does."""
    return {"Type": "Task", "Resource": ACTIVITY, "End": True, **fields}


def passing(**fields: JsonValue) -> JsonObject:
    """A Pass state."""
    return {"Type": "Pass", "End": True, **fields}


def choosing(rules: JsonValue) -> JsonObject:
    """A Choice state whose only way out is itself, beside a state that ends."""
    return {"Type": "Choice", "Choices": rules}
