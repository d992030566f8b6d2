"""What the CDK makes with functions of its own runs: custom resources of four frameworks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.inventory import inventory
from tests.e2e.serverless_stack import storage
from tests.e2e.tools import CDK_TYPESCRIPT, Tool, cdk, need

APP = Path(__file__).parent / "cdk"
YES = ("--require-approval", "never", "--outputs-file", "outputs.json")

pytestmark = pytest.mark.timeout(600)


def app(home: Path, server: ServerProcess) -> Tool:
    """The CDK in a copy of the app."""
    packages = need(CDK_TYPESCRIPT / "node_modules", "the CDK")
    folder = home / "app"
    shutil.copytree(APP, folder)
    (folder / "node_modules").symlink_to(packages)
    return cdk(folder, home, server)


def test_custom_resources_of_the_cdk(running_server: ServerProcess, tmp_path: Path) -> None:
    """They answer, wait, fail with their reason, clear up, and leave nothing."""
    cdk(tmp_path, tmp_path, running_server).run("bootstrap", "aws://000000000000/us-east-1")
    before = inventory(running_server)
    tool = app(tmp_path, running_server)
    tool.run("deploy", *YES)
    outputs = json.loads((tool.folder / "outputs.json").read_text(encoding="utf-8"))["Custom"]
    assert outputs["Looks"] == "2"
    said = client(running_server, "ssm").get_parameter(Name="/custom/said")
    assert said["Parameter"]["Value"] == "hello"
    an_object_is_announced(running_server, outputs)

    told = tool.run("deploy", "-c", "broken=yes", *YES, status=1)
    assert "this one is broken" in told
    stacks = client(running_server, "cloudformation")
    stack = stacks.describe_stacks(StackName="Custom")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"

    tool.run("destroy", "--force")
    assert inventory(running_server) == before


def an_object_is_announced(server: ServerProcess, outputs: dict[str, str]) -> None:
    """The bucket's notifications are set: the queue hears of an object."""
    storage(server).put_object(Bucket=outputs["BucketName"], Key="in/one", Body=b"1")
    queues = client(server, "sqs")
    texts: list[str] = []

    def is_told() -> bool:
        got = queues.receive_message(QueueUrl=outputs["ArrivalsUrl"], WaitTimeSeconds=1)
        texts.extend(message["Body"] for message in got.get("Messages", []))
        return any("in/one" in text for text in texts)

    until(is_told, "the message about the object")


def test_lookups(running_server: ServerProcess, tmp_path: Path) -> None:
    """Parameters are found; what needs a service that is not here is refused by its name."""
    client(running_server, "ssm").put_parameter(Name="/greeting", Value="hello", Type="String")
    tool = app(tmp_path, running_server)
    assert "Value: hello" in tool.run("synth", "-c", "look=parameter")
    refused = tool.run("synth", "-c", "look=domain", status=1)
    assert "signed for route53, and no such service is here" in refused
