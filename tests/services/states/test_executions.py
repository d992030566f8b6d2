"""Executions: started, described, listed, stopped; histories in pages."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.services.states import history
from tests.services.states.fakes import ARN, World

EXECUTION = ARN.replace("stateMachine", "execution")


@pytest.fixture
async def world() -> World:
    """A service with machine `m`."""
    world = await World().open()
    await world.machine("m")
    return world


async def test_start_keeps_the_text_of_the_input(world: World) -> None:
    """Spacing stays; without an input it is `{}`; without a name it is a UUID."""
    text = '{ "a" :\n1 }'
    first = await world.call("StartExecution", stateMachineArn=ARN + "m", input=text, name="e")
    assert first["executionArn"] == EXECUTION + "m:e"
    described = await world.call("DescribeExecution", executionArn=first["executionArn"])
    assert described["input"] == text
    second = await world.call("StartExecution", stateMachineArn=ARN + "m", traceHeader="Root=1")
    described = await world.call("DescribeExecution", executionArn=second["executionArn"])
    assert (described["input"], described["traceHeader"]) == ("{}", "Root=1")
    assert len(described["name"]) == 36


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid execution input."),
        (
            "not some json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token "
            "'null', 'true' or 'false')",
        ),
        (
            "{'not': 'json'",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        ),
    ],
)
async def test_bad_input_is_refused(world: World, text: str, why: str) -> None:
    """What is no JSON gets AWS's text."""
    assert await world.refusal("StartExecution", stateMachineArn=ARN + "m", input=text) == (
        "InvalidExecutionInput",
        f"Invalid State Machine Execution Input: '{why}'",
    )


async def test_input_is_bounded_in_bytes(world: World) -> None:
    """256 KiB count in UTF-8, not in characters."""
    fits = '"' + "é" * 131_071 + '"'
    await world.call("StartExecution", stateMachineArn=ARN + "m", input=fits)
    code, _ = await world.refusal("StartExecution", stateMachineArn=ARN + "m", input=fits + " ")
    assert code == "ValidationException"


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (
            {"stateMachineArn": "nope"},
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: nope'",
        ),
        (
            {"stateMachineArn": ARN + "other"},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{ARN}other'",
        ),
        (
            {"stateMachineArn": ARN + "m/label"},
            "ValidationException",
            "The operation does not support labeled state machine ARNs.",
        ),
        (
            {"stateMachineArn": ARN + "m:none"},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{ARN}m:none'",
        ),
    ],
)
async def test_bad_starts(world: World, params: dict[str, str], code: str, message: str) -> None:
    """Names and ARNs are checked before anything is started."""
    given = {"stateMachineArn": ARN + "m", **params}
    assert await world.refusal("StartExecution", **given) == (code, message)
    assert world.executions.rows == {}


async def test_express_machines_have_their_own_operations() -> None:
    """Express executions start, or run to their end, and can't be listed, described or stopped."""
    world = await World().open()
    await world.machine("m")
    arn = await world.machine("x", type="EXPRESS")
    started = await world.call("StartExecution", stateMachineArn=arn, name="a")
    assert started["executionArn"] == f"{ARN.replace('stateMachine', 'express')}x:a:unique"
    assert await world.refusal("ListExecutions", stateMachineArn=arn) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
    for operation in ("DescribeExecution", "StopExecution", "GetExecutionHistory"):
        assert await world.refusal(operation, executionArn=started["executionArn"]) == (
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
        )
    assert await world.refusal("StartSyncExecution", stateMachineArn=ARN + "m") == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
    for operation in ("StartExecution", "StartSyncExecution"):
        code, _ = await world.refusal(operation, stateMachineArn=arn, input="{")
        assert code == "InvalidExecutionInput"


