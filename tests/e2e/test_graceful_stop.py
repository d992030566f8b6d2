"""SIGTERM: what is under way is answered, the exit status is 0, nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE
from tests.e2e.raw import RECEIVE, TAKE, Sent, ask

STOP_SECONDS_MAX = 8
POLLS = 6
SENDERS = 4
MESSAGES_MAX = 5_000


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that the test stops."""
    arguments: list[str] = []
    if request.param == "postgresql":
        arguments = ["--store", request.getfixturevalue("postgres_url")]
    with ServerProcess(tmp_path / "data", arguments=arguments) as server:
        yield server


def stop(server: ServerProcess) -> float:
    """SIGTERM; the seconds it took, after an exit status of 0."""
    begun = time.monotonic()
    assert server.stop() == 0
    return time.monotonic() - begun


def test_an_idle_server_stops_at_once(server: ServerProcess) -> None:
    """Without anything to do the server ends soon, with status 0."""
    assert stop(server) < STOP_SECONDS_MAX
    assert "Traceback" not in server.log()


def test_long_polls_are_answered(server: ServerProcess) -> None:
    """Polls of 20 and 60 seconds are answered empty when the server is told to stop."""
    sqs, states = client(server, "sqs"), client(server, "stepfunctions")
    url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    activity = states.create_activity(name="idle")["activityArn"]
    receive = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20})
    polls = [Sent(server, receive, RECEIVE) for _ in range(POLLS)]
    take = json.dumps({"activityArn": activity})
    tasks = [Sent(server, take, TAKE) for _ in range(POLLS)]
    # What comes after them on a connection of its own is answered: so they have been read.
    for _ in range(2):
        assert ask(server, "{}", "AWSStepFunctions.ListActivities").status == 200
    assert stop(server) < STOP_SECONDS_MAX
    for poll in polls:
        assert "Messages" not in poll.answer().document
    for task in tasks:
        assert not task.answer().document.get("taskToken")


def test_requests_under_way_are_answered(server: ServerProcess) -> None:
    """What was acknowledged while the server stopped is there after the next start."""
    url = client(server, "sqs").create_queue(QueueName="busy")["QueueUrl"]
    machine = client(server, "stepfunctions").create_state_machine(
        name="busy",
        definition=json.dumps(
            {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
        ),
        roleArn=ROLE,
    )["stateMachineArn"]
    with ThreadPoolExecutor(2 * SENDERS) as pool:
        sending = [pool.submit(_send, server, url, number) for number in range(SENDERS)]
        starting = [pool.submit(_start, server, machine, number) for number in range(SENDERS)]
        until(lambda: _messages(server, url) >= 20, "messages are on their way")
        until(lambda: _executions(server, machine) >= 20, "executions are, too")
        assert stop(server) < STOP_SECONDS_MAX
        sent = sum(_told(future) for future in sending)
        started = sum(_told(future) for future in starting)
    assert "Traceback" not in server.log()
    server.start()
    assert _messages(server, url) >= sent >= 20
    assert _executions(server, machine) >= started >= 20


def _send(server: ServerProcess, url: str, number: int) -> int:
    """How many messages were acknowledged before the server went away."""
    sqs = client(server, "sqs", retries=0)
    for index in range(MESSAGES_MAX):
        try:
            sqs.send_message(QueueUrl=url, MessageBody=f"{number}-{index}")
        except Exception as error:
            _must_be_an_end_of_connection(error)
            return index
    raise AssertionError("the server never went away")


def _start(server: ServerProcess, machine: str, number: int) -> int:
    states = client(server, "stepfunctions", retries=0)
    for index in range(MESSAGES_MAX):
        try:
            states.start_execution(stateMachineArn=machine, name=f"e{number}-{index}")
        except Exception as error:
            _must_be_an_end_of_connection(error)
            return index
    raise AssertionError("the server never went away")


def _must_be_an_end_of_connection(error: Exception) -> None:
    names = {"EndpointConnectionError", "ConnectionClosedError", "ConnectionError"}
    if type(error).__name__ not in names:
        raise error


def _told(future: Future[int]) -> int:
    return future.result(timeout=30)


def _executions(server: ServerProcess, machine: str) -> int:
    pages = client(server, "stepfunctions").get_paginator("list_executions")
    return sum(len(page["executions"]) for page in pages.paginate(stateMachineArn=machine))


def _messages(server: ServerProcess, url: str) -> int:
    asked: dict[str, Any] = client(server, "sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(asked["Attributes"]["ApproximateNumberOfMessages"])


def test_waiting_executions_go_on_after_a_stop(server: ServerProcess) -> None:
    """A timer that falls due while nobody is there fires at the next start."""
    states = client(server, "stepfunctions")
    waits = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
    machine = states.create_state_machine(name="w", definition=json.dumps(waits), roleArn=ROLE)
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    stop(server)
    server.start()
    until(
        lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
        "the execution ends",
    )
