"""A full disk: clear errors, reads go on, and with space again everything goes on by itself."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from stepwell.stores.sqlite.store import FILE_NAME
from stepwell.testing.server import ServerFailed, ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.machines import ROLE
from tests.e2e.raw import DESCRIBE, SEND, START, SUCCEED, Told, call

DISK = "6m"
PIECE = 64 * 1024
MESSAGES_MAX = 1_000
REST_SECONDS = 2
LOG_BYTES_MAX = 100_000
QUEUE = "http://localhost/000000000000/disk"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "stepwell-test", str(folder)]
    if not sys.platform.startswith("linux"):
        pytest.skip("a disk of a few megabytes needs Linux's tmpfs")
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted here: run as root to test a full disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all the space that is left."""
    ballast = folder / "ballast"
    for size in (PIECE, 512):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * size)


class Waiting:
    """What waits while the disk is full: a token, and a timer that falls due."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.states, self.sqs = client(server, "stepfunctions"), client(server, "sqs")
        self.url = self.sqs.create_queue(QueueName="disk")["QueueUrl"]
        ask = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": self.url, "MessageBody.$": "$$.Task.Token"},
        }
        self.asking = self.start("ask", ask)
        received = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=10)
        message = received["Messages"][0]
        self.token = message["Body"]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.resting = self.start("rest", {"Type": "Wait", "Seconds": REST_SECONDS})
        self.sent = 0

    def start(self, name: str, state: dict[str, Any]) -> str:
        """A machine of one state, and its first execution."""
        definition = {"StartAt": "S", "States": {"S": {**state, "End": True}}}
        self.machine = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        started = self.states.start_execution(stateMachineArn=self.machine, name="first")
        return str(started["executionArn"])

    def send_until_full(self) -> Told:
        """Send messages until one is refused; the refusal. Those before are acknowledged."""
        for _ in range(MESSAGES_MAX):
            told = call(self.server, SEND, QueueUrl=QUEUE, MessageBody="x" * PIECE)
            if told.status != 200:
                return told
            self.sent += 1
        raise AssertionError("the disk never got full")

    def messages(self) -> int:
        """How many messages the queue holds."""
        asked = self.sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(asked["Attributes"]["ApproximateNumberOfMessages"])

    def status(self, execution: str) -> str:
        """The status of an execution."""
        return str(self.states.describe_execution(executionArn=execution)["status"])


def refused(told: Told, reason: str) -> None:
    """The error says that nothing happened, and why."""
    assert (told.status, told.code) == (503, "ServiceUnavailable"), told
    assert "nothing was changed" in told.text
    assert reason in told.text


def survives(
    waiting: Waiting, full: Callable[[], None], free: Callable[[], None], why: str
) -> None:
    """The whole story: full, refusals and reads, space again, and nothing is missing."""
    server = waiting.server
    full()
    refused(waiting.send_until_full(), why)
    refused(call(server, START, stateMachineArn=waiting.machine, name="never"), why)
    refused(call(server, SUCCEED, taskToken=waiting.token, output="1"), why)
    assert waiting.messages() == waiting.sent
    assert waiting.status(waiting.asking) == "RUNNING"
    history = waiting.states.get_execution_history(executionArn=waiting.asking)
    assert history["events"][-1]["type"] == "TaskSubmitted"
    assert call(server, DESCRIBE, executionArn=f"{waiting.resting[:-5]}never").status == 400
    until(lambda: overdue(waiting), "the timer falls due")
    assert waiting.status(waiting.resting) == "RUNNING"
    assert server.healthy()
    free()
    until(lambda: waiting.status(waiting.resting) == "SUCCEEDED", "the timer fires at last")
    assert call(server, SUCCEED, taskToken=waiting.token, output="1").status == 200
    until(lambda: waiting.status(waiting.asking) == "SUCCEEDED", "the same token goes on")
    assert call(server, START, stateMachineArn=waiting.machine, name="later").status == 200
    assert waiting.messages() == waiting.sent
    assert len(server.log_path.read_bytes()) < LOG_BYTES_MAX
    assert "Traceback" not in server.log()
    server.kill()
    server.start()
    assert waiting.messages() == waiting.sent
    assert waiting.status(waiting.asking) == "SUCCEEDED"
    assert waiting.status(waiting.resting) == "SUCCEEDED"


def overdue(waiting: Waiting) -> bool:
    """Whether the timer ought to have fired, by the server's own clock."""
    told = waiting.states.describe_execution(executionArn=waiting.resting)
    now = parsedate_to_datetime(told["ResponseMetadata"]["HTTPHeaders"]["date"])
    return bool(now - told["startDate"] > timedelta(seconds=REST_SECONDS + 1))


def server_on(disk: Path) -> ServerProcess:
    """A server whose data is on the small disk, and its log is not."""
    server = ServerProcess(disk / "data")
    server.log_path = disk.parent / "server.log"
    return server


@pytest.mark.timeout(120)
def test_a_full_disk(small_disk: Path) -> None:
    """The file system has no space left; later it has."""
    with server_on(small_disk) as server:
        ballast = small_disk / "ballast"
        survives(Waiting(server), lambda: fill(small_disk), ballast.unlink, "no space")


@pytest.mark.timeout(120)
def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The operating system forbids larger files; later it allows them."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process can be set on Linux only")
    with ServerProcess(tmp_path / "data") as server:
        waiting = Waiting(server)

        def full() -> None:
            size = max(path.stat().st_size for path in server.data.iterdir())
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

        def free() -> None:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)

        survives(waiting, full, free, FILE_NAME)


@pytest.mark.timeout(120)
def test_a_start_on_a_full_disk(small_disk: Path) -> None:
    """A server that dies on a full disk can be started there, or says why not; nothing is lost."""
    with server_on(small_disk) as server:
        waiting = Waiting(server)
        fill(small_disk)
        refused(waiting.send_until_full(), "no space")
        server.kill()
        if starts(server):
            assert waiting.messages() == waiting.sent
            (small_disk / "ballast").unlink()
        else:
            assert "no space" in server.log()
            (small_disk / "ballast").unlink()
            server.start()
        until(lambda: waiting.status(waiting.resting) == "SUCCEEDED", "the timer fires")
        assert "Traceback" not in server.log()
        assert waiting.messages() == waiting.sent
        assert call(server, SUCCEED, taskToken=waiting.token, output="1").status == 200


def starts(server: ServerProcess) -> bool:
    """Whether the server gets ready."""
    try:
        server.start()
    except ServerFailed:
        return False
    return True