async def test_an_execution_run_to_its_end() -> None:
    """The answer of StartSyncExecution is the end, billed in steps of 100 ms."""
    world = await World().open()
    arn = await world.machine("x", type="EXPRESS")
    asked = {"stateMachineArn": arn, "name": "a", "input": "[1]", "traceHeader": "Root=1"}
    answer = await world.call("StartSyncExecution", **asked)
    assert round(answer.pop("stopDate") - answer.pop("startDate"), 3) == 0.101
    bare = {
        "executionArn": f"{ARN.replace('stateMachine', 'express')}x:a:unique",
        "stateMachineArn": arn,
        "name": "a",
        "status": "SUCCEEDED",
        "traceHeader": "Root=1",
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 200},
    }
    data = {"input": "[1]", "output": "[1]"}
    shown = {"inputDetails": {"included": True}, "outputDetails": {"included": True}}
    assert answer == bare | data | shown
    answer = await world.call("StartSyncExecution", **asked, includedData="METADATA_ONLY")
    del answer["stopDate"], answer["startDate"]
    hidden = {"inputDetails": {"included": False}, "outputDetails": {"included": False}}
    assert answer == bare | hidden


async def test_described_end(world: World) -> None:
    """A finished execution shows its output and that it can't be redriven."""
    arn = (await world.call("StartExecution", stateMachineArn=ARN + "m", name="e"))["executionArn"]
    await world.executions.finish(arn, '{"a": 1}')
    answer = await world.call("DescribeExecution", executionArn=arn)
    assert answer.pop("stopDate") > answer.pop("startDate")
    assert answer == {
        "executionArn": arn,
        "stateMachineArn": ARN + "m",
        "name": "e",
        "status": "SUCCEEDED",
        "input": "{}",
        "inputDetails": {"included": True},
        "output": '{"a": 1}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }
    answer = await world.call("DescribeExecution", executionArn=arn, includedData="METADATA_ONLY")
    assert answer["inputDetails"] == {"included": False}
    assert "output" not in answer


async def test_stop(world: World) -> None:
    """Stopping aborts with error and cause; stopping again answers the same date."""
    arn = (await world.call("StartExecution", stateMachineArn=ARN + "m", name="e"))["executionArn"]
    first = await world.call("StopExecution", executionArn=arn, error="E", cause="C")
    second = await world.call("StopExecution", executionArn=arn)
    answer = await world.call("DescribeExecution", executionArn=arn)
    assert (answer["status"], answer["error"], answer["cause"]) == ("ABORTED", "E", "C")
    assert answer["redriveStatus"] == "REDRIVABLE"
    assert first == second


async def test_executions_survive_their_machine(world: World) -> None:
    """After the machine is gone, its executions and their definition are still described."""
    arn = (await world.call("StartExecution", stateMachineArn=ARN + "m", name="e"))["executionArn"]
    await world.executions.finish(arn)
    await world.call("DeleteStateMachine", stateMachineArn=ARN + "m")
    assert (await world.call("DescribeExecution", executionArn=arn))["status"] == "SUCCEEDED"
    answer = await world.call("DescribeStateMachineForExecution", executionArn=arn)
    assert answer["name"] == "m"


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("nope", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nope'"),
        (
            EXECUTION.replace("execution", "express") + "m:e:1",
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
        ),
        (
            EXECUTION + "m:e",
            "ExecutionDoesNotExist",
            f"Execution Does Not Exist: '{EXECUTION}m:e'",
        ),
    ],
)
@pytest.mark.parametrize("operation", ["DescribeExecution", "GetExecutionHistory", "StopExecution"])
async def test_unknown_executions(
    world: World, operation: str, arn: str, code: str, message: str
) -> None:
    """Each operation on an execution refuses a wrong ARN in the same words."""
    assert await world.refusal(operation, executionArn=arn) == (code, message)


