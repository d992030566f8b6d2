"""The page for Prometheus says what happened."""

from __future__ import annotations

import json
import urllib.request

import boto3
from prometheus_client.parser import text_string_to_metric_families

from stepwell.testing.server import ServerProcess

ROLE = "arn:aws:iam::000000000000:role/r"


def sample(server: ServerProcess, name: str, **labels: str) -> float | None:
    """One number of the page."""
    with urllib.request.urlopen(f"{server.endpoint}/_stepwell/metrics", timeout=10) as answer:
        text = answer.read().decode()
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            if each.name == name and each.labels == labels:
                return float(each.value)
    return None


def test_executions_and_messages_are_counted(running_server: ServerProcess) -> None:
    """Begun, ended by status, how long they took, and what lies in the queues."""

    def client(service: str) -> object:
        return boto3.client(
            service,
            endpoint_url=running_server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    sfn, sqs = client("stepfunctions"), client("sqs")
    definition = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
    for kind in ("STANDARD", "EXPRESS"):
        machine = sfn.create_state_machine(  # type: ignore[attr-defined]
            name=f"m-{kind}", definition=json.dumps(definition), roleArn=ROLE, type=kind
        )["stateMachineArn"]
        sfn.start_execution(stateMachineArn=machine)  # type: ignore[attr-defined]
    url = sqs.create_queue(QueueName="depth")["QueueUrl"]  # type: ignore[attr-defined]
    sqs.send_message(QueueUrl=url, MessageBody="m")  # type: ignore[attr-defined]
    for kind in ("STANDARD", "EXPRESS"):
        machine = f"m-{kind}"
        assert sample(running_server, "stepwell_executions_started_total", machine=machine) == 1
        ended = {"machine": machine, "status": "failed"}
        assert sample(running_server, "stepwell_executions_ended_total", **ended) == 1
    assert sample(running_server, "stepwell_execution_seconds_count") == 2
    where = {"account": "000000000000", "region": "us-east-1", "queue": "depth"}
    assert sample(running_server, "stepwell_queue_messages", **where, state="visible") == 1
