"""`aws cloudformation package` and `deploy`: an app packed, deployed, used, changed, deleted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.inventory import inventory
from tests.e2e.tools import Tool, aws_cli
from tests.e2e.web import post

APP = Path(__file__).parent / "aws_cli_app"
STACK = "greetings"
BUCKET = "artifacts"
UNCHANGED = "--no-fail-on-empty-changeset"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def tool(running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The AWS CLI in a copy of the app, whose files are in a bucket and the template packaged."""
    home = tmp_path_factory.mktemp("aws")
    folder = shutil.copytree(APP, home / "app")
    tool = aws_cli(folder, home, running_server)
    tool.run("s3", "mb", f"s3://{BUCKET}")
    told = ("--template-file", "template.yaml", "--s3-bucket", BUCKET)
    tool.run("cloudformation", "package", *told, "--output-template-file", "packaged.yaml")
    return tool


def deploy(tool: Tool, *more: str) -> str:
    """`aws cloudformation deploy`; what it printed."""
    told = ("--template-file", "packaged.yaml", "--stack-name", STACK)
    return tool.run("cloudformation", "deploy", *told, "--capabilities", "CAPABILITY_IAM", *more)


def said(server: ServerProcess) -> str:
    """What the stack's API answers."""
    stacks = client(server, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}
    url = f"https://{outputs['Api']}.execute-api.us-east-1.amazonaws.com/live/greet"
    return str(json.loads(post(server, url, '{"name": "Ada"}'))["said"])


def test_an_app_is_deployed_changed_and_deleted(tool: Tool, running_server: ServerProcess) -> None:
    """A definition and an OpenAPI document (YAML) from the bucket, code from a folder: they run;
    the second deployment changes nothing, a parameter reaches the function, nothing is left."""
    before = inventory(running_server)
    assert "Successfully created/updated stack - greetings" in deploy(tool)
    assert said(running_server) == "hello Ada"
    made = inventory(running_server)
    assert "No changes to deploy. Stack greetings is up to date" in deploy(tool, UNCHANGED)
    assert inventory(running_server) == made
    assert "Successfully" in deploy(tool, "--parameter-overrides", "Greeting=good day")
    assert said(running_server) == "good day Ada"
    tool.run("cloudformation", "delete-stack", "--stack-name", STACK)
    tool.run("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)
    assert inventory(running_server) == before


def test_a_deployment_that_fails_says_where_to_look(
    tool: Tool, running_server: ServerProcess
) -> None:
    """A definition that is refused: the stack is rolled back, and its events have the reason."""
    before = inventory(running_server)
    machine = tool.folder / "machine.asl.json"
    text = machine.read_text()
    machine.write_text(text.replace('"End": true', '"Next": "Nowhere"'))
    told = ("--template-file", "template.yaml", "--s3-bucket", BUCKET)
    tool.run("cloudformation", "package", *told, "--output-template-file", "broken.yaml")
    machine.write_text(text)
    printed = tool.run(
        *("cloudformation", "deploy", "--template-file", "broken.yaml", "--stack-name", "broken"),
        *("--capabilities", "CAPABILITY_IAM"),
        status=255,
    )
    assert "describe-stack-events --stack-name broken" in printed
    events = tool.run("cloudformation", "describe-stack-events", "--stack-name", "broken")
    assert "Nowhere" in events
    tool.run("cloudformation", "delete-stack", "--stack-name", "broken")
    assert inventory(running_server) == before
