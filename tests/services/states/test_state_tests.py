"""TestState: one state, run by the engine; called for real, or mocked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.errors import ServiceError
from stepwell.testing.simulation import Simulation

ROLE = "arn:aws:iam::000000000000:role/any"
PREFIX = "arn:aws:states:us-east-1:000000000000"
QUEUE = "http://localhost:4566/000000000000/told"
PASS: dict[str, Any] = {"Type": "Pass", "End": True}
SEND: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": QUEUE, "MessageBody.$": "$.body"},
    "ResultSelector": {"id.$": "$.MessageId"},
    "ResultPath": "$.sent",
    "Next": "After",
}


async def ask(
    definition: dict[str, Any], *, sim: Simulation | None = None, **params: Any
) -> dict[str, Any]:
    """TestState's answer, its texts of JSON read."""
    answers: list[dict[str, Any]] = []

    async def client(sim: Simulation) -> None:
        await sim.insist("CreateQueue", QueueName="told")
        asked = {"definition": json.dumps(definition), **params}
        if not isinstance(params.get("input", ""), str):
            asked["input"] = json.dumps(params["input"])
        try:
            answers.append(await sim.insist("TestState", **asked))
        except ServiceError as error:
            answers.append({"code": error.code, "message": error.message})

    await (sim or Simulation()).run(client)
    [answer] = answers
    if "output" in answer:
        answer["output"] = json.loads(answer["output"])
    return answer


def mocked(result: Any = None, **more: Any) -> dict[str, Any]:
    """A mock's result."""
    return {"mock": {"result": json.dumps(result), **more}}


def failing(error: str = "E", cause: str = "why") -> dict[str, Any]:
    """A mock's error."""
    return {"mock": {"errorOutput": {"error": error, "cause": cause}}}


async def test_called_for_real() -> None:
    """Without a mock the queue takes the message, and the output tells its id."""
    sim = Simulation()
    answer = await ask(
        SEND, sim=sim, input={"body": "hello"}, roleArn=ROLE, inspectionLevel="DEBUG"
    )
    assert answer["status"] == "SUCCEEDED"
    assert answer["nextState"] == "After"
    assert len(answer["output"]["sent"]["id"]) == 36
    data = answer["inspectionData"]
    assert json.loads(data["afterParameters"]) == {"QueueUrl": QUEUE, "MessageBody": "hello"}
    assert json.loads(data["afterResultSelector"]) == answer["output"]["sent"]
    assert json.loads(data["afterResultPath"]) == answer["output"]
    assert "MD5OfMessageBody" in json.loads(data["result"])


async def test_service_that_refuses() -> None:
    """A service's refusal is the test's error, and can be caught."""
    state = {**SEND, "Parameters": {"QueueUrl": f"{QUEUE}-missing", "MessageBody": "x"}}
    answer = await ask(state, roleArn=ROLE)
    assert (answer["status"], answer["error"]) == (
        "FAILED",
        "SQS.QueueDoesNotExistException",
    ), answer
    state["Catch"] = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Sorry"}]
    answer = await ask(state, roleArn=ROLE, inspectionLevel="DEBUG")
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "Sorry")
    assert answer["output"]["e"]["Error"] == answer["error"]
    assert answer["inspectionData"]["errorDetails"] == {"catchIndex": 0}


async def test_starts_an_execution() -> None:
    """A child that a tested task starts really runs."""
    seen: list[Any] = []

    async def client(sim: Simulation) -> None:
        definition = json.dumps({"StartAt": "P", "States": {"P": PASS}})
        made = await sim.insist(
            "CreateStateMachine", name="kid", definition=definition, roleArn=ROLE
        )
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": made["stateMachineArn"], "Input": {"x": 1}},
            "End": True,
        }
        answer = await sim.insist("TestState", definition=json.dumps(task), roleArn=ROLE)
        arn = json.loads(answer["output"])["ExecutionArn"]
        seen.append(await sim.insist("DescribeExecution", executionArn=arn))

    await Simulation().run(client)
    assert (seen[0]["status"], seen[0]["output"]) == ("SUCCEEDED", '{"x":1}')


async def test_wait_really_waits() -> None:
    """A Wait takes its time, but no more than five minutes."""
    sim = Simulation()
    began = sim.clock.now()
    answer = await ask({"Type": "Wait", "Seconds": 20, "Next": "N"}, sim=sim, input={"a": 1})
    assert (answer["status"], answer["output"], answer["nextState"]) == (
        "SUCCEEDED",
        {"a": 1},
        "N",
    )
    assert sim.clock.now() - began == 20_000
    sim = Simulation()
    answer = await ask({"Type": "Wait", "Seconds": 2_000, "End": True}, sim=sim)
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")
    assert sim.clock.now() - began == 300_000


