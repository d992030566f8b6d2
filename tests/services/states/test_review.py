"""Warnings about waits reach the answer of the validation, when asked for, and the log."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from stepwell.language.compile import compile_taken
from stepwell.language.program import Program
from stepwell.language.resources import Runs
from tests.services.states.fakes import ARN, PASS, ROLE, World

URL = "http://localhost:4566/000000000000/jobs"


def waiting(**fields: object) -> str:
    """A machine that waits for a token sent through a queue."""
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": URL, "MessageBody.$": "$$.Task.Token"},
        "End": True,
        **fields,
    }
    return json.dumps({"StartAt": "Ask", "States": {"Ask": state}})


@pytest.fixture
async def world() -> World:
    """A fresh service."""
    return await World().open()


async def test_warnings_are_shown_only_when_asked_for(world: World) -> None:
    """The default answer is AWS's."""
    definition = waiting()
    plain = await world.call("ValidateStateMachineDefinition", definition=definition)
    assert plain == {"result": "OK", "diagnostics": [], "truncated": False}
    asked = await world.call(
        "ValidateStateMachineDefinition", definition=definition, severity="WARNING"
    )
    assert asked["result"] == "OK"
    assert [(d["severity"], d["code"], d["location"]) for d in asked["diagnostics"]] == [
        ("WARNING", "TOKEN_WAIT_UNBOUNDED", "/States/Ask")
    ]


async def test_what_aws_runs_and_this_server_does_not_is_valid_and_cannot_be_created(
    world: World,
) -> None:
    """A warning in the validation, an error in creation and update, in the same words."""
    definition = waiting(
        Resource="arn:aws:states:::athena:getQueryResults", Parameters={"QueryExecutionId": "q"}
    )
    plain = await world.call("ValidateStateMachineDefinition", definition=definition)
    assert plain == {"result": "OK", "diagnostics": [], "truncated": False}
    asked = await world.call(
        "ValidateStateMachineDefinition", definition=definition, severity="WARNING"
    )
    assert asked["result"] == "OK"
    (told,) = asked["diagnostics"]
    assert (told["severity"], told["code"]) == ("WARNING", "NOT_RUN_HERE")
    arn = await world.machine("m")
    for operation, given in (
        ("CreateStateMachine", {"name": "n", "roleArn": ROLE}),
        ("UpdateStateMachine", {"stateMachineArn": arn}),
    ):
        code, message = await world.refusal(operation, definition=definition, **given)
        assert code == "InvalidDefinition"
        assert told["message"] in message


async def test_errors_come_before_warnings_and_the_rest_is_cut_off(world: World) -> None:
    """`maxResults` cuts the warnings first, and says so; 0 means AWS's own limit."""
    given = {"definition": waiting(Nonsense=1), "severity": "WARNING"}
    cut = await world.call("ValidateStateMachineDefinition", **given, maxResults=1)
    assert [d["severity"] for d in cut["diagnostics"]] == ["ERROR"]
    assert (cut["result"], cut["truncated"]) == ("FAIL", True)
    whole = await world.call("ValidateStateMachineDefinition", **given, maxResults=0)
    assert [d["severity"] for d in whole["diagnostics"]] == ["ERROR", "WARNING"]
    assert whole["truncated"] is False


async def test_warnings_that_are_not_asked_for_do_not_count_as_cut_off(world: World) -> None:
    """`truncated` speaks of what would have been shown."""
    answer = await world.call(
        "ValidateStateMachineDefinition", definition=waiting(Nonsense=1), maxResults=1
    )
    assert answer["truncated"] is False


async def test_a_hundred_findings_are_all_that_is_shown(world: World) -> None:
    """AWS's limit."""
    states = {str(n): {"Type": "Pass", "End": True, "Nonsense": 1} for n in range(150)}
    definition = json.dumps({"StartAt": "0", "States": states})
    answer = await world.call("ValidateStateMachineDefinition", definition=definition)
    assert len(answer["diagnostics"]) == 100
    assert answer["truncated"] is True


async def test_the_queue_here_is_asked_for_its_retention(world: World) -> None:
    """With the caller's account and region."""
    asked: list[tuple[str, str, str]] = []

    def retention(account: str, region: str, url: str) -> int:
        asked.append((account, region, url))
        return 60

    world.states.queue_retention = retention
    answer = await world.call(
        "ValidateStateMachineDefinition",
        definition=waiting(TimeoutSeconds=61),
        severity="WARNING",
    )
    assert [d["code"] for d in answer["diagnostics"]] == ["WAIT_OUTLIVES_MESSAGE"]
    assert asked == [("000000000000", "us-east-1", URL)]


async def test_creation_and_update_log_the_warnings(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each revision, with the machine's ARN and the place; equal calls log nothing."""
    with caplog.at_level(logging.WARNING, "stepwell.states"):
        arn = await world.machine("m", definition=waiting())
        [line] = [record.getMessage() for record in caplog.records]
        assert line.startswith(f"{ARN}m at /States/Ask (line 1): TOKEN_WAIT_UNBOUNDED: ")
        caplog.clear()
        await world.machine("m", definition=waiting())
        await world.call("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE + "2")
        assert caplog.records == []
        await world.call("UpdateStateMachine", stateMachineArn=arn, definition=PASS)
        assert caplog.records == []
        changed = waiting(Comment="another")
        await world.call("UpdateStateMachine", stateMachineArn=arn, definition=changed)
        assert len(caplog.records) == 1


async def test_a_state_name_cannot_forge_a_log_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Line breaks of a name are blanks in the log, and the number of lines is bounded."""
    task = json.loads(waiting())["States"]["Ask"]
    states = {f"a\nERROR forged {n}": task for n in range(30)}
    names = list(states)
    chained = {
        name: {k: v for k, v in {**task, "Next": after}.items() if k != "End"}
        for name, after in zip(names, [*names[1:], "Z"], strict=True)
    }
    definition = {"StartAt": names[0], "States": {**chained, "Z": {"Type": "Succeed"}}}
    with caplog.at_level(logging.WARNING, "stepwell.states"):
        await world.machine("m", definition=json.dumps(definition))
    assert len(caplog.records) == 21
    assert all("\n" not in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("operation", ["ValidateStateMachineDefinition", "CreateStateMachine"])
async def test_nobody_waits_for_a_large_definition(world: World, operation: str) -> None:
    """It is read beside the loop, which answers others meanwhile."""
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(5_000)}
    definition = json.dumps({"StartAt": "S0", "States": {**states, "S5000": {"Type": "Succeed"}}})
    more = {"name": "large", "roleArn": ROLE} if operation == "CreateStateMachine" else {}
    large = asyncio.ensure_future(world.call(operation, definition=definition, **more))
    await asyncio.sleep(0)
    assert (await world.call("ListStateMachines"))["stateMachines"] == []
    assert not large.done()
    await large


async def test_an_update_that_leaves_the_definition_does_not_read_it_again() -> None:
    """A role can be changed though the definition would be refused today."""
    taken: list[str] = []

    def compiler(text: str, /, *, machine_type: str, runs: Runs) -> Program:
        taken.append(text)
        return compile_taken(text)

    world = await World(compiler=compiler).open()
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, "Old": 1}}})
    made = await world.call("CreateStateMachine", name="m", roleArn=ROLE, definition=text)
    arn = made["stateMachineArn"]
    await world.call("UpdateStateMachine", stateMachineArn=arn, roleArn=f"{ROLE}2")
    assert taken == [text]
    shown = await world.call("DescribeStateMachine", stateMachineArn=arn)
    assert (shown["roleArn"], shown["definition"]) == (f"{ROLE}2", text)
