"""Deployments on a server that wants signatures: with the right key, a wrong one, and none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess
from tests.cli.deploy.files import HANDLER, write
from tests.e2e.conditions import until

KEY = "AKIAGOOD"
SECRET = "s3cr3t/+="
FUNCTION = {"Code": "./src", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "a.handler"}
ANSWERING = """import cfnresponse

def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Word": "told"})
"""
INLINE = {"Code": {"ZipFile": ANSWERING}, "Role": FUNCTION["Role"], "Handler": "index.handler"}
TEMPLATE = {
    "Resources": {
        "Work": {
            "Type": "AWS::Lambda::Function",
            "Properties": {**FUNCTION, "Runtime": "python3.11"},
        },
        "Asked": {
            "Type": "AWS::Lambda::Function",
            "Properties": {**INLINE, "Runtime": "python3.11"},
        },
        "Custom": {
            "Type": "Custom::Word",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Asked", "Arn"]}},
        },
    },
    "Outputs": {"Word": {"Value": {"Fn::GetAtt": ["Custom", "Word"]}}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with one access key."""
    arguments = ["--access-key", KEY, "--secret-key", SECRET]
    with ServerProcess(tmp_path_factory.mktemp("signed") / "data", arguments=arguments) as server:
        yield server


def run(server: ServerProcess, key: str, secret: str, *arguments: str) -> Result:
    """A command with those credentials."""
    told = {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
        "STEPWELL_ENDPOINT": server.endpoint,
    }
    return CliRunner().invoke(main, list(arguments), env=told)


def stacks_of(server: ServerProcess, key: str, secret: str) -> Any:
    """An SDK's client with those credentials."""
    return boto3.client(
        "cloudformation",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


WRONG = [
    (KEY, "another", "SignatureDoesNotMatch"),
    ("AKIABAD", SECRET, "InvalidClientTokenId"),
]


def test_signed_rightly(server: ServerProcess, tmp_path: Path) -> None:
    """Files, functions and what a function answers all come through."""
    project = write(tmp_path / "signed", {"template.json": TEMPLATE, "src/a.py": HANDLER})
    told = run(server, KEY, SECRET, "deploy", str(project))
    assert told.exit_code == 0, told.output
    assert "Word  told" in told.output
    assert run(server, KEY, SECRET, "destroy", str(project), "--yes").exit_code == 0


@pytest.mark.parametrize(("key", "secret", "code"), WRONG)
def test_signed_wrongly(
    server: ServerProcess, tmp_path: Path, key: str, secret: str, code: str
) -> None:
    """The command says why in a sentence, an SDK gets AWS's code, and nothing is made."""
    project = write(tmp_path / "wrong", {"template.json": TEMPLATE, "src/a.py": HANDLER})
    told = run(server, key, secret, "deploy", str(project))
    assert told.exit_code == 1
    assert f"Error: {code}: " in told.output
    with pytest.raises(ClientError) as refused:
        stacks_of(server, key, secret).create_stack(
            StackName="wrong", TemplateBody=json.dumps(TEMPLATE)
        )
    assert refused.value.response["Error"]["Code"] == code
    assert stacks_of(server, KEY, SECRET).describe_stacks()["Stacks"] == []


def test_a_body_changed_on_its_way(server: ServerProcess) -> None:
    """A signature is of one body: a template that somebody changed is refused."""
    stacks = stacks_of(server, KEY, SECRET)

    def change(request: Any, **_: Any) -> None:
        request.body = request.body.replace("StackName=one", "StackName=two")

    stacks.meta.events.register("before-send.cloudformation.CreateStack", change)
    with pytest.raises(ClientError) as refused:
        stacks.create_stack(StackName="one", TemplateBody='{"Resources": {}}')
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    until(lambda: stacks.describe_stacks()["Stacks"] == [], "nothing was made")
