"""`stepwell start --quotas`: a real loop ends where AWS ends it, or goes on and is spoken of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess
from tests.cli.conftest import ROLE, client
from tests.e2e.clients import client as limited
from tests.e2e.conditions import until

CODE = "TOKEN_WAIT_UNBOUNDED"
LOOP = {
    "StartAt": "Count",
    "States": {
        "Count": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)"},
            "Next": "Enough",
        },
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 7_000, "Next": "Count"}],
            "Default": "Ask",
        },
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
            "Parameters": {"StateMachineArn": "none", "Input": {"t.$": "$$.Task.Token"}},
            "End": True,
        },
    },
}
"""28,000 events, and then something that fails."""


def run(server: ServerProcess, states: Any) -> Any:
    """Run the loop to its end; what DescribeExecution says."""
    machine = states.create_state_machine(name="m", definition=json.dumps(LOOP), roleArn=ROLE)
    arn = states.start_execution(
        stateMachineArn=machine["stateMachineArn"], input='{"n": 0}', name="e"
    )["executionArn"]
    until(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", "its end")
    return states.describe_execution(executionArn=arn)


def test_aws_quotas_end_a_loop_where_aws_does(tmp_path: Path) -> None:
    """At 25,000 events, after a line in the log; the lint is in the log, too."""
    environment = {"STEPWELL_QUOTAS": "aws"}
    with ServerProcess(tmp_path / "data", environment=environment) as server:
        states = client(server, "stepfunctions")
        ended = run(server, states)
        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert ended["cause"] == (
            "The execution reached the maximum number of history events (25000)."
        )
        [last] = states.get_execution_history(
            executionArn=ended["executionArn"], reverseOrder=True, maxResults=1
        )["events"]
        assert (last["id"], last["type"]) == (25_000, "ExecutionFailed")
        log = server.log()
        assert log.count("it fails at 25,000") == 1
        assert log.count(CODE) == 1
        states.close()


def test_explain_warns_of_a_long_history(tmp_path: Path) -> None:
    """An execution that waits with more than 20,000 events behind it."""
    with ServerProcess(tmp_path / "data", arguments=["--quotas", "aws"]) as server:
        states = client(server, "stepfunctions")
        text = json.dumps(LOOP).replace("7000", "5200").replace('"Ask"', '"Rest"')
        definition = json.loads(text)
        definition["States"]["Rest"] = {"Type": "Wait", "Seconds": 3_600, "End": True}
        machine = states.create_state_machine(
            name="m", definition=json.dumps(definition), roleArn=ROLE
        )
        states.start_execution(
            stateMachineArn=machine["stateMachineArn"], input='{"n": 0}', name="e"
        )
        until(lambda: "Rest waits until its time has come" in explained(server), "its rest")
        assert explained(server).count("note    The history has 20,") == 1
        assert "it fails at 25,000" in explained(server)
        states.close()


def explained(server: ServerProcess) -> str:
    """What `stepwell explain` says of the execution."""
    return CliRunner().invoke(main, ["explain", "e", "--endpoint", server.endpoint]).output


def test_open_quotas_let_it_go_on(tmp_path: Path) -> None:
    """Beyond 25,000 events, to the end that its definition has."""
    with ServerProcess(tmp_path / "data", arguments=["--quotas", "open"]) as server:
        states = client(server, "stepfunctions")
        ended = run(server, states)
        assert ended["error"] != "States.Runtime"
        [last] = states.get_execution_history(
            executionArn=ended["executionArn"], reverseOrder=True, maxResults=1
        )["events"]
        assert last["id"] > 28_000
        states.close()


@pytest.mark.parametrize("name", ["none", ""])
def test_another_profile_is_refused(name: str) -> None:
    """With the two there are."""
    result = CliRunner().invoke(main, ["start", "--quotas", name])
    assert result.exit_code == 2
    assert "'open', 'aws'" in result.output


@pytest.mark.parametrize(("quotas", "is_throttled"), [("aws", True), ("open", False)])
def test_calls_have_a_rate_under_aws_only(tmp_path: Path, quotas: str, is_throttled: bool) -> None:
    """Far more calls than the bucket holds, without pauses: one is refused, or none."""
    with ServerProcess(tmp_path / "data", arguments=["--quotas", quotas]) as server:
        states = limited(server, "stepfunctions", retries=0)
        codes = set()
        for _ in range(400):
            try:
                states.list_state_machines()
            except ClientError as error:
                codes.add(error.response["Error"]["Code"])
                break
        assert codes == ({"ThrottlingException"} if is_throttled else set())
        states.close()
