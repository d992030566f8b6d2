"""Express executions: what is stored, who is told when, and what is lost with a commit."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stepwell.errors import StorageTrouble
from stepwell.runtime.records import EVENT, EXECUTION, EXPRESS_START
from tests.runtime.bench import PREFIX, QUEUE, ROLE, Bench, bench, starts

SEND: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"token": "sent"}},
    "ResultPath": None,
}

POLL: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage",
    "Parameters": {"QueueUrl": QUEUE, "WaitTimeSeconds": 20},
    "End": True,
}


def pause(seconds: int, **more: Any) -> dict[str, Any]:
    """A Wait."""
    return {"Type": "Wait", "Seconds": seconds, **({} if "Next" in more else {"End": True}), **more}


async def express(made: Bench, states: dict[str, Any], name: str = "x", **more: Any) -> str:
    """Create an express machine; its ARN."""
    definition = {"StartAt": next(iter(states)), "States": states, **more}
    answer = await made.call(
        "CreateStateMachine",
        name=name,
        definition=json.dumps(definition),
        roleArn=ROLE,
        type="EXPRESS",
    )
    return str(answer["stateMachineArn"])


def running(made: Bench, machine: str, **given: Any) -> asyncio.Future[Any]:
    """StartSyncExecution, under way."""
    return asyncio.ensure_future(made.call("StartSyncExecution", stateMachineArn=machine, **given))


async def ended(made: Bench, machine: str, **given: Any) -> Any:
    """The end of one that ends at once."""
    return await asyncio.wait_for(running(made, machine, **given), 5)


async def open_starts(made: Bench) -> int:
    """How many express executions are on disk as still to be run."""
    return await made.store.count(EXPRESS_START)


# -- run to the end


async def test_nothing_is_stored() -> None:
    """A run that touches no service is answered without a commit."""
    async with bench() as made:
        machine = await express(made, {"P": {"Type": "Pass", "Result": 1, "End": True}})
        made.store.commits_may.clear()
        made.store.sizes.clear()
        answer = await ended(made, machine, name="one")
        assert (answer["status"], answer["output"]) == ("SUCCEEDED", "1")
        assert answer["executionArn"].startswith(f"{PREFIX}:express:x:one:")
        assert made.store.sizes == []
        assert (await made.store.count(EXECUTION), await made.store.count(EVENT)) == (0, 0)


async def test_a_failed_run_is_an_answer() -> None:
    """The error and the cause are members of the answer."""
    async with bench() as made:
        machine = await express(made, {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}})
        answer = await ended(made, machine)
        assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "C")
        assert "output" not in answer


async def test_names_need_not_be_free() -> None:
    """Two runs of one name have two ARNs."""
    async with bench() as made:
        machine = await express(made, {"P": {"Type": "Pass", "End": True}})
        first, second = [await ended(made, machine, name="same") for _ in range(2)]
        assert first["name"] == second["name"]
        assert first["executionArn"] != second["executionArn"]


async def test_waiting_takes_time() -> None:
    """A Wait state is waited for, and the run is billed in steps of 100 ms."""
    async with bench() as made:
        machine = await express(made, {"W": pause(3)})
        run = running(made, machine)
        await made.wait(2.9)
        assert not run.done()
        await made.wait(0.2)
        answer = await run
        assert answer["status"] == "SUCCEEDED"
        assert answer["billingDetails"]["billedDurationInMilliseconds"] == 3_000
        assert len(made.core.executions.express.runs) == 0


@pytest.mark.parametrize(("declared", "seconds"), [({}, 300), ({"TimeoutSeconds": 9}, 9)])
async def test_five_minutes(declared: dict[str, Any], seconds: int) -> None:
    """A run that takes longer than five minutes, or than it may, times out."""
    async with bench() as made:
        run = running(made, await express(made, {"W": pause(4_000)}, **declared))
        await made.wait(seconds - 0.1)
        assert not run.done()
        await made.wait(0.2)
        answer = await run
        assert (answer["status"], answer["error"]) == ("TIMED_OUT", "States.Timeout")
        assert len(made.core.executions.express.runs) == 0


async def test_a_loop_gives_way_and_times_out() -> None:
    """A run that never waits lets others have their turns, and ends after five minutes."""
    async with bench() as made:
        loop = {
            "Type": "Choice",
            "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "End"}],
            "Default": "A",
        }
        states = {"A": {"Type": "Pass", "Next": "Or"}, "Or": loop, "End": {"Type": "Succeed"}}
        machine = await express(made, states)
        run = running(made, machine)
        await made.settle()
        other = await express(made, {"P": {"Type": "Pass", "End": True}}, "other")
        assert (await ended(made, other))["status"] == "SUCCEEDED"
        for _ in range(5):
            made.clock.advance(made.clock.now())
            await made.settle()
        assert not run.done()
        made.clock.advance(made.clock.now() + 300_000)
        await made.settle()
        assert (await run)["status"] == "TIMED_OUT"


async def test_a_message_is_on_disk_before_the_answer() -> None:
    """What a run sent is durable when its end is told."""
    async with bench() as made:
        machine = await express(made, {"S": {**SEND, "End": True}})
        made.store.commits_may.clear()
        run = running(made, machine)
        await made.settle()
        assert not run.done()
        made.store.commits_may.set()
        assert (await run)["status"] == "SUCCEEDED"
        assert await made.tokens() == ["sent"]


async def test_a_lost_message_is_a_lost_run() -> None:
    """When the message could not be stored, the caller hears of trouble, not of an end."""
    async with bench() as made:
        machine = await express(made, {"S": {**SEND, "Next": "W"}, "W": pause(60)})

        made.store.commits_fail = 1
        run = running(made, machine)
        with pytest.raises(StorageTrouble):
            await asyncio.wait_for(run, 5)
        await made.settle()
        assert await made.tokens() == []
        assert len(made.core.executions.express.runs) == 0


async def test_calls_that_take_time() -> None:
    """A call of another operation runs beside, and its answer goes on with the run."""
    async with bench() as made:
        machine = await express(made, {"R": POLL})
        run = running(made, machine)
        await made.settle()
        assert not run.done()
        await made.call("SendMessage", QueueUrl=QUEUE, MessageBody="hello")
        await made.settle()
        [message] = json.loads((await run)["output"])["Messages"]
        assert message["Body"] == "hello"


async def test_a_poll_ends_with_its_run() -> None:
    """A poll that nobody waits for any more takes no message."""
    async with bench() as made:
        run = running(made, await express(made, {"R": {**POLL, "TimeoutSeconds": 5}}))
        await made.wait(6)
        assert (await run)["error"] == "States.Timeout"
        await made.call("SendMessage", QueueUrl=QUEUE, MessageBody='{"token": "kept"}')
        assert await made.tokens() == ["kept"]


async def test_the_context_object() -> None:
    """The execution's id is its express ARN; where somebody waits nothing speaks of redrives."""
    async with bench() as made:
        state = {"Type": "Pass", "Parameters": {"e.$": "$$.Execution"}, "End": True}
        answer = await ended(made, await express(made, {"P": state}))
        told = json.loads(answer["output"])["e"]
        assert told["Id"] == answer["executionArn"]
        assert "RedriveCount" not in told


