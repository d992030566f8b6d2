"""The command line against a real server, and a workflow on it that waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess

Run = Callable[..., Result]

ROLE = "arn:aws:iam::000000000000:role/role"


@dataclass(frozen=True, slots=True)
class World:
    """A server with a machine that asks through a queue."""

    server: ServerProcess
    states: Any
    sqs: Any
    queue_url: str
    machine_arn: str

    def ask(self, name: str) -> str:
        """Start an execution that waits; its ARN."""
        started = self.states.start_execution(stateMachineArn=self.machine_arn, name=name)
        return str(started["executionArn"])

    def receive(self, queue_url: str) -> str:
        """The token in the next message of a queue."""
        [message] = self.sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=10)["Messages"]
        return str(json.loads(message["Body"])["token"])

    def machine(self, name: str, states: dict[str, Any]) -> str:
        """Create a machine that begins with the first of these states; its ARN."""
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        made = self.states.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        return str(made["stateMachineArn"])


def ask_state(queue_url: str, **fields: Any) -> dict[str, Any]:
    """A Task that sends its token to a queue."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue_url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
        **fields,
    }


def client(server: ServerProcess, service: str) -> Any:
    """An SDK client of the server."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="module")
def world(running_server: ServerProcess) -> Iterator[World]:
    """A queue and a machine on a server that the module's tests share."""
    states, sqs = client(running_server, "stepfunctions"), client(running_server, "sqs")
    queue_url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
    fields = {"TimeoutSeconds": 600, "HeartbeatSeconds": 300}
    definition = {"StartAt": "Ask", "States": {"Ask": ask_state(queue_url, **fields)}}
    machine = states.create_state_machine(
        name="approval", definition=json.dumps(definition), roleArn=ROLE
    )
    yield World(running_server, states, sqs, queue_url, machine["stateMachineArn"])
    states.close()
    sqs.close()


@pytest.fixture
def run(running_server: ServerProcess) -> Run:
    """Run a command of the command line against the module's server."""

    def run(*arguments: str, **environment: str) -> Result:
        told = {"STEPWELL_ENDPOINT": running_server.endpoint, **environment}
        return CliRunner().invoke(main, list(arguments), env=told)

    return run
