"""`executions`, `history`, `tokens`, `explain` and `answer` against a real server."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from stepwell.cli.words import instant
from tests.cli.conftest import Run, World, ask_state


def rows(result: Result) -> list[dict[str, str]]:
    """The rows of a plain table by their headings."""
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def data(result: Result) -> Any:
    """What `--json` printed."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def just_started(text: str) -> str:
    """The text as it reads a few seconds later, however slow this machine is."""
    text = text.replace("in 10 minutes", "in 9 minutes").replace("in 5 minutes", "in 4 minutes")
    return re.sub(r"(in [49] minutes) \d+ seconds?", r"\1", text)


def test_executions_are_listed_newest_first(world: World, run: Run) -> None:
    """Each execution is a row; the newest is the first."""
    for name in ("list-1", "list-2"):
        world.ask(name)
    found = rows(run("executions", "--machine", "approval", "--status", "running"))
    names = [row["NAME"] for row in found]
    assert names.index("list-2") < names.index("list-1")
    assert {row["STATUS"] for row in found} == {"RUNNING"}
    assert {row["MACHINE"] for row in found} == {"approval"}


def test_executions_as_json_are_what_the_api_says(world: World, run: Run) -> None:
    """`--json` prints the API's own members, no more than the limit."""
    arn = world.ask("as-json")
    [newest] = data(run("executions", "--limit", "1", "--json"))["executions"]
    assert newest["executionArn"] == arn
    assert newest["status"] == "RUNNING"


def test_history_tells_time_type_state_and_what(world: World, run: Run) -> None:
    """Every event is a row; events without a name belong to the state that led to them."""
    world.ask("told")
    found = rows(run("history", "told"))
    assert [row["ID"] for row in found] == ["1", "2", "3", "4", "5"]
    assert found[2]["TYPE"] == "TaskScheduled"
    assert found[2]["WHAT"] == "sqs:sendMessage.waitForTaskToken, timeout 600 s, heartbeat 300 s"
    assert [row["STATE"] for row in found] == ["", "Ask", "Ask", "Ask", "Ask"]
    assert found[4]["WHAT"].startswith("MessageId ")


def test_history_as_json_is_the_apis(world: World, run: Run) -> None:
    """`--json` prints the events as GetExecutionHistory answers them."""
    arn = world.ask("told-json")
    events = data(run("history", arn, "--json"))["events"]
    assert [event["type"] for event in events][:2] == ["ExecutionStarted", "TaskStateEntered"]


def test_explain_says_what_is_waited_for(world: World, run: Run) -> None:
    """Sentence, since, until, a hint, and a command with the real token."""
    world.ask("explained")
    result = run("explain", "approval:explained")
    assert result.exit_code == 0
    assert (
        "Ask waits for an answer to its task token, which went out in a message to the queue "
        "approvals." in result.stdout
    )
    for part in ("  since   ", "  until   in 4 minutes", "  until   in 9 minutes", "  free it "):
        assert part in just_started(result.stdout)
    assert "No heartbeat has come yet." in result.stdout


def test_the_command_that_explain_names_frees_it(world: World, run: Run) -> None:
    """The token in the command is the one the task waits for."""
    arn = world.ask("freed")
    [entry] = data(run("explain", "freed", "--json"))["waitsFor"]
    assert f"--task-token {entry['token']} " in entry["command"]
    assert run("answer", entry["token"], "--output", '{"yes": true}').exit_code == 0
    described = world.states.describe_execution(executionArn=arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '{"yes": true}')


def test_explain_tells_how_it_ended(world: World, run: Run) -> None:
    """A finished execution: how, where, why."""
    arn = world.ask("stopped")
    world.states.stop_execution(executionArn=arn, error="Enough", cause="not needed any more")
    result = run("explain", arn)
    assert "The execution was stopped in the state Ask with Enough: not needed" in result.stdout


def test_tokens_show_age_deadline_and_heartbeats(world: World, run: Run) -> None:
    """An open token is a row; its text is shown only when asked for."""
    world.ask("counted")
    [row] = rows(run("tokens", "--execution", "counted"))
    assert (row["STATE"], row["EXECUTION"], row["ATTEMPT"]) == ("Ask", "approval:counted", "1")
    assert just_started(row["UNTIL"]) == "in 9 minutes"
    assert just_started(row["HEARTBEATS"]) == "none, next in 4 minutes"
    assert "TOKEN" not in row
    [shown] = rows(run("tokens", "--execution", "counted", "--reveal"))
    [same] = data(run("tokens", "--execution", "counted", "--reveal", "--json"))["tokens"]
    assert shown["TOKEN"] == same["token"]


def test_heartbeats_are_counted(world: World, run: Run) -> None:
    """A beat is told with its time, and moves the next deadline."""
    world.ask("beaten")
    [token] = data(run("tokens", "--execution", "beaten", "--reveal", "--json"))["tokens"]
    world.states.send_task_heartbeat(taskToken=token["token"])
    [beaten] = data(run("tokens", "--execution", "beaten", "--json"))["tokens"]
    assert beaten["beats"] == 1
    deadline, beat = instant(beaten["heartbeatDeadlineAt"]), instant(beaten["lastBeatAt"])
    assert deadline is not None
    assert beat is not None
    assert deadline - beat == timedelta(seconds=300)