async def test_the_context_object_of_one_that_nobody_waits_for() -> None:
    """It was never redriven, and says so."""
    async with bench() as made:
        count = "States.Format('{}', $$.Execution.RedriveCount)"
        parameters = {"QueueUrl": QUEUE, "MessageBody": {"token.$": count}}
        machine = await express(made, {"P": {**SEND, "Parameters": parameters, "End": True}})
        await made.call("StartExecution", stateMachineArn=machine)
        await made.wait(1)
        assert await made.tokens() == ["0"]


async def test_many_calls_are_many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that calls again and again does so over several commits, and each call once."""
    monkeypatch.setattr("stepwell.runtime.express.CALLS_AT_ONCE_MAX", 2)
    async with bench() as made:
        states = {f"S{n}": {**SEND, "Next": f"S{n + 1}"} for n in range(5)}
        machine = await express(made, {**states, "S5": {**SEND, "End": True}})
        made.store.sizes.clear()
        assert (await ended(made, machine))["status"] == "SUCCEEDED"
        assert len(made.store.sizes) > 1
        assert await made.tokens() == ["sent"] * 6


async def test_a_wrong_parameter_is_told_with_its_state() -> None:
    """A call that can't be made fails the task, and its cause says where."""
    async with bench() as made:
        given = {"QueueUrl": QUEUE, "MessageBody": "m", "DelaySeconds": "soon"}
        resource = "arn:aws:states:::aws-sdk:sqs:sendMessage"
        state = {"Type": "Task", "Resource": resource, "Parameters": given, "End": True}
        answer = await ended(made, await express(made, {"Wrong": state}))
        assert answer["error"] == "States.Runtime"
        assert "executing the state 'Wrong' (entered at the event id #2)" in answer["cause"]


