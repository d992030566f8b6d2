"""What others made, seen by Terraform: imported, looked up; its state in a bucket, locked."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.terraform import CommandFailed, Terraform

pytestmark = pytest.mark.timeout(300)
SOURCE = Path(__file__).parent / "terraform_state"
ROLE = "arn:aws:iam::000000000000:role/found"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:found"
TOPICS = "arn:aws:sns:us-east-1:000000000000"
LOCK = "apps/one.tfstate.tflock"


@pytest.fixture(scope="module")
def imported(running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """A configuration whose machine and queue were there before it."""
    make_what_is_found(running_server)
    folder = tmp_path_factory.mktemp("state")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    environment = {"AWS_ENDPOINT_URL": running_server.endpoint}
    terraform = Terraform(folder, running_server.endpoint, environment)
    terraform.init()
    queue = f"{running_server.endpoint}/000000000000/found"
    for address, name in (("sfn_state_machine", MACHINE), ("sqs_queue", queue)):
        terraform.run("import", "-no-color", f"aws_{address}.found", name)
    return terraform


def make_what_is_found(server: ServerProcess) -> None:
    """One of each, with nothing but what it must have."""

    def aws(service: str) -> Any:
        return client(server, service)

    aws("s3").create_bucket(Bucket="states")
    aws("s3").put_object(Bucket="states", Key="found.txt", Body=b"text", ContentType="text/plain")
    lets = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "a.amazonaws.com"},
    }
    trust = {"Version": "2012-10-17", "Statement": [lets]}
    aws("iam").create_role(RoleName="found", AssumeRolePolicyDocument=json.dumps(trust))
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    aws("stepfunctions").create_state_machine(
        name="found", definition=json.dumps(definition), roleArn=ROLE
    )
    aws("sqs").create_queue(QueueName="found")
    aws("sns").create_topic(Name="found")
    aws("ssm").put_parameter(Name="/found/it", Value="value", Type="String")
    aws("secretsmanager").create_secret(Name="found", SecretString="secret")
    aws("logs").create_log_group(logGroupName="/found")
    aws("apigateway").create_rest_api(name="found")
    aws("apigatewayv2").create_api(Name="found", ProtocolType="HTTP")
    make_table(aws("dynamodb"))
    make_function(aws("lambda"))


def make_table(dynamodb: Any) -> None:
    """A table with an item."""
    dynamodb.create_table(
        TableName="found",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName="found", Item={"id": {"S": "a"}})


def make_function(functions: Any) -> None:
    """A function that nobody calls."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("a.py", "def b(event, context): pass")
    functions.create_function(
        FunctionName="found",
        Runtime="python3.12",
        Role=ROLE,
        Handler="a.b",
        Code={"ZipFile": archive.getvalue()},
    )


def test_everything_is_looked_up(imported: Terraform) -> None:
    """Data sources of each service find what is there; nothing of what was imported changes."""
    printed = imported.apply()
    assert "1 added, 2 changed" in printed or "1 added, 0 changed, 0 destroyed" in printed
    assert imported.outputs()["seen"] == {
        "machine": True,
        "versions": [],
        "queue": True,
        "queues": 1,
        "handler": "a.b",
        "functions": ["found"],
        "roles": 1,
        "topic": f"{TOPICS}:found",
        "table": "id",
        "item": "a",
        "text": "text",
        "objects": ["found.txt"],
        "parameter": "value",
        "below": ["/found/it"],
        "secret": "secret",
        "password": 12,
        "group": 0,
        "groups": 1,
        "bus": "default",
        "rest": True,
        "apis": 1,
        "stack": {"Topic": f"{TOPICS}:by-stack"},
    }
    assert imported.changes() == ""


def test_the_state_is_in_the_bucket_and_locked(
    imported: Terraform, running_server: ServerProcess
) -> None:
    """While somebody holds the lock nothing is changed; afterwards it is gone."""
    s3 = client(running_server, "s3")
    keys = [it["Key"] for it in s3.list_objects_v2(Bucket="states", Prefix="apps/")["Contents"]]
    assert keys == ["apps/one.tfstate"]
    holder = {"ID": "somebody", "Who": "else", "Created": "2030-01-01T00:00:00Z"}
    s3.put_object(Bucket="states", Key=LOCK, Body=json.dumps(holder).encode())
    with pytest.raises(CommandFailed, match="Error acquiring the state lock"):
        imported.apply()
    s3.delete_object(Bucket="states", Key=LOCK)


def test_destroy_takes_what_was_imported(
    imported: Terraform, running_server: ServerProcess
) -> None:
    """Machine, queue and stack are gone with the stack's topic; what was looked up is there."""
    imported.destroy()
    assert client(running_server, "stepfunctions").list_state_machines()["stateMachines"] == []
    assert client(running_server, "cloudformation").describe_stacks()["Stacks"] == []
    topics = client(running_server, "sns").list_topics()["Topics"]
    assert topics == [{"TopicArn": f"{TOPICS}:found"}]
