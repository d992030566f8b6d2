"""`stepwell deploy`, `destroy` and `doctor` against a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import boto3
import pytest
from click.testing import CliRunner, Result

from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess
from tests.shared import ROOT

EXAMPLE = ROOT / "examples" / "deploy_toml"
END_SECONDS_MAX = 30


class World:
    """A server, and the command line pointed at it."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.states = self.client("stepfunctions")

    def client(self, service: str) -> Any:
        """An SDK client."""
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def run(self, *arguments: str) -> Result:
        """Run a command to its end."""
        told = {"STEPWELL_ENDPOINT": self.server.endpoint, "AWS_REGION": "us-east-1"}
        return CliRunner().invoke(main, list(arguments), env=told)

    def ran(self, *arguments: str) -> str:
        """Run a command that must succeed; what it printed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def execute(self, machine: str, given: dict[str, Any]) -> Any:
        """Run an execution to its end; its output."""
        arn = f"arn:aws:states:us-east-1:000000000000:stateMachine:{machine}"
        started = self.states.start_execution(stateMachineArn=arn, input=json.dumps(given))
        ended = threading.Event()
        for _ in range(END_SECONDS_MAX * 20):
            shown = self.states.describe_execution(executionArn=started["executionArn"])
            if shown["status"] != "RUNNING":
                break
            ended.wait(0.05)
        assert shown["status"] == "SUCCEEDED", shown
        return json.loads(shown["output"])


@pytest.fixture(scope="module")
def world(running_server: ServerProcess) -> Iterator[World]:
    """The module's server."""
    world = World(running_server)
    yield world
    world.states.close()


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the example that tests may change."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def leftovers(world: World) -> dict[str, Any]:
    """What is on the server that a stack could have made."""
    return {
        "stacks": [
            one["StackName"] for one in world.client("cloudformation").describe_stacks()["Stacks"]
        ],
        "machines": world.states.list_state_machines()["stateMachines"],
        "queues": world.client("sqs").list_queues().get("QueueUrls", []),
        "tables": world.client("dynamodb").list_tables()["TableNames"],
        "functions": world.client("lambda").list_functions()["Functions"],
        "mappings": world.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "buckets": world.client("s3").list_buckets()["Buckets"],
    }


def test_the_example_is_deployed_runs_changes_and_goes(world: World, example: Path) -> None:
    """Deployed, it answers through its queue; deployed again, nothing changes; destroyed, nothing
    is left."""
    told = world.ran("deploy", str(example))
    assert "stack approval: new" in told
    assert "stack approval: CREATE_COMPLETE" in told
    answer = world.execute("approval", {"order": 1, "amount": 20})
    assert answer == {"approved": True, "by": "rule"}
    assert "stack approval: no changes" in world.ran("deploy", str(example))

    worker = example / "functions" / "worker.py"
    worker.write_text(worker.read_text().replace('"rule"', '"another rule"'))
    told = world.ran("deploy", str(example), "--plan")
    assert "~ ApprovalWorkerFunction" in told
    assert world.execute("approval", {"order": 2, "amount": 20})["by"] == "rule"
    world.ran("deploy", str(example))
    assert world.execute("approval", {"order": 3, "amount": 20})["by"] == "another rule"

    assert "stack approval: deleted" in world.ran("destroy", str(example), "--yes")
    assert {name: found for name, found in leftovers(world).items() if found} == {}


def test_a_plan_alone_leaves_nothing(world: World, example: Path) -> None:
    """`--plan` of a new stack shows what would come, and makes neither stack nor resource."""
    told = world.ran("deploy", str(example), "--plan")
    assert "+ ApprovalMachine" in told
    assert leftovers(world)["stacks"] == []
    assert leftovers(world)["queues"] == []


def test_data_is_not_removed_unasked(world: World, example: Path) -> None:
    """What holds data goes only when the user says so."""
    world.ran("deploy", str(example))
    toml = example / "stepwell.toml"
    toml.write_text(
        toml.read_text()
        .replace("[tables.approvals]", "[tables.other]")
        .replace('"table:approvals"', '"table:other"')
    )
    refused = world.run("deploy", str(example))
    assert refused.exit_code == 1
    assert "ApprovalsTable" in refused.output
    assert "nothing was changed" in refused.output
    assert world.client("dynamodb").list_tables()["TableNames"] == ["approvals"]
    world.ran("deploy", str(example), "--yes")
    assert world.client("dynamodb").list_tables()["TableNames"] == ["other"]
    world.ran("destroy", str(example), "--yes")


def test_a_failure_names_its_reason(world: World, example: Path) -> None:
    """A definition that is refused rolls back, and the reason is told; mended, it is deployed."""
    definition = example / "approval.asl.json"
    text = definition.read_text()
    definition.write_text(text.replace('"Next": "Record"', '"Next": "Nowhere"'))
    failed = world.run("deploy", str(example))
    assert failed.exit_code == 1
    assert "Nowhere" in failed.output
    assert "ROLLBACK_COMPLETE" in failed.output
    definition.write_text(text)
    told = world.ran("deploy", str(example))
    assert "is deleted and made again" in told
    assert world.execute("approval", {"order": 4, "amount": 1})["approved"]
    world.ran("destroy", str(example), "--yes")


def read_until(stream: IO[str], words: str) -> None:
    """Read lines until one holds those words."""
    for line in stream:
        if words in line:
            return
    raise AssertionError(f"it ended without {words!r}")


def test_watching_deploys_what_is_saved(world: World, example: Path) -> None:
    """A saved function runs without another command."""
    command = [sys.executable, "-u", "-m", "stepwell.cli.main", "deploy", str(example), "--watch"]
    command += ["--endpoint", world.server.endpoint, "--region", "us-east-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            read_until(process.stdout, "Ctrl-C ends it")
            worker = example / "functions" / "worker.py"
            worker.write_text(worker.read_text().replace('"rule"', '"saved"'))
            read_until(process.stdout, "UPDATE_COMPLETE in")
            assert world.execute("approval", {"order": 5, "amount": 2})["by"] == "saved"
        finally:
            process.kill()
    world.ran("destroy", str(example), "--yes")


def test_watching_goes_on_after_what_is_broken(world: World, tmp_path: Path) -> None:
    """A folder that is empty yet, a template that is broken for a while: both are waited for."""
    command = [sys.executable, "-u", "-m", "stepwell.cli.main", "deploy", str(tmp_path), "--watch"]
    command += ["--endpoint", world.server.endpoint, "--region", "us-east-1", "--stack", "later"]
    path = tmp_path / "template.json"
    good = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            read_until(process.stdout, "Ctrl-C ends it")
            path.write_text(good)
            read_until(process.stdout, "CREATE_COMPLETE in")
            path.write_text(good[:-5])
            read_until(process.stdout, "not well-formed")
            path.write_text(good)
            read_until(process.stdout, "no changes")
        finally:
            process.kill()
    world.ran("destroy", "--stack", "later", "--yes")


def test_who_answers_may_be_somebody_else(tmp_path: Path) -> None:
    """A server of another kind is told as such."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{other.server_address[1]}"
        result = CliRunner().invoke(main, ["deploy", str(EXAMPLE), "--endpoint", endpoint])
        other.shutdown()
    assert result.exit_code == 1
    assert f"What answers at {endpoint} is no Stepwell server." in result.output


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """One line says what to start."""
    told = {"STEPWELL_ENDPOINT": "http://127.0.0.1:1"}
    result = CliRunner().invoke(main, ["deploy", str(EXAMPLE)], env=told)
    assert result.exit_code == 1
    assert "Start a server with `stepwell start`" in result.output
