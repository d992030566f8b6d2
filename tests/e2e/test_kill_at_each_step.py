"""The demo's callback workflow, with the server killed at every step of its life: the same token
completes the same execution."""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stepwell.cli.demo.workflow import Message, Refusal, Workflow
from stepwell.testing.server import ServerProcess
from tests.e2e.conditions import until
from tests.e2e.wire import request_bytes

STEPS = ("deployed", "started", "received", "answered", "deleted", "waiting at last")
COURSE = [
    "ExecutionStarted",
    "TaskStateEntered",
    "TaskScheduled",
    "TaskStarted",
    "TaskSubmitted",
    "TaskSucceeded",
    "TaskStateExited",
    "WaitStateEntered",
    "WaitStateExited",
    "SucceedStateEntered",
    "SucceedStateExited",
    "ExecutionSucceeded",
]
_names = (f"life-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One data directory for all lives; every test leaves the server running."""
    with ServerProcess(tmp_path_factory.mktemp("steps") / "data") as server:
        yield server


def restart(server: ServerProcess) -> None:
    """As a power cut would."""
    server.kill()
    server.start()


def live(workflow: Workflow, after: Callable[[str], None]) -> None:
    """One life of the workflow; `after` is told each step, and may do harm."""
    queue_url, machine = workflow.deploy()
    after("deployed")
    name = next(_names)
    execution = workflow.start(machine, name)
    after("started")
    message = workflow.receive(queue_url)
    assert message.input == name
    after("received")
    workflow.answer(message.token, {"ack": "yes"})
    after("answered")
    workflow.forget(queue_url, message)
    after("deleted")
    assert workflow.left(queue_url) == 0
    after("waiting at last")
    prove(workflow, execution, message)


def prove(workflow: Workflow, execution: str, message: Message) -> None:
    """The execution ends as if nothing had happened, and its token is closed."""
    until(lambda: workflow.describe(execution)["status"] != "RUNNING", "the execution ends")
    described = workflow.describe(execution)
    assert described["status"] == "SUCCEEDED"
    history = workflow.states.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in history] == COURSE
    assert [event["id"] for event in history] == list(range(1, len(COURSE) + 1))
    assert history[5]["taskSucceededEventDetails"]["output"] == '{"ack":"yes"}'
    refusal = workflow.answer_late(message.token)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "TaskTimedOut"


@pytest.mark.parametrize("fatal", STEPS)
def test_killed_after_one_step(server: ServerProcess, fatal: str) -> None:
    """After any step the server may die: the same token completes the same execution."""
    live(Workflow(server.endpoint), lambda step: restart(server) if step == fatal else None)


def test_killed_after_every_step(server: ServerProcess) -> None:
    """The server may die after every step of one life."""
    live(Workflow(server.endpoint), lambda step: restart(server))


def test_killed_after_every_step_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same on PostgreSQL."""
    with ServerProcess(tmp_path / "data", arguments=["--store", postgres_url]) as server:
        live(Workflow(server.endpoint), lambda step: restart(server))


def test_killed_while_it_starts_an_execution(server: ServerProcess) -> None:
    """A start that was never answered happened or not; repeated, it is one execution."""
    workflow = Workflow(server.endpoint)
    queue_url, machine = workflow.deploy()
    name = next(_names)
    params = {"stateMachineArn": machine, "name": name, "input": f'{{"messageId":"{name}"}}'}
    _die_with(server, request_bytes("StartExecution", params))
    execution = workflow.start(machine, name)
    message = workflow.receive(queue_url)
    assert message.input == name
    workflow.answer(message.token, {"ack": "yes"})
    workflow.forget(queue_url, message)
    assert workflow.left(queue_url) == 0
    prove(workflow, execution, message)


def test_killed_while_it_is_answered(server: ServerProcess) -> None:
    """An answer that was never acknowledged happened or not; repeated, the execution goes on."""
    workflow = Workflow(server.endpoint)
    queue_url, machine = workflow.deploy()
    execution = workflow.start(machine, next(_names))
    message = workflow.receive(queue_url)
    params = {"taskToken": message.token, "output": '{"ack":"yes"}'}
    _die_with(server, request_bytes("SendTaskSuccess", params))
    # The answer that got lost may have been taken.
    with contextlib.suppress(workflow.states.exceptions.TaskTimedOut):
        workflow.answer(message.token, {"ack": "yes"})
    workflow.forget(queue_url, message)
    prove(workflow, execution, message)


def _die_with(server: ServerProcess, request: bytes) -> None:
    """Send a request, and kill the server without waiting for the answer."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(request)
        server.kill()
    server.start()