async def test_a_bug_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that breaks is told to the caller at once; nothing of the run stays."""
    async with bench() as made:
        machine = await express(made, {"S": {**SEND, "End": True}})

        def broken(*given: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(made.core.integrations, "call", broken)
        with pytest.raises(ZeroDivisionError):
            await ended(made, machine)
        await made.start(machine, "one")
        await made.settle()
        assert len(made.core.executions.express.runs) == 0
        assert await open_starts(made) == 1, "it is tried again at the next start"
        monkeypatch.undo()
        await made.restart()
        await made.settle()
        assert (await made.tokens(), await open_starts(made)) == (["sent"], 0)


async def test_the_server_stops() -> None:
    """Who still waits for an end hears that the server stops."""
    async with bench() as made:
        run = running(made, await express(made, {"W": pause(100)}))
        await made.settle()
        await made.close()
        with pytest.raises(StorageTrouble, match="The server stops"):
            await asyncio.wait_for(run, 5)


# -- started only


async def test_a_start_is_on_disk_before_it_runs() -> None:
    """It begins after the commit, and its row goes with its end."""
    async with bench() as made:
        machine = await express(made, {"S": {**SEND, "Next": "W"}, "W": pause(5)})
        made.store.commits_may.clear()
        start = asyncio.ensure_future(made.start(machine, "one"))
        await made.settle()
        assert not start.done()
        made.store.commits_may.set()
        assert (await start).startswith(f"{PREFIX}:express:x:one:")
        await made.settle()
        assert await made.tokens() == ["sent"]
        assert await open_starts(made) == 1
        await made.wait(6)
        assert await open_starts(made) == 0


async def test_started_again_after_a_restart() -> None:
    """What was not seen to end runs again from its beginning, with time of its own."""
    async with bench() as made:
        machine = await express(made, {"S": {**SEND, "Next": "W"}, "W": pause(299)})
        await made.start(machine, "one")
        await made.wait(200)
        assert await made.tokens() == ["sent"]
        await made.restart()
        await made.settle()
        assert await made.tokens() == ["sent"]
        await made.wait(250)
        assert await open_starts(made) == 1
        await made.wait(50)
        assert await open_starts(made) == 0


async def test_started_again_after_a_failed_commit() -> None:
    """When what it did could not be stored, it runs again a little later."""
    async with bench() as made:
        machine = await express(made, {"W": pause(5, Next="S"), "S": {**SEND, "End": True}})
        await made.start(machine, "one")
        made.store.commits_fail = 1
        await made.wait(5)
        assert (await made.tokens(), await open_starts(made)) == ([], 1)
        await made.wait(6)
        assert (await made.tokens(), await open_starts(made)) == (["sent"], 0)


async def test_too_many_wait_on_disk() -> None:
    """Only so many run at once; the others follow as there is room, each once."""
    async with bench() as made:
        made.core.executions.express.at_once_max = 3
        machine = await express(made, {"W": pause(1, Next="S"), "S": {**SEND, "End": True}})
        await asyncio.gather(*(made.start(machine, f"n{n}") for n in range(7)))
        await made.settle()
        assert await open_starts(made) == 7
        left = []
        for _ in range(3):
            await made.wait(1)
            left.append(await open_starts(made))
        assert left == [4, 1, 0]
        assert await made.tokens() == ["sent"] * 7
        await made.start(machine, "late")
        await made.wait(1)
        assert await made.tokens() == ["sent"]


# -- as children


async def test_started_by_a_standard_execution() -> None:
    """A task starts an express execution in its own turn, and has its ARN."""
    async with bench() as made:
        child = await express(made, {"S": {**SEND, "End": True}})
        parent = await made.machine("p", {"C": starts(child, "", Name="kid")})
        execution = await made.start(parent, "one")
        await made.settle()
        described = await made.call("DescribeExecution", executionArn=execution)
        kid = json.loads(described["output"])["ExecutionArn"]
        assert kid.startswith(f"{PREFIX}:express:x:kid:")
        assert (await made.tokens(), await open_starts(made)) == (["sent"], 0)


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
async def test_nobody_waits_for_an_express_child(pattern: str) -> None:
    """A task that would wait for an express execution fails, and starts none."""
    async with bench() as made:
        child = await express(made, {"S": {**SEND, "End": True}})
        parent = await made.machine("p", {"C": starts(child, pattern)})
        execution = await made.start(parent, "one")
        await made.settle()
        described = await made.call("DescribeExecution", executionArn=execution)
        assert described["error"] == "StepFunctions.InvalidArnException"
        refusal = "Invalid Arn: 'Resource type not valid in this context: express'"
        assert described["cause"].startswith(refusal)
        assert await made.tokens() == []


async def test_starts_a_standard_execution() -> None:
    """An express execution begins a standard one in the turn that keeps its start."""
    async with bench() as made:
        child = await made.machine("kid", {"P": {"Type": "Pass", "End": True}})
        machine = await express(made, {"C": starts(child, "", Name="one")})
        assert (await ended(made, machine))["status"] == "SUCCEEDED"
        assert await made.status(f"{PREFIX}:execution:kid:one") == "SUCCEEDED"


async def test_run_by_a_task() -> None:
    """`aws-sdk:sfn:startSyncExecution` gives a standard execution the end of an express one."""
    async with bench() as made:
        child = await express(made, {"W": pause(2)})
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
            "Parameters": {"StateMachineArn": child, "Input": {"a": 1}},
            "End": True,
        }
        execution = await made.start(await made.machine("p", {"C": task}), "one")
        await made.wait(3)
        described = await made.call("DescribeExecution", executionArn=execution)
        assert json.loads(described["output"])["Output"] == '{"a":1}'


async def test_express_executions_that_start_each_other_give_way() -> None:
    """An endless chain of express executions shares the loop with others."""
    async with bench() as made:
        me = f"{PREFIX}:stateMachine:x"
        await express(made, {"Again": starts(me, "")})
        await made.start(me, "first")
        other = await express(made, {"P": {"Type": "Pass", "End": True}}, "other")
        assert (await ended(made, other))["status"] == "SUCCEEDED"
        assert max(made.store.sizes) < 100
        await made.call("DeleteStateMachine", stateMachineArn=me)
        await made.settle()
        assert await open_starts(made) == 0
