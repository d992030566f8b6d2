"""SIGTERM: what is under way is answered, the exit status is 0, nothing is lost."""

from __future__ import annotations

import json
import sys
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


def connections(port: int) -> int:
    """How many connections the server has accepted and not closed."""
    if not sys.platform.startswith("linux"):
        pytest.skip("another process's connections can be counted on Linux only")
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    here = f"0100007F:{port:04X}"
    return sum(1 for line in lines if line.split()[1] == here and line.split()[3] == "01")


def test_an_idle_server_stops_at_once(server: ServerProcess) -> None:
    """Without anything to do the server ends soon, with status 0."""
    assert stop(server) < STOP_SECONDS_MAX
    assert "Traceback" not in server.log()


def test_long_polls_are_answered(server: ServerProcess) -> None:
    """Polls of 20 and 60 seconds are answered empty when the server is told to stop."""
    sqs, states = client(server, "sqs"), client(server, "stepfunctions")
    url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    activity = states.create_activity(name="idle")["activityArn"]
    with ThreadPoolExecutor(2 * POLLS) as pool:
        polls = [
            pool.submit(client(server, "sqs").receive_message, QueueUrl=url, WaitTimeSeconds=20)
            for _ in range(POLLS)
        ]
        tasks = [
            pool.submit(client(server, "stepfunctions").get_activity_task, activityArn=activity)
            for _ in range(POLLS)
        ]
        # The two clients from above keep their connections, too.
        until(lambda: connections(server.port) >= 2 + 2 * POLLS, "all polls are connected")
        assert stop(server) < STOP_SECONDS_MAX
        for poll in polls:
            assert "Messages" not in poll.result()
        for task in tasks:
            assert not task.result().get("taskToken")


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
        until(lambda: _messages(server, url) >= 20, "the load is under way")
        assert stop(server) < STOP_SECONDS_MAX
        sent = sum(_told(future) for future in sending)
        started = sum(_told(future) for future in starting)
    assert "Traceback" not in server.log()
    server.start()
    assert _messages(server, url) >= sent >= 20
    pages = client(server, "stepfunctions").get_paginator("list_executions")
    found = sum(len(page["executions"]) for page in pages.paginate(stateMachineArn=machine))
    assert found >= started > 0


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