def test_a_closed_token_says_why_and_by_which_request(world: World, run: Run) -> None:
    """The tombstone tells the reason and the request; a second answer is refused with it."""
    arn = world.ask("closed")
    [token] = data(run("tokens", "--execution", arn, "--reveal", "--json"))["tokens"]
    sent = world.states.send_task_failure(taskToken=token["token"], error="No", cause="too late")
    request = sent["ResponseMetadata"]["RequestId"]
    assert rows(run("tokens", "--execution", arn, "--status", "closed"))[0]["WHAT"].endswith(
        f"by request {request}"
    )
    assert f"answered with failure by request {request}" in run("explain", token["token"]).stdout
    refused = run("answer", token["token"], "--output", "{}")
    assert refused.exit_code == 1
    assert "TaskTimedOut" in refused.stderr
    assert f"answered with failure by request {request}" in refused.stderr


def test_a_failure_is_an_answer_too(world: World, run: Run) -> None:
    """`--error` and `--cause` fail the task."""
    arn = world.ask("failed")
    [token] = data(run("tokens", "--execution", arn, "--reveal", "--json"))["tokens"]
    assert run("answer", token["token"], "--error", "No", "--cause", "why").exit_code == 0
    described = world.states.describe_execution(executionArn=arn)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "No", "why")
    assert "failed in the state Ask with No: why" in run("explain", arn).stdout


def test_jobs_are_no_tokens_to_answer(world: World, run: Run) -> None:
    """A child execution that is waited for is explained by its ARN, and listed as no token."""
    nap = world.machine("nap", {"Nap": {"Type": "Wait", "Seconds": 3000, "End": True}})
    job = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": nap, "Input": {}, "Name": "child-of-one"},
        "End": True,
    }
    parent = world.machine("parent", {"Run": job})
    arn = world.states.start_execution(stateMachineArn=parent, name="one")["executionArn"]
    result = run("explain", arn)
    assert "waits for the end of the execution arn:aws:states:" in result.stdout
    assert "stepwell explain arn:" in result.stdout
    assert data(run("tokens", "--execution", arn, "--status", "all", "--json"))["tokens"] == []


def test_an_activity_nobody_polled(world: World, run: Run) -> None:
    """It is said that no worker has asked; once one has, the worker is named."""
    activity = world.states.create_activity(name="review")["activityArn"]
    work = {"Type": "Task", "Resource": activity, "End": True}
    machine = world.machine("review", {"Review": work})
    arn = world.states.start_execution(stateMachineArn=machine, name="r1")["executionArn"]
    assert "none has asked the activity review for work yet" in run("explain", arn).stdout
    world.states.get_activity_task(activityArn=activity, workerName="eve")
    result = run("explain", arn)
    assert "waits for the worker eve, who took its task" in result.stdout
    assert "this can wait for ever" in result.stdout


def test_a_limit_is_told_when_it_is_reached(world: World, run: Run) -> None:
    """More tokens than asked for: those asked for, and a word on stderr."""
    machine = world.machine("many", {"Ask": ask_state(world.queue_url)})
    for number in range(3):
        world.states.start_execution(stateMachineArn=machine, name=f"many-{number}")
    result = run("tokens", "--machine", "many", "--limit", "2")
    assert len(rows(result)) == 2
    assert "There are more: see --limit" in result.stderr
    assert len(rows(run("tokens", "--machine", machine))) == 3


WRONG = {
    "an unknown execution": (("history", "nobody"), "There is no execution nobody."),
    "an unknown machine": (("executions", "--machine", "nope"), "There is no state machine nope"),
    "half a name": (("explain", "approval:"), "approval: is no execution"),
    "a foreign ARN": (("explain", "arn:aws:sqs:us-east-1:0:x"), "InvalidArn"),
    "a broken token": (("explain", "A" * 60), "InvalidToken: Invalid Token: 'Invalid token'"),
    "an output that is no JSON": (("answer", "AQ" + "A" * 48, "--output", "{"), "InvalidOutput"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line(world: World, run: Run, name: str) -> None:
    """A mistake is one line on stderr and exit status 1."""
    arguments, said = WRONG[name]
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_name_that_two_machines_know_is_asked_back(world: World, run: Run) -> None:
    """Several executions of a name are told; the machine's name in front decides."""
    other = world.machine("other", {"Done": {"Type": "Succeed"}})
    world.ask("twice")
    world.states.start_execution(stateMachineArn=other, name="twice")
    result = run("explain", "twice")
    assert result.exit_code == 1
    assert "Several executions are called twice" in result.stderr
    assert "succeeded in the state Done" in run("explain", "other:twice").stdout


def test_an_answer_needs_one_of_both(run: Run) -> None:
    """Neither an output nor an error, or both: a wrong call."""
    assert run("answer", "t").exit_code == 2
    assert run("answer", "t", "--output", "{}", "--error", "E").exit_code == 2


def test_nothing_there_is_said_on_stderr(run: Run) -> None:
    """An empty list prints nothing that a program would take for a row."""
    result = run("tokens", AWS_REGION="eu-west-3")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No task waits on a token.\n"
