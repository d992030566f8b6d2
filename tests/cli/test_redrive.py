"""`stepwell redrive` and RedriveExecution through boto3, against a real server."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.cli.conftest import Run, World


def test_redriven_to_its_end(world: World, run: Run) -> None:
    """A stopped execution waits again, with a new token, and ends well."""
    arn = world.ask("again")
    first = world.receive(world.queue_url)
    world.states.stop_execution(executionArn=arn, error="Stop", cause="lunch")
    described = world.states.describe_execution(executionArn=arn)
    assert (described["redriveStatus"], described["redriveCount"]) == ("REDRIVABLE", 0)
    told = run("redrive", "approval:again")
    assert (told.exit_code, told.stdout) == (0, f"{arn} goes on.\n")
    described = world.states.describe_execution(executionArn=arn)
    assert described["status"] == "RUNNING"
    assert described["redriveCount"] == 1
    assert described["redriveDate"] >= described["startDate"]
    assert not described.keys() & {"stopDate", "error", "cause"}
    second = world.receive(world.queue_url)
    assert second != first
    with pytest.raises(ClientError, match="does not exist anymore"):
        world.states.send_task_success(taskToken=first, output="1")
    world.states.send_task_success(taskToken=second, output="2")
    described = world.states.describe_execution(executionArn=arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", "2")
    events = world.states.get_execution_history(executionArn=arn)["events"]
    [redriven] = [event for event in events if event["type"] == "ExecutionRedriven"]
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_refusals(world: World, run: Run) -> None:
    """What runs can't be redriven, nor what is not there; the command says why."""
    arn = world.ask("runs")
    with pytest.raises(ClientError) as refused:
        world.states.redrive_execution(executionArn=arn)
    error = refused.value.response["Error"]
    assert error["Code"] == "ExecutionNotRedrivable"
    assert error["Message"] == "Execution is RUNNING and cannot be redriven"
    told = run("redrive", "approval:runs")
    assert told.exit_code == 1
    assert "is RUNNING" in told.output
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        world.states.redrive_execution(executionArn=f"{arn}x")
    with pytest.raises(ClientError, match="InvalidArn"):
        world.states.redrive_execution(executionArn=arn.replace(":execution:", ":express:"))


def test_same_client_token(world: World) -> None:
    """A repeated call is answered as the first one, and nothing happens twice."""
    machine = world.machine("fails", {"F": {"Type": "Fail", "Error": "E"}})
    arn = world.states.start_execution(stateMachineArn=machine)["executionArn"]
    dates = {
        world.states.redrive_execution(executionArn=arn, clientToken="one")["redriveDate"]
        for _ in range(3)
    }
    assert len(dates) == 1
    world.states.redrive_execution(executionArn=arn, clientToken="two")
    assert world.states.describe_execution(executionArn=arn)["redriveCount"] == 2


def test_redriven_by_a_task(world: World) -> None:
    """An execution redrives another one through the SDK integration."""
    machine = world.machine("fails-too", {"F": {"Type": "Fail", "Error": "E"}})
    arn = world.states.start_execution(stateMachineArn=machine)["executionArn"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:redriveExecution",
        "Parameters": {"ExecutionArn.$": "$"},
        "End": True,
    }
    redriving = world.machine("redrives", {"R": task})
    started = world.states.start_execution(stateMachineArn=redriving, input=json.dumps(arn))
    for _ in range(1_000):
        described = world.states.describe_execution(executionArn=started["executionArn"])
        if described["status"] != "RUNNING":
            break
    assert described["status"] == "SUCCEEDED", described
    assert world.states.describe_execution(executionArn=arn)["redriveCount"] == 1
