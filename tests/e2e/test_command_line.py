"""The AWS CLI and Stepwell's own command line drive the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.machines import ROLE

PROGRAMS = Path(sys.executable).parent
COMMAND_SECONDS_MAX = 60


def run(program: str, server: ServerProcess, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the environment that runs the tests, pointed at the server by variables."""
    path = PROGRAMS / program
    if not path.exists():
        pytest.skip(f"{program} is missing beside the Python that runs the tests")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STEPWELL_"))}
    return subprocess.run(
        [path, *words],
        env={
            **inherited,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        },
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )


def aws(server: ServerProcess, *words: str) -> Any:
    """What a command of the AWS CLI printed, which must succeed.

    For SQS, version 1 goes to Amazon whatever AWS_ENDPOINT_URL says; only its option helps.
    """
    where = ["--endpoint-url", server.endpoint] if words[0] == "sqs" else []
    done = run("aws", server, *words, *where, "--output", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_aws_cli_drives_the_main_job(running_server: ServerProcess) -> None:
    """Queue, machine, execution, message, token, end: by the AWS CLI's own commands."""
    server = running_server
    url = aws(server, "sqs", "create-queue", "--queue-name", "cli")["QueueUrl"]
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": ask}})
    machine = aws(
        server, "stepfunctions", "create-state-machine", "--name", "cli",
        "--definition", definition, "--role-arn", ROLE,
    )["stateMachineArn"]  # fmt: skip
    execution = aws(
        server, "stepfunctions", "start-execution", "--state-machine-arn", machine,
        "--input", '{"n": 1}',
    )["executionArn"]  # fmt: skip
    message = aws(
        server, "sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "10"
    )["Messages"][0]
    token = json.loads(message["Body"])["token"]
    waiting = run("stepwell", server, "explain", execution)
    assert waiting.returncode == 0, waiting.stderr
    assert "Ask" in waiting.stdout
    aws(
        server, "stepfunctions", "send-task-success", "--task-token", token,
        "--task-output", '{"ok": true}',
    )  # fmt: skip
    told = aws(server, "stepfunctions", "describe-execution", "--execution-arn", execution)
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"]) == {"ok": True}


def test_the_aws_cli_shows_errors(running_server: ServerProcess) -> None:
    """A refusal reaches the person at the terminal with its code and text."""
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
    done = run(
        "aws", running_server, "stepfunctions", "start-execution", "--state-machine-arn", arn
    )
    assert done.returncode != 0
    assert "(StateMachineDoesNotExist)" in done.stderr
    assert f"State Machine Does Not Exist: '{arn}'" in done.stderr


def test_every_cli_can_log_in(running_server: ServerProcess) -> None:
    """`aws sts get-caller-identity` answers, as wrappers ask first."""
    assert aws(running_server, "sts", "get-caller-identity")["Account"] == "000000000000"
