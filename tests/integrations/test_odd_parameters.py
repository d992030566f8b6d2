"""Parameters of calls that are whatever the data made them: the task fails or succeeds, no more.

A definition may take every parameter from its input, so the checks at creation see none of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.bench import PREFIX, QUEUE, bench

ODD: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "x", "\x00", "é" * 300, [], [1], {}, {"a": 1}]
QUEUE_FIELDS = (
    "QueueUrl",
    "MessageBody",
    "DelaySeconds",
    "MessageGroupId",
    "MessageDeduplicationId",
    "MessageAttributes",
)
STATES_FIELDS = ("StateMachineArn", "Name", "Input")
ATTRIBUTES: list[Any] = [
    {"a": None},
    {"a": 1},
    {"a": []},
    {"a": {}},
    {"a": {"DataType": 1}},
    {"a": {"DataType": "String"}},
    {"a": {"DataType": "String", "StringValue": 1}},
    {"a": {"DataType": "String", "StringValue": None}},
    {"a": {"DataType": "Number", "StringValue": "x"}},
    {"a": {"DataType": "Binary", "BinaryValue": "not base64!"}},
    {"a": {"DataType": "Binary", "BinaryValue": 1}},
    {"": {"DataType": "String", "StringValue": "x"}},
]


@pytest.fixture(autouse=True)
def nothing_breaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged as an error: that would be a bug of ours."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


def cases() -> Iterator[tuple[str, str, Any]]:
    """(action, field, value)."""
    for field in QUEUE_FIELDS:
        for value in ODD:
            yield "sqs:sendMessage", field, value
    for value in ATTRIBUTES:
        yield "sqs:sendMessage", "MessageAttributes", value
    for field in STATES_FIELDS:
        for value in [
            *ODD,
            f"{PREFIX}:stateMachine:none",
            f"{PREFIX}:execution:a:b",
            "arn:aws:sqs:::x",
        ]:
            yield "states:startExecution", field, value


async def test_every_field_as_anything() -> None:
    """Whatever a field is, the execution ends, and the next one is none the worse."""
    async with bench() as made:
        child = await made.machine("child", {"P": {"Type": "Pass", "End": True}})
        given = {
            "sqs:sendMessage": {"QueueUrl": QUEUE, "MessageBody": "x"},
            "states:startExecution": {"StateMachineArn": child},
        }
        machines: dict[tuple[str, str], str] = {}
        for number, (action, field, value) in enumerate(cases()):
            machine = machines.get((action, field))
            if machine is None:
                parameters = {
                    **{k: v for k, v in given[action].items() if k != field},
                    f"{field}.$": "$.v",
                }
                state = {
                    "Type": "Task",
                    "Resource": f"arn:aws:states:::{action}",
                    "Parameters": parameters,
                    "End": True,
                }
                machine = await made.machine(f"m{number}", {"T": state})
                machines[action, field] = machine
            execution = await made.start(machine, f"x{number}", {"v": value})
            await made.settle(10)
            described = await made.call("DescribeExecution", executionArn=execution)
            assert described["status"] in ("SUCCEEDED", "FAILED"), (action, field, value)
            if described["status"] == "FAILED":
                error = described["error"]
                assert error.split(".")[0] in ("SQS", "StepFunctions"), (field, value, error)
                assert described["cause"]