async def test_choice_tells_where_it_goes() -> None:
    """The next state of a Choice is that of its rule, or the default."""
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Big"}],
        "Default": "Small",
    }
    for number, expected in ((9, "Big"), (1, "Small")):
        answer = await ask(choice, input={"n": number})
        assert (answer["status"], answer["nextState"]) == ("SUCCEEDED", expected)


async def test_state_that_leads_to_itself() -> None:
    """A state that would be entered again is left once."""
    state = {"Type": "Pass", "Next": "StateName"}
    answer = await ask(state, input={"a": 1}, inspectionLevel="DEBUG")
    assert (answer["nextState"], answer["output"]) == ("StateName", {"a": 1})


async def test_mocked_task() -> None:
    """The mocked result goes the way of a real one; the token is that of the given context."""
    state = {
        **SEND,
        "Resource": SEND["Resource"] + ".waitForTaskToken",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"t.$": "$$.Task.Token"}},
    }
    answer = await ask(
        state,
        input={"body": "b"},
        context=json.dumps({"Task": {"Token": "mine"}}),
        inspectionLevel="TRACE",
        **mocked({"MessageId": "7"}),
    )
    assert answer["output"] == {"body": "b", "sent": {"id": "7"}}
    shown = json.loads(answer["inspectionData"]["afterParameters"])
    assert shown["MessageBody"] == {"t": "mine"}


async def test_mocked_activity() -> None:
    """An activity needs no worker when its result is mocked."""
    state = {"Type": "Task", "Resource": f"{PREFIX}:activity:a", "End": True}
    assert (await ask(state, **mocked([1])))["output"] == [1]
    answer = await ask(state, **failing())
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "why")
    assert (await ask(state, roleArn=ROLE))["code"] == "ValidationException"


async def test_retries() -> None:
    """A failure that a retrier meets is to be tried again, until its attempts are used up."""
    retry = [
        {"ErrorEquals": ["Other"]},
        {"ErrorEquals": ["E"], "MaxAttempts": 3, "IntervalSeconds": 2, "BackoffRate": 3},
    ]
    state = {**SEND, "Retry": retry, "Catch": [{"ErrorEquals": ["E"], "Next": "C"}]}
    asked = {"input": {"body": "b"}, "inspectionLevel": "DEBUG", **failing()}
    answer = await ask(state, stateConfiguration={"retrierRetryCount": 2}, **asked)
    assert (answer["status"], answer["error"]) == ("RETRIABLE", "E")
    assert answer["inspectionData"]["errorDetails"] == {
        "retryIndex": 1,
        "retryBackoffIntervalSeconds": 18,
    }
    answer = await ask(state, stateConfiguration={"retrierRetryCount": 3}, **asked)
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "C")


async def test_retries_that_the_context_tells_of() -> None:
    """RetryCount of the context object counts, unless the configuration says another number."""
    state = {**SEND, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 3}]}
    asked: Any = {"input": {"body": "b"}, "context": '{"State": {"RetryCount": 3}}', **failing()}
    assert (await ask(state, **asked))["status"] == "FAILED"
    answer = await ask(state, stateConfiguration={"retrierRetryCount": 2}, **asked)
    assert answer["status"] == "RETRIABLE"


async def test_variables() -> None:
    """Given variables can be read, and those that the state assigns are shown with them."""
    state = {
        "QueryLanguage": "JSONata",
        "Type": "Pass",
        "Assign": {"b": "{% $a + 1 %}"},
        "Output": "{% $a %}",
        "End": True,
    }
    answer = await ask(state, variables='{"a": 1}', inspectionLevel="DEBUG")
    assert answer["output"] == 1
    assert json.loads(answer["inspectionData"]["variables"]) == {"a": 1, "b": 2}
    for bad in ("[", "[]"):
        assert (await ask(state, variables=bad))["code"] == "ValidationException"


