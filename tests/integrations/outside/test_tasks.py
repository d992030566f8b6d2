"""Tasks of services that are not embedded, through a real server: mocks, commands, upstreams."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stepwell.integrations.outside.commands import own_environment
from stepwell.server import ServerSettings, read_outside_settings
from stepwell.testing.skipping import SkippingServer

ROLE = "arn:aws:iam::000000000000:role/r"


class Glue(ThreadingHTTPServer):
    """A service elsewhere: a job that runs when it is asked first, and is over when asked again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.calls: list[tuple[str, Any]] = []


class _Answers(BaseHTTPRequestHandler):
    server: Glue

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = self.headers["x-amz-target"].rpartition(".")[2]
        self.server.calls.append((name, body))
        status, answer = self.answer(name, body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer(self, name: str, body: Any) -> tuple[int, Any]:
        if body.get("JobName") == "missing":
            return 400, {"__type": "EntityNotFoundException", "Message": "no such job"}
        if name == "StartJobRun":
            return 200, {"JobRunId": "run-1"}
        if name == "BatchStopJobRun":
            return 200, {"SuccessfulSubmissions": [], "Errors": []}
        names = [call for call, _ in self.server.calls]
        if body["JobName"] == "endless":
            state = "STOPPED" if "BatchStopJobRun" in names else "RUNNING"
            return 200, {"JobRun": {"Id": body["RunId"], "JobRunState": state}}
        asked = names.count("GetJobRun")
        state = "FAILED" if body["JobName"] == "bad" else "SUCCEEDED"
        run = {"Id": body["RunId"], "JobRunState": state if asked > 1 else "RUNNING"}
        return 200, {"JobRun": {**run, "StartedOn": 1_750_000_000}}

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def glue() -> Iterator[Glue]:
    """The service elsewhere."""
    with Glue() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class World:
    """A server with such a file, and machines of one task."""

    def __init__(self, server: SkippingServer) -> None:
        self.server = server
        self.states = boto3.client(
            "stepfunctions",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.count = 0

    def start(self, resource: str, parameters: Any, **state: Any) -> str:
        """Start an execution of a machine with that task."""
        self.count += 1
        task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        definition = {"StartAt": "T", "States": {"T": {**task, **state}}}
        machine = self.states.create_state_machine(
            name=f"m{self.count}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        return str(self.states.start_execution(stateMachineArn=machine)["executionArn"])

    def ended(self, execution: str, *, skip: float = 0) -> Any:
        """The execution at its end; time is put forward while it is looked at."""
        for _ in range(2_000):
            seen = self.states.describe_execution(executionArn=execution)
            if seen["status"] != "RUNNING":
                return seen
            if skip:
                self.server.skip(seconds=skip)
        raise AssertionError("it does not end")

    def waits(self, execution: str) -> None:
        """Return once its task has been handed over."""
        self.until(lambda: "TaskSubmitted" in self.types(execution))

    def until(self, seen: Callable[[], bool]) -> None:
        """Return once something is seen."""
        for _ in range(2_000):
            if seen():
                return
            self.states.list_state_machines()
        raise AssertionError("it does not come")

    def types(self, execution: str) -> list[str]:
        """What happened."""
        history = self.states.get_execution_history(executionArn=execution)
        return [event["type"] for event in history["events"]]


def world_of(tmp_path: Path, text: str) -> SkippingServer:
    """A server with that file."""
    path = tmp_path / "integrations.toml"
    path.write_text(text)
    outside = read_outside_settings(path)
    settings = ServerSettings(store=tmp_path / "data", port=0, outside=outside)
    return SkippingServer(tmp_path / "data", settings=settings)


def test_mocks_answer_one_after_the_other(tmp_path: Path) -> None:
    """First an error, which is tried again, then a result; `.sync` sees both its events."""
    text = """
        [[mocks."glue:startJobRun.sync"]]
        throw = { error = "Glue.Busy", cause = "later" }
        [[mocks."glue:startJobRun.sync"]]
        return = { JobRunState = "SUCCEEDED" }
        [mocks."sqs:sendMessage"]
        return = { MessageId = "mocked" }
    """
    with world_of(tmp_path, text) as server:
        world = World(server)
        retry = [{"ErrorEquals": ["Glue.Busy"], "IntervalSeconds": 5}]
        resource = "arn:aws:states:::glue:startJobRun.sync"
        execution = world.start(resource, {"JobName": "j"}, Retry=retry)
        ended = world.ended(execution, skip=5)
        assert json.loads(ended["output"]) == {"JobRunState": "SUCCEEDED"}
        assert world.types(execution).count("TaskFailed") == 1
        assert "TaskSubmitted" in world.types(execution)
        queue = {"QueueUrl": "http://none/000000000000/none", "MessageBody": "m"}
        sent = world.ended(world.start("arn:aws:states:::sqs:sendMessage", queue))
        assert json.loads(sent["output"]) == {"MessageId": "mocked"}


def test_nothing_configured_is_refused_with_the_setting(tmp_path: Path) -> None:
    """At creation, by name."""
    with world_of(tmp_path, "") as server, pytest.raises(ClientError) as refused:
        World(server).start("arn:aws:states:::glue:startJobRun.sync", {"JobName": "j"})
    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    message = refused.value.response["Error"]["Message"]
    assert "glue:startJobRun.sync" in message
    assert "upstream.glue" in message


def test_commands_get_none_of_the_servers_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its keys nor passwords in its addresses; the rest of its environment, yes."""
    monkeypatch.setenv("STEPWELL_STORE", "postgresql://me:secret@db/x")
    monkeypatch.setenv("STEPWELL_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("STEPWELL_SMTP", "smtp://me:secret@mail")
    monkeypatch.setenv("OTHER", "kept")
    environment = own_environment()
    assert environment["OTHER"] == "kept"
    assert "STEPWELL_SMTP" not in environment
    assert not any("secret" in value for name, value in environment.items() if "STEPWELL" in name)


def test_commands_run_tasks(tmp_path: Path) -> None:
    """The task's environment reaches the process, and its exit code decides."""
    code = "import os, sys; print('hello'); sys.exit(int(os.environ['CODE']))"
    text = f"[commands.'ecs:runTask']\njob = {json.dumps([sys.executable, '-c', code])}"
    with world_of(tmp_path, text) as server:
        world = World(server)

        def start(number: int, definition: str = "job") -> str:
            environment = [{"Name": "CODE", "Value": str(number)}]
            override = {"Name": "c", "Environment": environment}
            parameters = {
                "TaskDefinition": f"arn:aws:ecs:r:000000000000:task-definition/{definition}:7",
                "Overrides": {"ContainerOverrides": [override]},
            }
            return world.start("arn:aws:states:::ecs:runTask.sync", parameters)

        good = world.ended(start(0))
        assert json.loads(good["output"])["Containers"][0]["ExitCode"] == 0
        bad = world.ended(start(3))
        assert (bad["status"], bad["error"]) == ("FAILED", "States.TaskFailed")
        container = json.loads(bad["cause"])["Containers"][0]
        assert (container["ExitCode"], container["Reason"]) == (3, "hello\n")
        unknown = world.ended(start(0, "other"))
        assert unknown["error"] == "ECS.ClientException"
        assert "No command is configured for 'other'; there are: job" in unknown["cause"]


def test_an_upstream_is_called_and_its_jobs_are_followed(tmp_path: Path, glue: Glue) -> None:
    """Parameters and answers are translated; the job's state is asked until it is over."""
    text = f"[upstream]\nglue = 'http://127.0.0.1:{glue.server_port}'"
    with world_of(tmp_path, text) as server:
        world = World(server)
        resource = "arn:aws:states:::glue:startJobRun"
        plain = world.ended(world.start(resource, {"JobName": "good"}))
        assert json.loads(plain["output"]) == {"JobRunId": "run-1"}
        glue.calls.clear()
        arguments = {"JobName": "good", "Arguments": {"--x": "1"}}
        execution = world.start(f"{resource}.sync", arguments)
        ended = json.loads(world.ended(execution, skip=1)["output"])
        assert ended["JobRunState"] == "SUCCEEDED"
        assert ended["StartedOn"] == "2025-06-15T15:06:40Z"
        assert glue.calls[0] == ("StartJobRun", arguments)
        assert glue.calls[-1] == ("GetJobRun", {"JobName": "good", "RunId": "run-1"})
        assert world.types(execution)[4:6] == ["TaskSubmitted", "TaskSucceeded"]
        failed = world.ended(world.start(f"{resource}.sync", {"JobName": "bad"}), skip=1)
        assert failed["error"] == "States.TaskFailed"
        missing = world.ended(world.start(resource, {"JobName": "missing"}))
        assert missing["error"] == "Glue.EntityNotFoundException"
        assert missing["cause"].startswith("no such job (Service: Glue; Status Code: 400;")
        sdk = "arn:aws:states:::aws-sdk:glue:getJobRun"
        found = world.ended(world.start(sdk, {"JobName": "good", "RunId": "run-1"}))
        assert json.loads(found["output"])["JobRun"]["Id"] == "run-1"


def test_a_job_is_followed_after_a_restart(tmp_path: Path, glue: Glue) -> None:
    """It is not started again: only its state is asked for."""
    text = f"[upstream]\nglue = 'http://127.0.0.1:{glue.server_port}'"
    with world_of(tmp_path, text) as server:
        execution = World(server).start(
            "arn:aws:states:::glue:startJobRun.sync", {"JobName": "good"}
        )
        for _ in range(2_000):
            if ("GetJobRun", {"JobName": "good", "RunId": "run-1"}) in glue.calls:
                break
            World(server).types(execution)
    with world_of(tmp_path, text) as server:
        assert World(server).ended(execution, skip=1)["status"] == "SUCCEEDED"
    assert [name for name, _ in glue.calls].count("StartJobRun") == 1


_STOP = ("BatchStopJobRun", {"JobName": "endless", "JobRunIds": ["run-1"]})


def test_a_job_is_stopped_with_its_execution(tmp_path: Path, glue: Glue) -> None:
    """Somebody stops the execution: the job elsewhere is told, once."""
    text = f"[upstream]\nglue = 'http://127.0.0.1:{glue.server_port}'"
    with world_of(tmp_path, text) as server:
        world = World(server)
        resource = "arn:aws:states:::glue:startJobRun.sync"
        execution = world.start(resource, {"JobName": "endless"})
        world.waits(execution)
        world.states.stop_execution(executionArn=execution)
        world.until(lambda: _STOP in glue.calls)
        assert world.ended(execution)["status"] == "ABORTED"
    assert glue.calls.count(_STOP) == 1


def test_a_job_is_stopped_when_its_task_times_out(tmp_path: Path, glue: Glue) -> None:
    """The task is over, and so is the job."""
    text = f"[upstream]\nglue = 'http://127.0.0.1:{glue.server_port}'"
    with world_of(tmp_path, text) as server:
        world = World(server)
        resource = "arn:aws:states:::glue:startJobRun.sync"
        execution = world.start(resource, {"JobName": "endless"}, TimeoutSeconds=60)
        world.waits(execution)
        assert world.ended(execution, skip=20)["error"] == "States.Timeout"
        world.until(lambda: _STOP in glue.calls)


def test_a_command_ends_with_its_execution(tmp_path: Path) -> None:
    """The process of a stopped execution is killed, and what it began with it."""
    told = tmp_path / "pid"
    code = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    text = f"[commands.'ecs:runTask']\njob = {json.dumps([sys.executable, '-c', code])}"
    with world_of(tmp_path, text) as server:
        world = World(server)
        resource = "arn:aws:states:::ecs:runTask.sync"
        execution = world.start(resource, {"TaskDefinition": "job"})
        world.until(lambda: told.exists() and told.read_text() != "")
        world.states.stop_execution(executionArn=execution)
        world.until(lambda: not _runs(int(told.read_text())))
        assert world.types(execution)[-1] == "ExecutionAborted"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
