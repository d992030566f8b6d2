"""The example app for the AWS SAM CLI: validated, built, deployed, used, changed and deleted."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.inventory import inventory
from tests.e2e.tools import Tool, app_copy, replaced, sam
from tests.e2e.web import post

MANAGED = "aws-sam-cli-managed-default"
PYTHON = f"python3.{sys.version_info.minor}"

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class App:
    """The built app, and the tool that deploys it."""

    tool: Tool
    server: ServerProcess

    def deploy(self, stack: str, *more: str, status: int = 0) -> str:
        """`sam deploy`; what it printed."""
        given = ("--stack-name", stack, "--resolve-s3", "--capabilities", "CAPABILITY_IAM")
        return self.tool.run("deploy", *given, "--no-progressbar", *more, status=status)

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a stack."""
        stacks = client(self.server, "cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}

    def answer(self, execution: str) -> Any:
        """The output of an execution, once it has one."""
        states = client(self.server, "stepfunctions")

        def over() -> bool:
            shown = states.describe_execution(executionArn=execution)
            return bool(shown["status"] != "RUNNING")

        until(over, "the end of the execution")
        return json.loads(states.describe_execution(executionArn=execution)["output"])


@pytest.fixture(scope="module")
def app(running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app, found valid and built, and deployed as `orders`."""
    home = tmp_path_factory.mktemp("sam")
    folder = app_copy(home, "sam_callback")
    # It builds for the Python that is here.
    replaced(folder / "template.yaml", [("python3.12", PYTHON)])
    tool = sam(folder, home, running_server)
    assert "is a valid SAM Template" in tool.run("validate")
    assert "Build Succeeded" in tool.run("build")
    built = App(tool, running_server)
    assert "Successfully created/updated stack - orders" in built.deploy("orders")
    return built


def test_both_apis_start_what_the_function_answers(app: App) -> None:
    """Through HTTP API and function, and through REST API and template: the token comes back."""
    outputs = app.outputs("orders")
    for api, named in (("HttpApi", "execution"), ("RestApi", "executionArn")):
        started = json.loads(post(app.server, outputs[api], '{"order": "chairs"}'))
        answer = {"order": "chairs", "verdict": "approved"}
        assert app.answer(started[named]) == {"order": "chairs", "answer": answer}


def test_a_second_deployment_changes_nothing(app: App) -> None:
    """SAM is told that there is nothing to change, and nothing does."""
    before = inventory(app.server)
    assert "No changes to deploy. Stack orders is up to date" in app.deploy("orders", status=1)
    assert inventory(app.server) == before


def test_an_update_reaches_the_function_and_no_more(app: App) -> None:
    """Another parameter changes the one function that it is for, and what it answers."""
    stack = "changing"
    app.deploy(stack)
    printed = app.deploy(stack, "--parameter-overrides", "Verdict=rejected")
    assert "UPDATE_COMPLETE" in printed
    changed = {line.split()[2] for line in printed.splitlines() if line.startswith("* Modify")}
    assert changed == {"Decide"}
    started = json.loads(post(app.server, app.outputs(stack)["HttpApi"], '{"order": "tables"}'))
    assert app.answer(started["execution"])["answer"]["verdict"] == "rejected"
    app.tool.run("delete", "--stack-name", stack, "--no-prompts")


def test_what_is_deleted_leaves_nothing(app: App) -> None:
    """A stack's resources go, and what was uploaded for it; SAM's own bucket stays."""
    before = inventory(app.server)
    app.deploy("passing", "--s3-prefix", "passing")
    assert inventory(app.server) != before
    app.tool.run("delete", "--stack-name", "passing", "--s3-prefix", "passing", "--no-prompts")
    assert inventory(app.server) == before
    cloud, objects = client(app.server, "cloudformation"), client(app.server, "s3")
    bucket = cloud.describe_stack_resource(
        StackName=MANAGED, LogicalResourceId="SamCliSourceBucket"
    )["StackResourceDetail"]["PhysicalResourceId"]
    listed = objects.list_objects_v2(Bucket=bucket, Prefix="passing").get("Contents", [])
    assert listed == []


def test_a_template_that_cannot_be_is_refused_with_the_reason(app: App, tmp_path: Path) -> None:
    """What is not here is told by `sam deploy`, and nothing is made of the rest."""
    before = inventory(app.server)
    template = tmp_path / "template.yaml"
    template.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  Chat: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: c, ProtocolType: WEBSOCKET}}\n"
        "  Queue: {Type: AWS::SQS::Queue}\n"
    )
    printed = app.deploy("broken", "--template-file", str(template), status=1)
    assert "WebSocket APIs are not here" in printed
    assert inventory(app.server) == before
