"""Tasks call the services that are here through `aws-sdk:`, and get what AWS's SDK would show."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from stepwell.testing.simulation import Simulation
from tests.integrations.played import QUEUE, REGION, ROLE, create, ended, play, run, sdk, start
from tests.shared import ROOT

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
CAUSE = r"{} \(Service: {}, Status Code: 400, Request ID: [0-9a-f-]{{36}}\)"
CAUSE += r" \(SDK Attempt Count: 1\)"
REQUEST = ["TaskStateEntered", "TaskScheduled", "TaskStarted"]


async def test_a_result_has_capital_names_and_no_envelope() -> None:
    """SendMessage's answer, nothing of the SDK around it, and one message in the queue."""
    parameters = {"QueueUrl": QUEUE, "MessageBody": {"a": 1}}
    done = await play(sdk("sqs:sendMessage", parameters))
    assert done.types[1:] == [*REQUEST, "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]
    assert done.output.keys() == {"MD5OfMessageBody", "MessageId"}


async def test_names_are_capital_at_every_level_and_times_are_iso() -> None:
    """DescribeExecution of itself: InputDetails.Included, StartDate as text."""
    task = sdk("sfn:describeExecution", {"ExecutionArn.$": "$$.Execution.Id"})
    done = await play(task, {"x": 1})
    assert done.output["InputDetails"] == {"Included": True}
    assert done.output["Input"] == '{"x": 1}'
    assert done.output["Status"] == "RUNNING"
    assert ISO.fullmatch(done.output["StartDate"])
    assert "Output" not in done.output


async def test_nested_parameters_are_named_so_too_and_keys_are_left_alone() -> None:
    """Tags of an activity are [{Key, Value}]; attributes of a queue keep their names."""
    done = await play(
        sdk("sfn:createActivity", {"Name": "a", "Tags": [{"Key": "k", "Value": "v"}]})
    )
    arn = done.output["ActivityArn"]
    assert arn == f"{REGION}:activity:a"

    done = await play(
        sdk("sqs:createQueue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "7"}})
    )
    assert done.output == {"QueueUrl": "http://localhost:4566/000000000000/q"}


async def test_bytes_are_text_both_ways() -> None:
    """A binary message attribute goes in as text, and comes out as the same text."""

    async def client(simulation: Simulation) -> None:
        await simulation.insist("CreateQueue", QueueName="played")
        attribute = {"DataType": "Binary", "BinaryValue": "häh"}
        machine = await create(
            simulation,
            "bytes",
            Send=sdk(
                "sqs:sendMessage",
                {"QueueUrl": QUEUE, "MessageBody": "x", "MessageAttributes": {"b": attribute}},
                Next="Receive",
            ),
            Receive=sdk(
                "sqs:receiveMessage", {"QueueUrl": QUEUE, "MessageAttributeNames": ["All"]}
            ),
        )
        done = await ended(simulation, await start(simulation, machine, "one", {}))
        (message,) = done.output["Messages"]
        assert message["Body"] == "x"
        assert message["MessageAttributes"] == {"b": attribute}

    await run(client)


async def test_nothing_received_is_an_empty_result() -> None:
    """What the service does not send is absent, not null."""
    assert (await play(sdk("sqs:receiveMessage", {"QueueUrl": QUEUE}))).output == {}


async def test_a_child_gets_an_object_as_json_text_and_a_name() -> None:
    """startExecution with an object as Input and no name; the trace header is kept."""

    async def client(simulation: Simulation) -> None:
        child = await create(simulation, "child", Done={"Type": "Succeed"})
        parameters = {
            "StateMachineArn": child,
            "Input": {"k": ["v", None]},
            "Name": None,
            "TraceHeader": "Root=1",
        }
        machine = await create(simulation, "p", Start=sdk("sfn:startExecution", parameters))
        done = await ended(simulation, await start(simulation, machine, "one", {}))
        assert ISO.fullmatch(done.output["StartDate"])
        begun = await simulation.insist(
            "DescribeExecution", executionArn=done.output["ExecutionArn"]
        )
        assert (begun["status"], begun["input"]) == ("SUCCEEDED", '{"k":["v",null]}')
        assert begun["traceHeader"] == "Root=1"

    await run(client)


@pytest.mark.parametrize(
    ("action", "parameters", "error", "text"),
    [
        (
            "sfn:startExecution",
            {"StateMachineArn": f"{REGION}:stateMachine:none"},
            "Sfn.StateMachineDoesNotExistException",
            f"State Machine Does Not Exist: '{REGION}:stateMachine:none'",
        ),
        (
            "sfn:startExecution",
            {"StateMachineArn": f"{REGION}:stateMachine:one", "Input": "{"},
            "Sfn.InvalidExecutionInputException",
            "Invalid State Machine Execution Input: 'Unexpected end-of-input.*'",
        ),
        (
            "sfn:startExecution",
            {"StateMachineArn": f"{REGION}:stateMachine:one", "Name": "a b"},
            "Sfn.InvalidNameException",
            "Invalid Name: 'a b'",
        ),
        (
            "sfn:describeExecution",
            {"ExecutionArn": None},
            "Sfn.ValidationException",
            "1 validation error detected: Value null at 'executionArn' failed to satisfy "
            "constraint: Member must not be null",
        ),
        (
            "sfn:listStateMachines",
            {"MaxResults": 1001},
            "Sfn.ValidationException",
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy "
            "constraint: Member must have value less than or equal to 1000",
        ),
        (
            "sqs:getQueueUrl",
            {"QueueName": "none"},
            "Sqs.QueueDoesNotExistException",
            "The specified queue does not exist.*",
        ),
        (
            "sqs:receiveMessage",
            {"QueueUrl": QUEUE, "MaxNumberOfMessages": 11},
            "Sqs.SqsException",
            "Value 11 for parameter MaxNumberOfMessages is invalid. .*",
        ),
    ],
)
async def test_a_refusal_has_the_sdks_names(
    action: str, parameters: dict[str, Any], error: str, text: str
) -> None:
    """The exception's class; the service's own words, its name, status and request id."""
    done = await play(sdk(action, parameters))
    assert done.error == error
    service = error.split(".", maxsplit=1)[0]
    assert re.fullmatch(CAUSE.format(text, service), done.cause or "", re.DOTALL), done.cause
    assert done.types[1:] == [*REQUEST, "TaskFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("action", "parameters", "problem"),
    [
        (
            "sfn:createActivity",
            {"Name": "a", "Tags": [{"key": "k"}]},
            'The field "key" is not supported by Step Functions',
        ),
        (
            "sfn:createActivity",
            {"Name": 7, "Tags": {}},
            "The value for the field 'Name' must be a STRING, "
            "The value for the field 'Tags' must be an array",
        ),
        (
            "sfn:listStateMachines",
            {"MaxResults": 1.5},
            "The value for the field 'MaxResults' must be an INTEGER",
        ),
        (
            "sfn:getExecutionHistory",
            {"ExecutionArn": "x", "ReverseOrder": "yes"},
            "The value for the field 'ReverseOrder' must be a BOOLEAN",
        ),
        (
            "sqs:createQueue",
            {"QueueName": "q", "Attributes": "none"},
            "The value for the field 'Attributes' must be an object",
        ),
    ],
)
async def test_parameters_of_the_wrong_kind_fail_the_state(
    action: str, parameters: dict[str, Any], problem: str
) -> None:
    """States.Runtime, with the parameters and every problem; nothing catches it."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    found = []

    async def client(simulation: Simulation) -> None:
        machine = await create(
            simulation,
            "one",
            Call=sdk(action, parameters, Catch=catch),
            Caught={"Type": "Succeed"},
        )
        found.append(await ended(simulation, await start(simulation, machine, "one", {})))

    await run(client)
    assert found[0].error == "States.Runtime"
    text = json.dumps(parameters, separators=(",", ":"))
    assert found[0].cause == (
        "An error occurred while executing the state 'Call' (entered at the event id #2). "
        f"The Parameters '{text}' could not be used to start the Task: [{problem}]"
    )


async def test_a_callback_through_the_sdk_completes_another_execution() -> None:
    """aws-sdk:sqs:sendMessage.waitForTaskToken asks, aws-sdk:sfn:sendTaskSuccess answers."""

    async def client(simulation: Simulation) -> None:
        await simulation.insist("CreateQueue", QueueName="played")
        body = {"token.$": "$$.Task.Token"}
        asks = await create(
            simulation,
            "asks",
            Ask=sdk("sqs:sendMessage.waitForTaskToken", {"QueueUrl": QUEUE, "MessageBody": body}),
        )
        answers = await create(
            simulation,
            "answers",
            Receive=sdk(
                "sqs:receiveMessage",
                {"QueueUrl": QUEUE, "WaitTimeSeconds": 20},
                ResultSelector={"body.$": "States.StringToJson($.Messages[0].Body)"},
                Next="Answer",
            ),
            Answer=sdk(
                "sfn:sendTaskSuccess", {"TaskToken.$": "$.body.token", "Output": {"ok": True}}
            ),
        )
        answering = await start(simulation, answers, "one", {})
        asking = await start(simulation, asks, "one", {})
        done = await ended(simulation, asking)
        assert done.output == {"ok": True}
        assert done.types[4] == "TaskSubmitted"
        submitted = done.events[4]["taskSubmittedEventDetails"]
        assert submitted["resource"] == "sendMessage.waitForTaskToken"
        assert submitted["resourceType"] == "aws-sdk:sqs"
        assert (await ended(simulation, answering)).output == {}

    await run(client)


async def test_the_machine_of_the_guide_answers_a_token_and_comes_too_late_once() -> None:
    """The example of docs/guides/tasks.md, word for word."""
    text = (ROOT / "docs/guides/tasks.md").read_text(encoding="utf-8")
    definition = text.split("```json\n")[1].split("```")[0]

    async def client(simulation: Simulation) -> None:
        await simulation.insist("CreateQueue", QueueName="played")
        told = await simulation.insist(
            "CreateStateMachine", name="guide", definition=definition, roleArn=ROLE
        )
        body = {"token.$": "$$.Task.Token"}
        ask = sdk("sqs:sendMessage.waitForTaskToken", {"QueueUrl": QUEUE, "MessageBody": body})
        asks = await create(simulation, "asks", Ask={**ask, "TimeoutSeconds": 30})
        guide = told["stateMachineArn"]
        asking = await start(simulation, asks, "one", {})
        answering = await start(simulation, guide, "one", {"queue": QUEUE})
        assert (await ended(simulation, asking)).output == {"approved": True}
        assert (await ended(simulation, answering)).output == {}
        # The message was not deleted, so it comes again.
        await simulation.sleep(31_000)
        late = await ended(simulation, await start(simulation, guide, "two", {"queue": QUEUE}))
        assert late.output["Error"] == "Sfn.TaskTimedOutException"

    await run(client)


async def test_a_second_answer_through_the_sdk_is_refused() -> None:
    """Only the call that was repeated is told that it was carried out; another one is not."""

    async def client(simulation: Simulation) -> None:
        await simulation.insist("CreateQueue", QueueName="played")
        body = {"token.$": "$$.Task.Token"}
        asks = await create(
            simulation,
            "asks",
            Ask=sdk("sqs:sendMessage.waitForTaskToken", {"QueueUrl": QUEUE, "MessageBody": body}),
        )
        await start(simulation, asks, "one", {})
        told = await simulation.insist("ReceiveMessage", QueueUrl=QUEUE, WaitTimeSeconds=20)
        token = json.loads(told["Messages"][0]["Body"])["token"]
        answers = await create(
            simulation,
            "answers",
            First=sdk("sfn:sendTaskFailure", {"TaskToken.$": "$.token"}, ResultPath=None, Next="B"),
            B=sdk("sfn:sendTaskSuccess", {"TaskToken.$": "$.token", "Output": "1"}),
        )
        done = await ended(simulation, await start(simulation, answers, "one", {"token": token}))
        assert done.error == "Sfn.TaskTimedOutException"

    await run(client)


async def test_an_activity_task_is_polled_for_without_holding_anybody_up() -> None:
    """The poll waits in virtual time while another execution goes on, then takes the task."""

    async def client(simulation: Simulation) -> None:
        activity = f"{REGION}:activity:a"
        await simulation.insist("CreateActivity", name="a")
        poll = {"ActivityArn": activity, "WorkerName": "w"}
        polls = await create(simulation, "polls", Poll=sdk("sfn:getActivityTask", poll))
        work = await create(
            simulation, "work", Work={"Type": "Task", "Resource": activity, "End": True}
        )
        empty = await ended(simulation, await start(simulation, polls, "empty", {}))
        assert empty.output == {}
        polling = await start(simulation, polls, "full", {})
        await simulation.sleep(5_000)
        working = await start(simulation, work, "one", {"n": 1})
        taken = await ended(simulation, polling)
        assert taken.output["Input"] == '{"n": 1}'
        await simulation.insist("SendTaskSuccess", taskToken=taken.output["TaskToken"], output="2")
        assert (await ended(simulation, working)).output == 2

    await run(client)


@pytest.mark.parametrize("how", ["stopped", "timed out"])
async def test_a_poll_that_nobody_waits_for_takes_nothing(how: str) -> None:
    """When its execution is stopped or its state times out, what comes goes to somebody else."""

    async def client(simulation: Simulation) -> None:
        activity = f"{REGION}:activity:a"
        await simulation.insist("CreateActivity", name="a")
        await simulation.insist("CreateQueue", QueueName="played")
        poll = sdk("sfn:getActivityTask", {"ActivityArn": activity}, TimeoutSeconds=10)
        polls = await create(simulation, "polls", Poll=poll)
        parameters = {"QueueUrl": QUEUE, "WaitTimeSeconds": 20}
        receive = sdk("sqs:receiveMessage", parameters, TimeoutSeconds=10)
        receives = await create(simulation, "receives", Receive=receive)
        task = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": True}
        work = await create(simulation, "work", Work=task)
        polling = [await start(simulation, machine, "one", {}) for machine in (polls, receives)]
        await simulation.sleep(5_000)
        for arn in polling:
            if how == "stopped":
                await simulation.insist("StopExecution", executionArn=arn)
            await ended(simulation, arn)
        await start(simulation, work, "one", {"n": 1})
        await simulation.insist("SendMessage", QueueUrl=QUEUE, MessageBody="m")
        assert (await simulation.insist("GetActivityTask", activityArn=activity))["taskToken"]
        told = await simulation.insist("ReceiveMessage", QueueUrl=QUEUE)
        assert [message["Body"] for message in told["Messages"]] == ["m"]
        assert not simulation.core.executions.outbox.polls

    await run(client)


async def test_a_poll_that_only_the_end_of_the_server_ends_is_made_again() -> None:
    """A graceful stop does not tell the machine that there is no task: the next process polls."""
    simulation = Simulation(seed=3)
    await simulation.boot()
    activity = f"{REGION}:activity:a"
    await simulation.insist("CreateActivity", name="a")
    polls = await create(
        simulation, "polls", Poll=sdk("sfn:getActivityTask", {"ActivityArn": activity})
    )
    task = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": True}
    work = await create(simulation, "work", Work=task)
    polling = await start(simulation, polls, "one", {})
    await quiet()
    simulation.core.stop_waiting()
    await quiet()
    told = await simulation.insist("DescribeExecution", executionArn=polling)
    assert told["status"] == "RUNNING"
    await simulation.core.close()
    await simulation.crash()  # that is, the next process starts
    await start(simulation, work, "one", {"n": 1})
    await quiet()
    assert (await ended(simulation, polling)).output["Input"] == '{"n": 1}'
    await simulation.core.close()


async def quiet() -> None:
    """Let everything run that does not wait for time."""
    for _ in range(100):
        await asyncio.sleep(0)
