"""`states:startExecution`: what the parent gets to see of its child, pattern by pattern."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.runtime.bench import Bench, ask, bench, starts

FAIL: dict[str, Any] = {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}
SHOUT: dict[str, Any] = {"P": {"Type": "Pass", "Result": {"loud": True}, "End": True}}


async def described(made: Bench, execution: str) -> Any:
    """DescribeExecution."""
    return await made.call("DescribeExecution", executionArn=execution)


async def run(made: Bench, child: dict[str, Any], pattern: str, **given: Any) -> Any:
    """A parent that starts that child, as it ends in its first turns."""
    arn = await made.machine("child", child, **given)
    parent = await made.machine("parent", {"C": starts(arn, pattern, Name="kid", Input={"a": 1})})
    execution = await made.start(parent, "one")
    await made.settle()
    return execution


async def test_fire_and_forget() -> None:
    """Without a pattern the task has the child's ARN and does not wait for it."""
    async with bench() as made:
        execution = await run(made, {"W": {"Type": "Wait", "Seconds": 60, "End": True}}, "")
        output = json.loads((await described(made, execution))["output"])
        kid = execution.replace("parent:one", "child:kid")
        assert output["ExecutionArn"] == kid
        assert await made.status(kid) == "RUNNING"


async def test_sync_output_is_text() -> None:
    """`.sync` answers with the child's description, input and output as text."""
    async with bench() as made:
        execution = await run(made, SHOUT, ".sync")
        output = json.loads((await described(made, execution))["output"])
        assert (output["Status"], output["Output"]) == ("SUCCEEDED", '{"loud":true}')
        assert output["Input"] == '{"a":1}'


async def test_sync2_output_is_json() -> None:
    """`.sync:2` answers with input and output as JSON."""
    async with bench() as made:
        execution = await run(made, SHOUT, ".sync:2")
        output = json.loads((await described(made, execution))["output"])
        assert (output["Input"], output["Output"]) == ({"a": 1}, {"loud": True})


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
async def test_sync_failure(pattern: str) -> None:
    """A child that fails fails the task with States.TaskFailed; its description is the cause."""
    async with bench() as made:
        shown = await described(made, await run(made, FAIL, pattern))
        assert shown["error"] == "States.TaskFailed"
        cause = json.loads(shown["cause"])
        assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "E", "C")


async def test_sync_child_times_out() -> None:
    """A child that runs out of time fails the task like one that fails."""
    async with bench() as made:
        child = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
        execution = await run(made, child, ".sync", TimeoutSeconds=5)
        await made.wait(6)
        shown = await described(made, execution)
        assert (shown["status"], shown["error"]) == ("FAILED", "States.TaskFailed")
        assert json.loads(shown["cause"])["Status"] == "TIMED_OUT"


async def test_sync_child_stopped() -> None:
    """A child that somebody stops fails the task."""
    async with bench() as made:
        child = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
        execution = await run(made, child, ".sync")
        kid = execution.replace("parent:one", "child:kid")
        await made.call("StopExecution", executionArn=kid, error="E", cause="C")
        shown = await described(made, execution)
        assert json.loads(shown["cause"])["Status"] == "ABORTED"


async def test_name_taken() -> None:
    """A name that is taken by another execution fails the task."""
    async with bench() as made:
        child = await made.machine("child", SHOUT)
        await made.start(child, "kid", {"other": 1})
        parent = await made.machine("parent", {"C": starts(child, "", Name="kid")})
        execution = await made.start(parent, "one")
        await made.settle()
        shown = await described(made, execution)
        assert shown["error"] == "StepFunctions.ExecutionAlreadyExistsException"


async def test_child_ends_while_its_parent_is_on_disk_only() -> None:
    """A parent that was evicted from memory gets to know of its child's end."""
    async with bench(cached_max=1) as made:
        child = await made.machine("child", {"A": ask()})
        parent = await made.machine("parent", {"C": starts(child, ".sync:2")})
        execution = await made.start(parent, "one")
        [token] = await made.tokens()
        for number in range(3):
            await made.start(child, f"evicts-{number}")
        await made.call("SendTaskSuccess", taskToken=token, output='"done"')
        await made.settle()
        output = json.loads((await described(made, execution))["output"])
        assert output["Output"] == "done"
