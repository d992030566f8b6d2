"""The CDK deploys, changes and destroys the example apps on a server, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.inventory import inventory
from tests.e2e.tools import Tool, app_copy, cdk, replaced
from tests.e2e.web import post

FUNCTIONS = ("cdk_state_machine", "sqs_buffered")
YES = ("--require-approval", "never", "--outputs-file", "outputs.json")
STACKS = 2
LONGER = {
    "cdk_typescript": ("lib/buffered-stack.ts", "Duration.minutes(10)", "Duration.minutes(20)"),
    "cdk_python": ("buffered_stack.py", "Duration.minutes(10)", "Duration.minutes(20)"),
}
"""A change of the machine: the file, what stands there, what shall stand there."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bootstrapped(
    running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory
) -> ServerProcess:
    """A server whose account is ready for the CDK, twice over."""
    home = tmp_path_factory.mktemp("bootstrap")
    tool = cdk(home, home, running_server)
    place = "aws://000000000000/us-east-1"
    assert "Environment aws://000000000000/us-east-1 bootstrapped." in tool.run("bootstrap", place)
    assert "(no changes)" in tool.run("bootstrap", place)
    return running_server


@pytest.mark.parametrize("app", LONGER)
def test_an_app_lives_and_is_gone(app: str, bootstrapped: ServerProcess, tmp_path: Path) -> None:
    """Deployed, used, deployed again without a change and with one, destroyed to the last bit."""
    before = inventory(bootstrapped)
    tool = cdk(app_copy(tmp_path, app, *FUNCTIONS), tmp_path, bootstrapped)
    outputs = deployed(tool)
    a_message_is_recorded(bootstrapped, outputs["Messages"])
    two_messages_share_a_batch(bootstrapped, outputs["Buffered"])

    assert tool.run("deploy", "--all", *YES).count("(no changes)") == STACKS
    assert "Number of stacks with differences: 0" in tool.run("diff")

    file, old, new = LONGER[app]
    replaced(tool.folder / file, [(old, new)])
    assert re.search(r"-.*600.*\n.*\+.*1200", tool.run("diff", "Buffered"))
    assert deployed(tool)["Buffered"] == outputs["Buffered"]
    machine = outputs["Buffered"]["MachineArn"]
    states = client(bootstrapped, "stepfunctions")
    definition = states.describe_state_machine(stateMachineArn=machine)["definition"]
    assert json.loads(definition)["TimeoutSeconds"] == 1200
    two_messages_share_a_batch(bootstrapped, outputs["Buffered"])

    tool.run("destroy", "--all", "--force", "--app", "cdk.out")
    assert inventory(bootstrapped) == before


def deployed(tool: Tool) -> Any:
    """The outputs of both stacks, once they are there."""
    tool.run("deploy", "--all", *YES)
    return json.loads((tool.folder / "outputs.json").read_text(encoding="utf-8"))


def a_message_is_recorded(server: ServerProcess, outputs: dict[str, str]) -> None:
    """A POST becomes an event, a machine and a row."""
    body = json.dumps({"message": json.dumps({"message": "a secret, isn't it"})})
    event = json.loads(post(server, outputs["Url"], body))["Entries"][0]["EventId"]
    table = client(server, "dynamodb")
    select = f"SELECT * FROM \"{outputs['TableName']}\" WHERE messageId = '{event}'"
    rows: list[Any] = []

    def is_there() -> bool:
        rows[:] = table.execute_statement(Statement=select)["Items"]
        return bool(rows)

    until(is_there, "the message in the table")
    assert json.loads(rows[0]["event"]["S"]) == {"message": "a secret, isn't it"}
    states = client(server, "stepfunctions")

    def succeeded() -> bool:
        asked = {"stateMachineArn": outputs["MachineArn"], "statusFilter": "SUCCEEDED"}
        return bool(states.list_executions(**asked)["executions"])

    until(succeeded, "the execution that recorded the message")
    logged = client(server, "logs").filter_log_events(
        logGroupName=outputs["LogName"], filterPattern=f'"{event}"'
    )
    assert logged["events"]


def two_messages_share_a_batch(server: ServerProcess, outputs: dict[str, str]) -> None:
    """Two executions wait for one function, which answers both tokens."""
    states = client(server, "stepfunctions")
    given = {"time": "2026-04-18T07:51:06Z", "detail": {"message": '{"message": "hello"}'}}
    executions = [
        states.start_execution(
            stateMachineArn=outputs["MachineArn"], input=json.dumps({"id": name, **given})
        )["executionArn"]
        for name in ("one", "two")
    ]

    def ended() -> bool:
        seen = [states.describe_execution(executionArn=each)["status"] for each in executions]
        return "RUNNING" not in seen

    until(ended, "the end of both executions")
    for execution in executions:
        assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    key = {"messageId": {"S": "one"}}
    row = client(server, "dynamodb").get_item(TableName=outputs["TableName"], Key=key)["Item"]
    assert row["batch"]["N"] == "2"
