"""TestState: states within Map and Parallel, and what a distributed Map does with its items."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.testing.simulation import Simulation
from tests.services.states.test_state_tests import PASS, ROLE, ask, failing, mocked

TASK: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
TASK["Parameters"] = {"QueueUrl": "q", "MessageBody": "b"}
INNER = {"StartAt": "Inner", "States": {"Inner": TASK}}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **INNER}


def machine(**state: Any) -> dict[str, Any]:
    """A machine of one state with states within it."""
    return {"StartAt": "Outer", "States": {"Outer": {"End": True, **state}}}


def parallel(**more: Any) -> dict[str, Any]:
    """A machine with a Task in a branch."""
    return machine(Type="Parallel", Branches=[INNER], **more)


def mapping(processor: dict[str, Any] = DISTRIBUTED, **more: Any) -> dict[str, Any]:
    """A machine with a Map."""
    return machine(Type="Map", ItemProcessor=processor, **more)


# -- what is around a state


@pytest.mark.parametrize(
    ("processor", "more"),
    [(INNER, {}), (DISTRIBUTED, {"Source": "STATE_DATA"})],
)
async def test_a_state_within_a_map_has_an_item(processor: Any, more: Any) -> None:
    """Its input is the item of the first iteration, without a context being given."""
    task = {**TASK, "Parameters": {"QueueUrl": "q", "MessageBody": {"of.$": "$$.Map"}}}
    answer = await ask(
        mapping({**processor, "States": {"Inner": task}}),
        stateName="Inner",
        input={"n": 1},
        inspectionLevel="DEBUG",
        **mocked({"MessageId": "m"}),
    )
    told = json.loads(answer["inspectionData"]["afterParameters"])["MessageBody"]["of"]
    assert told == {"Item": {"Index": 0, "Value": {"n": 1}, **more}}


async def test_a_state_elsewhere_has_no_item() -> None:
    """A branch of a Parallel is no iteration."""
    state = {**PASS, "QueryLanguage": "JSONata", "Output": "{% $exists($states.context.Map) %}"}
    answer = await ask(
        machine(Type="Parallel", Branches=[{"StartAt": "I", "States": {"I": state}}]),
        stateName="I",
    )
    assert answer["output"] is False


# -- errors that nothing within handles


async def test_an_error_meets_the_handlers_around() -> None:
    """A Catch of the Parallel takes what its branch does not."""
    catch = [
        {"ErrorEquals": ["Other"], "Next": "No"},
        {"ErrorEquals": ["E"], "ResultPath": "$.e", "Next": "Yes"},
    ]
    whole = parallel(Catch=catch)
    whole["States"] |= {"Yes": PASS, "No": PASS}
    answer = await ask(
        whole, stateName="Inner", input={"a": 1}, inspectionLevel="DEBUG", **failing()
    )
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "Yes")
    assert answer["output"] == {"a": 1, "e": {"Error": "E", "Cause": "why"}}
    assert (answer["error"], answer["cause"]) == ("E", "why")
    assert answer["inspectionData"]["errorDetails"] == {"catchIndex": 1}
    assert "afterParameters" in answer["inspectionData"]


async def test_an_error_that_would_be_tried_again_around() -> None:
    """A Retry of a Map runs the whole Map again."""
    whole = mapping(INNER, Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 7}])
    answer = await ask(whole, stateName="Inner", inspectionLevel="DEBUG", **failing())
    assert (answer["status"], answer["error"]) == ("RETRIABLE", "E")
    assert answer["inspectionData"]["errorDetails"] == {
        "retryIndex": 0,
        "retryBackoffIntervalSeconds": 7,
    }


async def test_an_error_that_nobody_handles() -> None:
    """Through all levels, up to the end of the execution."""
    inner = parallel(Catch=[{"ErrorEquals": ["Other"], "Next": "Never"}])
    inner["States"]["Never"] = PASS
    whole = {
        "StartAt": "Top",
        "States": {"Top": {"Type": "Parallel", "Branches": [inner], "End": True}},
    }
    answer = await ask(whole, stateName="Inner", **failing())
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "why")
    assert "nextState" not in answer
    whole["States"]["Top"] |= {"Catch": [{"ErrorEquals": ["E"], "Next": "End"}]}  # type: ignore[index]
    whole["States"]["End"] = PASS  # type: ignore[index]
    answer = await ask(whole, stateName="Inner", **failing())
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "End")


@pytest.mark.parametrize(
    ("tolerated", "failures", "status"),
    [
        ({"ToleratedFailureCount": 2}, 1, "FAILED"),
        ({"ToleratedFailureCount": 2}, 2, "CAUGHT_ERROR"),
        ({"ToleratedFailurePercentage": 50}, 9, "FAILED"),
        ({}, 0, "CAUGHT_ERROR"),
    ],
)
async def test_failed_iterations_that_a_map_bears(
    tolerated: Any, failures: int, status: str
) -> None:
    """One too many is the Map's own error; those before leave it alone."""
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Sorry"}]
    whole = mapping(Catch=catch, **tolerated)
    whole["States"]["Sorry"] = PASS
    answer = await ask(
        whole,
        stateName="Inner",
        stateConfiguration={"mapIterationFailureCount": failures},
        **failing(),
    )
    assert answer["status"] == status
    wanted = "E" if status == "FAILED" else "States.ExceedToleratedFailureThreshold"
    assert answer["error"] == wanted


# -- what a distributed Map does with its items

READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket": "b", "Key": "k.json"},
}


