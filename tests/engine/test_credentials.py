"""Credentials: the role that a task names stands in its event, and says where it acts."""

from __future__ import annotations

import pytest

from stepwell.language.compile import compile_definition
from stepwell.language.diagnostics import InvalidDefinition
from stepwell.values import JsonObject, encode_text
from tests.engine.play import Play, send

ROLE = "arn:aws:iam::222222222222:role/other"


@pytest.mark.parametrize(
    "credentials",
    [
        {"RoleArn": ROLE},
        {"RoleArn.$": "$.role"},
        {"RoleArn.$": "States.Format('{}', $.role)"},
        {"RoleArn.$": "$$.Execution.Input.role"},
    ],
)
def test_role_of_a_task(credentials: JsonObject) -> None:
    """Fixed, by a path or by an intrinsic function; the call is one of the role's account."""
    play = Play({"T": send(Credentials=credentials)}).start({"role": ROLE})
    assert play.details(2)["taskCredentials"] == {"roleArn": ROLE}
    assert play.call().account == "222222222222"
    play.answer()
    assert play.status == "SUCCEEDED"


def test_no_credentials() -> None:
    """Without them nothing is said of a role."""
    play = Play({"T": send()}).start()
    assert "taskCredentials" not in play.details(2)
    assert play.call().account is None


@pytest.mark.parametrize("role", ["admin", 5, "arn:aws:iam::2:role/x"])
def test_what_is_no_role(role: str | int) -> None:
    """A value that is not the ARN of a role fails the state."""
    play = Play({"T": send(Credentials={"RoleArn.$": "$.role"})}).start({"role": role})
    assert play.details()["error"] == "States.Runtime"
    assert "not the ARN of a role" in str(play.details()["cause"])


@pytest.mark.parametrize(
    ("language", "credentials"),
    [
        ("JSONPath", {"RoleArn.$": "no path"}),
        ("JSONPath", {"RoleArn.$": "$["}),
        ("JSONPath", {"RoleArn.$": "States.Nonsense($)"}),
        ("JSONata", {"RoleArn": "{% bad( %}"}),
        ("JSONata", {"RoleArn": "{% $states.result %}"}),
    ],
)
def test_expressions_are_checked(language: str, credentials: JsonObject) -> None:
    """What can't be evaluated is refused at creation."""
    task = send(Credentials=credentials)
    if language == "JSONata":
        task["Arguments"] = task.pop("Parameters")
    definition: JsonObject = {"QueryLanguage": language, "StartAt": "T", "States": {"T": task}}
    with pytest.raises(InvalidDefinition, match="/States/T/Credentials"):
        compile_definition(encode_text(definition))