async def test_list_is_newest_first_and_filtered(world: World) -> None:
    """Pages go back in time over all statuses; a filter shows one; tokens are bound to it."""
    arns = []
    for number in range(7):
        started = await world.call("StartExecution", stateMachineArn=ARN + "m", name=str(number))
        arns.append(started["executionArn"])
        if number % 2:
            await world.executions.finish(started["executionArn"])
    names: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        page = await world.call("ListExecutions", stateMachineArn=ARN + "m", maxResults=3, **token)
        names += [execution["name"] for execution in page["executions"]]
        token = {"nextToken": page["nextToken"]} if "nextToken" in page else {}
    assert names == ["6", "5", "4", "3", "2", "1", "0"]
    assert token == {}
    page = await world.call(
        "ListExecutions", stateMachineArn=ARN + "m", statusFilter="SUCCEEDED", maxResults=2
    )
    assert [execution["name"] for execution in page["executions"]] == ["5", "3"]
    assert await world.refusal(
        "ListExecutions", stateMachineArn=ARN + "m", nextToken=page["nextToken"]
    ) == ("InvalidToken", "Invalid Token: 'Invalid token'")


async def test_lists_do_not_read_what_executions_carry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs and outputs of a thousand executions may be half a gigabyte; no list shows them."""
    await world.call("StartExecution", stateMachineArn=ARN + "m", input='"large"')
    read: list[object] = []
    pick = world.store.pick

    async def noting(*given: Any, **named: Any) -> list[tuple[Any, ...]]:
        found = await pick(*given, **named)
        read.extend(value for values in found for value in values)
        return found

    monkeypatch.setattr(world.store, "pick", noting)
    page = await world.call("ListExecutions", stateMachineArn=ARN + "m")
    assert page["executions"][0]["executionArn"] in read
    assert '"large"' not in read


async def test_list_pages_end_with_the_last_row(world: World) -> None:
    """A page that holds the last execution has no token."""
    for number in range(2):
        await world.call("StartExecution", stateMachineArn=ARN + "m", name=str(number))
    page = await world.call("ListExecutions", stateMachineArn=ARN + "m", maxResults=2)
    assert "nextToken" not in page


async def test_redrive_filter(world: World) -> None:
    """The filter is for the children of a Map Run."""
    code, _ = await world.refusal(
        "ListExecutions", stateMachineArn=ARN + "m", redriveFilter="REDRIVEN"
    )
    assert code == "ValidationException"


def event(number: int) -> bytes:
    """An event with data."""
    return (
        b'{"id":%d,"type":"T","stateEnteredEventDetails":{"name":"A","input":"{}",'
        b'"inputDetails":{"truncated":false}}}' % number
    )


async def history_of(world: World, **params: object) -> list[dict[str, object]]:
    """All pages of the history of execution `e`."""
    events: list[dict[str, object]] = []
    token: dict[str, object] = {}
    for _ in range(20):
        page = await world.call(
            "GetExecutionHistory", executionArn=EXECUTION + "m:e", **params, **token
        )
        events += page["events"]
        if "nextToken" not in page:
            return events
        token = {"nextToken": page["nextToken"]}
    raise AssertionError("the pages do not end")


@pytest.fixture
async def told(world: World) -> World:
    """Execution `e` with five events."""
    await world.call("StartExecution", stateMachineArn=ARN + "m", name="e")
    await world.executions.happened(EXECUTION + "m:e", *(event(n) for n in range(1, 6)))
    return world


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 0])
@pytest.mark.parametrize("reverse", [False, True])
async def test_history_pages(told: World, size: int, reverse: bool) -> None:
    """Whatever the page size and the direction, every event comes once and in order."""
    ids = [e["id"] for e in await history_of(told, maxResults=size, reverseOrder=reverse)]
    assert ids == ([5, 4, 3, 2, 1] if reverse else [1, 2, 3, 4, 5])


async def test_history_pages_are_bounded_in_bytes(
    told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page ends before it grows too large, and the next goes on there."""
    monkeypatch.setattr(history, "PAGE_BYTES_MAX", 250)
    page = await told.call("GetExecutionHistory", executionArn=EXECUTION + "m:e")
    assert [e["id"] for e in page["events"]] == [1, 2]
    assert [e["id"] for e in await history_of(told)] == [1, 2, 3, 4, 5]


async def test_history_without_data(told: World) -> None:
    """Inputs and outputs go, the rest stays."""
    events = await history_of(told, includeExecutionData=False)
    assert events[0] == {"id": 1, "type": "T", "stateEnteredEventDetails": {"name": "A"}}