async def test_map_selects_its_items() -> None:
    """What each iteration would get is shown, and the mocked results are the output."""
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"},
        "MaxConcurrency": 3,
        "ItemProcessor": {"StartAt": "P", "States": {"P": PASS}},
        "ResultPath": "$.done",
        "End": True,
    }
    answer = await ask(state, input={"items": "ab"}, **mocked([]))
    assert (answer["error"], answer["cause"]) == (
        "States.Runtime",
        'Reference path "$.items" must point to array.',
    )
    answer = await ask(
        state, input={"items": ["a", "b"]}, inspectionLevel="DEBUG", **mocked([1, 2])
    )
    assert answer["output"] == {"items": ["a", "b"], "done": [1, 2]}
    data = answer["inspectionData"]
    assert data["maxConcurrency"] == 3
    assert json.loads(data["afterItemsPath"]) == ["a", "b"]
    assert json.loads(data["afterItemSelector"]) == [{"i": 0, "v": "a"}, {"i": 1, "v": "b"}]


async def test_map_that_fails_too_often() -> None:
    """The percentage counts, too."""
    state = {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P",
            "States": {"P": PASS},
        },
        "ToleratedFailurePercentage": 50,
        "End": True,
    }
    for failures, status in ((1, "SUCCEEDED"), (2, "FAILED")):
        answer = await ask(
            state,
            input=[1, 2, 3],
            stateConfiguration={"mapIterationFailureCount": failures},
            **mocked([1, 2, 3]),
        )
        assert answer["status"] == status


@pytest.mark.parametrize(
    ("state", "params", "message"),
    [
        (PASS, mocked(1), "State type 'Pass' is not supported when a mock is specified"),
        (
            SEND,
            {"mock": {"result": "1", "errorOutput": {"error": "E"}}},
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ),
        (SEND, {"mock": {"result": "{"}}, "Mocked result must be valid JSON"),
        (
            SEND,
            {"revealSecrets": True, **mocked({})},
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (SEND, {}, "RoleArn must be specified when testing a Task state"),
        (
            SEND,
            {"context": "{}", "roleArn": ROLE},
            "A Context object can only be provided when a mock is specified",
        ),
        (
            SEND,
            {"context": '{"Task": {"Token": 1}}', **mocked({})},
            "Invalid Context object provided: Task.Token must be a string",
        ),
        (
            SEND,
            {"context": '{"State": {"RetryCount": "1"}}', **mocked({})},
            "Invalid Context object provided: State.RetryCount must be a number",
        ),
        (
            SEND,
            {"context": '{"Task": {"Token": "mine"}}', **mocked({})},
            "Context object contains 'Task' when state is not a Task state with a '.sync' or"
            " '.waitForTaskToken' service integration pattern",
        ),
        (SEND, {"context": "[]", **mocked({})}, None),
        (SEND, {"context": "{", **mocked({})}, None),
        (SEND, {"context": '{"State": 1}', **mocked({})}, None),
        (SEND, {"context": '{"X": 1}', **mocked({})}, None),
        (SEND, mocked([]), "Mock result schema validation error: Result must be an object"),
        (
            SEND,
            mocked({"MessageId": 1}),
            "Mock result schema validation error: Field 'MessageId' must be a string",
        ),
        (PASS, {"stateName": "Other"}, "State not found in definition"),
    ],
)
async def test_refusals(state: dict[str, Any], params: dict[str, Any], message: str | None) -> None:
    """What can't be tested is refused in AWS's words."""
    definition = state
    if "stateName" in params:
        definition = {"StartAt": "S", "States": {"S": state}}
    answer = await ask(definition, input={"body": "b"}, **params)
    assert answer["code"] == "ValidationException"
    assert message is None or answer["message"] == message


async def test_bad_input_and_bad_definitions() -> None:
    """Input that is not JSON, and definitions that are none, have errors of their own."""
    assert (await ask(PASS, input="{"))["code"] == "InvalidExecutionInput"
    assert (await ask({"Type": "Pass"}))["code"] == "InvalidDefinition"
    answer = await ask({**SEND, "Resource": "arn:aws:states:::glue:startJobRun"}, roleArn=ROLE)
    assert answer["code"] == "InvalidDefinition"


async def test_state_within_a_machine() -> None:
    """A state is found by its name at any depth, and has the machine's query language."""
    inner = {"StartAt": "Deep", "States": {"Deep": {"Type": "Pass", "Output": 5, "End": True}}}
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [inner], "End": True}},
    }
    assert (await ask(machine, stateName="Deep"))["output"] == 5
    answer = await ask(machine, stateName="P", **mocked([{"a": 1}]))
    assert answer["output"] == [{"a": 1}]
    assert (await ask(machine, stateName="P"))["code"] == "InvalidDefinition"