async def seen(state: dict[str, Any], data: str | None, given: Any = None) -> dict[str, Any]:
    """The inspection data of a Map with its result mocked; lists of JSON read."""
    configuration: Any = {} if data is None else {"stateConfiguration": {"mapItemReaderData": data}}
    answer = await ask(
        mapping(**state), stateName="Outer", input=given or {}, inspectionLevel="DEBUG",
        **configuration, **mocked([]),
    )  # fmt: skip
    assert answer["status"] == "SUCCEEDED", answer
    found: dict[str, Any] = answer["inspectionData"]
    return {k: json.loads(v) if k.startswith("after") else v for k, v in found.items()}


async def test_items_that_a_reader_reads() -> None:
    """After the pointer, cut to MaxItems, selected, and in batches."""
    state = {
        "ItemReader": {
            **READER,
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/orders", "MaxItems": 3},
        },
        "ItemSelector": {"i.$": "$$.Map.Item.Index", "s.$": "$$.Map.Item.Source"},
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"day.$": "$.day"}},
    }
    data = await seen(state, '{"orders": [7, 8, 9, 10]}', {"day": "monday"})
    assert data["afterItemsPointer"] == [7, 8, 9, 10]
    items = [{"i": n, "s": "S3://b/k.json"} for n in range(3)]
    assert data["afterItemSelector"] == items
    assert data["afterItemBatcher"] == [
        {"BatchInput": {"day": "monday"}, "Items": items[:2]},
        {"BatchInput": {"day": "monday"}, "Items": items[2:]},
    ]


async def test_batches_are_bounded_in_bytes() -> None:
    """A batch is full when the next item has no room; one item always has."""
    batcher = {"MaxInputBytesPerBatch": 30}
    data = await seen({"ItemBatcher": batcher}, None, ["a" * 5, "b" * 5, "c" * 50])
    assert data["afterItemBatcher"] == [
        {"Items": ["aaaaa", "bbbbb"]},
        {"Items": ["c" * 50]},
    ]


async def test_items_in_the_place_of_what_a_reader_reads() -> None:
    """Without reader data the items may stand in the input, where ItemsPath leads."""
    state = {"ItemReader": READER, "ItemsPath": "$.orders", "ItemBatcher": {"MaxItemsPerBatch": 1}}
    data = await seen(state, None, {"orders": [1, 2]})
    assert data["afterItemsPath"] == [1, 2]
    assert data["afterItemBatcher"] == [{"Items": [1]}, {"Items": [2]}]
    assert "afterItemBatcher" not in await seen(state, None, {"elsewhere": 1})


@pytest.mark.parametrize(
    ("writer", "fits", "message"),
    [
        (
            {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
            {"MapRunArn": "arn"},
            "Mocked result must be a JSON object.",
        ),
        ({"WriterConfig": {"Transformation": "FLATTEN"}}, [1], "Mocked result must be an array."),
    ],
)
async def test_a_map_with_a_writer(writer: Any, fits: Any, message: str) -> None:
    """Where results go to S3 an object stays in the state's output, otherwise an array."""
    asked: Any = {"stateName": "Outer", "input": [1]}
    answer = await ask(mapping(ResultWriter=writer), **asked, **mocked(fits))
    assert answer["output"] == fits
    other: Any = [] if isinstance(fits, dict) else {}
    answer = await ask(mapping(ResultWriter=writer), **asked, **mocked(other))
    assert (answer["code"], answer["message"]) == ("ValidationException", message)


async def test_a_share_of_failures_where_results_go_to_s3() -> None:
    """The share is one of the items, since an object tells no number of results."""
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    whole = mapping(ResultWriter=writer, ToleratedFailurePercentage=50)
    for failures, status in ((1, "SUCCEEDED"), (2, "FAILED")):
        answer = await ask(
            whole,
            stateName="Outer",
            input=[1, 2, 3],
            stateConfiguration={"mapIterationFailureCount": failures},
            inspectionLevel="DEBUG",
            **mocked({"MapRunArn": "arn"}),
        )
        assert answer["status"] == status, answer
        assert "iterations" not in answer["inspectionData"]


# -- refusals and bounds


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"mock": {"errorOutput": {"cause": "why"}}},
            "A mocked errorOutput must have the field error",
        ),
        (
            {**failing(), "stateConfiguration": {"errorCausedByState": "Nobody"}},
            "The state of errorCausedByState was not found in the tested state",
        ),
    ],
)
async def test_refusals(params: dict[str, Any], message: str) -> None:
    """An error needs a name, and comes from a state that is there."""
    answer = await ask(parallel(), stateName="Outer", **params)
    assert (answer["code"], answer["message"]) == ("ValidationException", message)


async def test_an_error_from_deep_within() -> None:
    """The state that an error is said to come from may stand at any depth."""
    deep = machine(Type="Parallel", Branches=[mapping(INNER)])["States"]["Outer"]
    answer = await ask(deep, stateConfiguration={"errorCausedByState": "Inner"}, **failing())
    assert (answer["status"], answer["error"]) == ("FAILED", "E")


async def test_a_real_call_ends_with_the_states_own_timeout() -> None:
    """TimeoutSeconds is kept, and can be caught."""
    sim = Simulation()
    began = sim.clock.now()
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage",
        "Parameters": {
            "QueueUrl": "http://localhost:4566/000000000000/told",
            "WaitTimeSeconds": 20,
        },
        "TimeoutSeconds": 3,
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
        "Next": "Done",
    }
    answer = await ask(state, sim=sim, roleArn=ROLE)
    assert (answer["status"], answer.get("nextState")) == ("CAUGHT_ERROR", "Late")
    assert sim.clock.now() - began == 3_000
