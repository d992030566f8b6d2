"""The Serverless Framework packages the example app, in its version 3 and in its version 4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.tools import app_copy, osls

CONFIGS = {3: "serverless.yml", 4: "serverless.v4.yml"}


def packaged(version: int, home: Path) -> Any:
    """The template that a version of the framework makes."""
    folder = app_copy(home / "apps", "serverless_framework")
    osls(version, folder, home).run("package", "--config", CONFIGS[version], "--stage", "dev")
    made = folder / ".serverless" / "cloudformation-template-update-stack.json"
    return json.loads(made.read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", CONFIGS)
def test_the_app_is_packaged(version: int, tmp_path: Path) -> None:
    """A template with the machine, its functions and the endpoint comes out."""
    template = packaged(version, tmp_path)
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert {
        "AWS::StepFunctions::StateMachine",
        "AWS::Lambda::Function",
        "AWS::ApiGateway::Method",
        "AWS::S3::Bucket",
    } <= kinds
    machine = template["Resources"]["CallbackExampleStepFunctionsStateMachine"]
    definition = json.dumps(machine["Properties"]["DefinitionString"])
    assert "lambda:invoke.waitForTaskToken" in definition
