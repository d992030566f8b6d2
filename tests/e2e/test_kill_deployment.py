"""A real server is killed in the middle of deployments, again and again, and they all end well."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stepwell.testing.postgres import postgres_server, postgres_url
from stepwell.testing.server import ServerProcess
from tests.e2e.conditions import until

__all__ = ["postgres_server", "postgres_url"]

QUEUES = 24
KILLS = 3


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

    def answered() -> bool:
        try:
            getattr(client_of(server, "cloudformation"), operation)(**params)
        except ClientError:
            raise
        except BotoCoreError:
            return False
        return True

    until(answered, f"{operation} is answered")


def deploy(server: ServerProcess, operation: str, **params: Any) -> str:
    """Carry an operation out while the server is killed; the status at the end."""
    caller = threading.Thread(target=insist, args=(server, operation), kwargs=params)
    caller.start()
    for _ in range(KILLS):
        until(lambda: not caller.is_alive() or not is_over(server), "it is under way")
        server.kill()
        server.start()
    caller.join()
    until(lambda: is_over(server), "the operation is over")
    return status(server)


def status(server: ServerProcess) -> str:
    """The stack's status; GONE when there is none of the name."""
    try:
        shown = client_of(server, "cloudformation").describe_stacks(StackName="long")
    except ClientError:
        return "GONE"
    return str(shown["Stacks"][0]["StackStatus"])


def is_over(server: ServerProcess) -> bool:
    """Whether an operation has ended."""
    return not status(server).endswith("_IN_PROGRESS")


def queues(server: ServerProcess) -> list[str]:
    """All queues."""
    return list(client_of(server, "sqs").list_queues().get("QueueUrls", []))


def test_killed_while_deploying(tmp_path: Path) -> None:
    """Made, changed and deleted as asked, each resource once, nothing left behind."""
    with ServerProcess(tmp_path / "data") as server:
        made_changed_and_deleted(server)


def test_killed_while_deploying_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same where a database keeps what is known."""
    with ServerProcess(tmp_path / "data", arguments=["--store", postgres_url]) as server:
        made_changed_and_deleted(server)


def made_changed_and_deleted(server: ServerProcess) -> None:
    """A stack from its creation to its end, under kills."""
    status = deploy(
        server,
        "create_stack",
        StackName="long",
        TemplateBody=body_of(0),
        ClientRequestToken="one",
    )
    assert status == "CREATE_COMPLETE"
    assert len(queues(server)) == QUEUES
    status = deploy(
        server,
        "update_stack",
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
    assert deploy(server, "delete_stack", StackName="long") == "GONE"
    assert queues(server) == []
