"""Real functions under `kill -9`: what was accepted runs, what a queue held is worked on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stepwell.testing.functions import zip_of
from stepwell.testing.server import ServerProcess
from stepwell.values import encode_text
from tests.e2e.clients import client
from tests.e2e.conditions import until

ROLE = "arn:aws:iam::000000000000:role/any"
SOURCE = """
import os, time

def handler(event, context):
    started = {folder!r} + "/started"
    open(started, "a").close()
    time.sleep(event.get("seconds", 0))
    for record in event.get("Records", [{{"body": event.get("n")}}]):
        open({folder!r} + "/done-%s" % record["body"], "w").close()
    return event
"""


def _create(functions: Any, folder: Path) -> str:
    answer = functions.create_function(
        FunctionName="work",
        Runtime="python3.12",
        Handler="handler.handler",
        Role=ROLE,
        Timeout=5,
        Code={"ZipFile": zip_of({"handler.py": SOURCE.format(folder=str(folder))})},
    )
    return str(answer["FunctionArn"])


def _done(folder: Path) -> set[str]:
    return {path.name.removeprefix("done-") for path in folder.glob("done-*")}


def test_accepted_events_run_after_the_kill_and_the_restart(tmp_path: Path) -> None:
    """Events that were accepted run, those that ran when the power went, too."""
    folder = tmp_path / "out"
    folder.mkdir()
    with ServerProcess(tmp_path / "data") as server:
        functions = client(server, "lambda")
        _create(functions, folder)
        for number in range(5):
            answer = functions.invoke(
                FunctionName="work",
                InvocationType="Event",
                Payload=b'{"n":%d,"seconds":1}' % number,
            )
            assert answer["StatusCode"] == 202
        until(lambda: (folder / "started").exists(), "the first function")
        server.kill()
        assert len(_done(folder)) < 5
        server.start()
        until(lambda: _done(folder) == set("01234"), "every event")


def test_messages_are_worked_on_after_the_kill_and_the_restart(tmp_path: Path) -> None:
    """No message is lost between the queue and the function."""
    folder = tmp_path / "out"
    folder.mkdir()
    with ServerProcess(tmp_path / "data") as server:
        functions, queues = client(server, "lambda"), client(server, "sqs")
        _create(functions, folder)
        attributes = {"VisibilityTimeout": "5"}
        url = queues.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
        functions.create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:000000000000:jobs",
            FunctionName="work",
            BatchSize=1,
        )
        for number in range(3):
            queues.send_message(QueueUrl=url, MessageBody=str(number))
        server.kill()
        server.start()
        for number in range(3, 6):
            queues.send_message(QueueUrl=url, MessageBody=str(number))
        until(lambda: _done(folder) >= set("345"), "the messages after the restart")
        until(lambda: _done(folder) == set("012345"), "the messages before it")


def test_a_task_is_answered_after_the_kill_and_the_restart(tmp_path: Path) -> None:
    """An execution that waits for a function gets its answer from the next process."""
    folder = tmp_path / "out"
    folder.mkdir()
    with ServerProcess(tmp_path / "data") as server:
        arn = _create(client(server, "lambda"), folder)
        states = client(server, "stepfunctions")
        state = {"Type": "Task", "Resource": arn, "End": True}
        definition = encode_text({"StartAt": "A", "States": {"A": state}})
        machine = states.create_state_machine(name="m", definition=definition, roleArn=ROLE)
        started = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], input='{"n":7,"seconds":1}'
        )
        until(lambda: (folder / "started").exists(), "the function")
        server.kill()
        server.start()
        execution = started["executionArn"]
        until(
            lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
            "the end",
        )
        assert _done(folder) == {"7"}
