"""boto3 runs express executions: to their end, or only started, with callbacks of others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.machines import ROLE

DEFINITION = json.dumps(
    {
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.queue", "IsPresent": True, "Next": "Send"}],
                "Default": "Refuse",
            },
            "Send": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"QueueUrl.$": "$.queue", "MessageBody.$": "$$.Execution.Id"},
                "ResultPath": "$.sent",
                "OutputPath": "$.sent.MessageId",
                "End": True,
            },
            "Refuse": {"Type": "Fail", "Error": "NoQueue", "Cause": "nowhere to send"},
        },
    }
)


def machine(states: Any, name: str, definition: str = DEFINITION) -> str:
    """Create an express machine; its ARN."""
    answer = states.create_state_machine(
        name=name, definition=definition, roleArn=ROLE, type="EXPRESS"
    )
    return str(answer["stateMachineArn"])


def received(sqs: Any, url: str) -> str:
    """The body of the next message."""
    told = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)
    return str(told["Messages"][0]["Body"])


def test_run_to_the_end(running_server: ServerProcess) -> None:
    """StartSyncExecution answers with the end, good or bad, and the message is there."""
    states, sqs = client(running_server, "stepfunctions"), client(running_server, "sqs")
    url = sqs.create_queue(QueueName="express-sync")["QueueUrl"]
    arn = machine(states, "express-sync")
    ended = states.start_sync_execution(
        stateMachineArn=arn, name="one", input=json.dumps({"queue": url})
    )
    assert ended["status"] == "SUCCEEDED"
    assert ended["startDate"] <= ended["stopDate"]
    assert received(sqs, url) == ended["executionArn"]
    refused = states.start_sync_execution(stateMachineArn=arn)
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [refused[m] for m in ("status", "error", "cause")] == [
        "FAILED",
        "NoQueue",
        "nowhere to send",
    ]


def test_started_only(running_server: ServerProcess) -> None:
    """StartExecution answers at once, and the execution runs; nobody can look at it."""
    states, sqs = client(running_server, "stepfunctions"), client(running_server, "sqs")
    url = sqs.create_queue(QueueName="express-start")["QueueUrl"]
    arn = machine(states, "express-start")
    started = states.start_execution(stateMachineArn=arn, input=json.dumps({"queue": url}))
    assert received(sqs, url) == started["executionArn"]
    with pytest.raises(states.exceptions.InvalidArn):
        states.describe_execution(executionArn=started["executionArn"])
    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.list_executions(stateMachineArn=arn)


def test_versions_and_aliases(running_server: ServerProcess) -> None:
    """An express machine is called through a version or an alias like any other."""
    states = client(running_server, "stepfunctions")
    give = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": 1, "End": True}}}
    arn = machine(states, "express-versions", json.dumps(give))
    version = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    give["States"]["P"]["Result"] = 2  # type: ignore[index]
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(give))
    alias = states.create_state_machine_alias(
        name="live", routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}]
    )["stateMachineAliasArn"]
    outputs = [
        states.start_sync_execution(stateMachineArn=asked)["output"]
        for asked in (arn, version, alias)
    ]
    assert outputs == ["2", "1", "1"]


def test_the_wrong_type(running_server: ServerProcess) -> None:
    """A standard machine can't be run to its end by one call."""
    states = client(running_server, "stepfunctions")
    arn = states.create_state_machine(name="express-not", definition=DEFINITION, roleArn=ROLE)
    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.start_sync_execution(stateMachineArn=arn["stateMachineArn"])
