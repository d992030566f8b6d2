"""A real server is killed in the middle of deployments, again and again, and they all end well."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stepwell.testing.server import ServerProcess

QUEUES = 24
KILLS = 4
ENDED_SECONDS_MAX = 60


def client_of(server: ServerProcess, service: str) -> Any:
    """A client that gives up at once."""
    return boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )


def body_of(seconds: int) -> str:
    """A chain of queues with names that the stack makes: each refers to the one before."""
    resources: dict[str, Any] = {}
    for number in range(QUEUES):
        properties: dict[str, Any] = {"DelaySeconds": seconds}
        if number % 6:
            before = {"Fn::GetAtt": [f"Q{number - 1}", "QueueName"]}
            properties["Tags"] = [{"Key": "before", "Value": before}]
        resources[f"Q{number}"] = {"Type": "AWS::SQS::Queue", "Properties": properties}
    return json.dumps({"Resources": resources})


def insist(server: ServerProcess, operation: str, **params: Any) -> None:
    """Call until it is answered: the same token makes it one request."""
    for _ in range(1_000):
        try:
            getattr(client_of(server, "cloudformation"), operation)(**params)
            return
        except ClientError:
            raise
        except BotoCoreError:
            time.sleep(0.05)
    raise AssertionError("nobody answers")


def deploy(server: ServerProcess, operation: str, kills: int, **params: Any) -> str:
    """Carry an operation out while the server is killed; the status at the end."""
    caller = threading.Thread(target=insist, args=(server, operation), kwargs=params)
    caller.start()
    for kill in range(kills):
        time.sleep(0.03 + 0.02 * kill)
        server.kill()
        server.start()
    caller.join()
    return ended(server)


def ended(server: ServerProcess) -> str:
    """The stack's status once it stands still."""
    client = client_of(server, "cloudformation")
    deadline = time.monotonic() + ENDED_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            status = str(client.describe_stacks(StackName="long")["Stacks"][0]["StackStatus"])
        except ClientError:
            return "GONE"
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.05)
    raise AssertionError(f"the stack is {status} for ever")


def queues(server: ServerProcess) -> list[str]:
    """All queues."""
    return list(client_of(server, "sqs").list_queues().get("QueueUrls", []))


def test_killed_while_deploying(tmp_path: Path) -> None:
    """Made, changed and deleted as asked, each resource once, nothing left behind."""
    with ServerProcess(tmp_path / "data") as server:
        status = deploy(
            server,
            "create_stack",
            KILLS,
            StackName="long",
            TemplateBody=body_of(0),
            ClientRequestToken="one",
        )
        assert status == "CREATE_COMPLETE"
        assert len(queues(server)) == QUEUES
        status = deploy(
            server,
            "update_stack",
            KILLS,
            StackName="long",
            TemplateBody=body_of(7),
            ClientRequestToken="two",
        )
        assert status == "UPDATE_COMPLETE"
        sqs = client_of(server, "sqs")
        assert len(queues(server)) == QUEUES
        for url in queues(server):
            got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
            assert got["Attributes"]["DelaySeconds"] == "7"
        assert deploy(server, "delete_stack", KILLS, StackName="long") == "GONE"
        assert queues(server) == []
