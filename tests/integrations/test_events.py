"""Tasks that put events, and the events that executions are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from stepwell.testing.simulation import Simulation
from tests.integrations.played import QUEUE, Ended, create, ended, sdk, start

_ARN = "arn:aws:sqs:us-east-1:000000000000:played"
_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
_EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:m:one"


def _run(client: Callable[[Simulation], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(Simulation(seed=3).run(client))


async def _listen(simulation: Simulation, pattern: Any) -> None:
    """A rule that sends what it wants to the queue."""
    await simulation.call("CreateQueue", QueueName="played")
    await simulation.call("PutRule", Name="r", EventPattern=json.dumps(pattern))
    await simulation.call("PutTargets", Rule="r", Targets=[{"Id": "q", "Arn": _ARN}])


async def _heard(simulation: Simulation) -> list[Any]:
    answer = await simulation.call("ReceiveMessage", QueueUrl=QUEUE, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


def _put(entries: Any, pattern: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::events:putEvents{pattern}",
        "Parameters": {"Entries": entries},
        "End": True,
        **fields,
    }


async def _play(simulation: Simulation, state: Any, given: Any = None) -> Ended:
    machine = await create(simulation, "m", Put=state)
    return await ended(simulation, await start(simulation, machine, "one", given or {}))


def test_a_detail_may_be_an_object() -> None:
    """It becomes text; machine and execution come after the resources that are given."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        entry = {
            "Source": "shop",
            "DetailType": "order",
            "Detail": {"n.$": "$.n"},
            "Resources": ["arn:x"],
        }
        done = await _play(simulation, _put([entry]), {"n": 1})
        [event] = await _heard(simulation)
        assert event["detail"] == {"n": 1}
        assert event["resources"] == ["arn:x", _MACHINE, _EXECUTION]
        # Nothing of the SDK's stands around it, unlike around what queues and topics answer.
        assert done.output == {"Entries": [{"EventId": event["id"]}], "FailedEntryCount": 0}

    _run(client)


def test_an_entry_that_fails_fails_the_task() -> None:
    """The others were put all the same."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        good = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
        done = await _play(simulation, _put([good, {**good, "Source": "aws.shop"}]))
        [event] = await _heard(simulation)
        assert (done.status, done.error) == ("FAILED", "EventBridge.FailedEntry")
        assert json.loads(done.cause or "") == {
            "Entries": [
                {"EventId": event["id"]},
                {
                    "ErrorCode": "NotAuthorizedForSourceException",
                    "ErrorMessage": "Not authorized for the source.",
                },
            ],
            "FailedEntryCount": 1,
        }

    _run(client)


def test_a_token_goes_out_in_the_detail() -> None:
    """The task ends with the answer to it."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        entry = {
            "Source": "shop",
            "DetailType": "ask",
            "Detail": {"token.$": "$$.Task.Token"},
        }
        machine = await create(simulation, "m", Ask=_put([entry], ".waitForTaskToken"))
        arn = await start(simulation, machine, "one", {})
        [event] = await _heard(simulation)
        token = event["detail"]["token"]
        await simulation.call("SendTaskSuccess", taskToken=token, output='{"ok": true}')
        assert (await ended(simulation, arn)).output == {"ok": True}

    _run(client)


@pytest.mark.parametrize("count", [0, 11])
def test_there_are_one_to_ten_entries(count: int) -> None:
    """Others fail the task."""

    async def client(simulation: Simulation) -> None:
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
        done = await _play(simulation, _put([entry] * count))
        assert (done.status, done.error) == ("FAILED", "EventBridge.AmazonEventBridgeException")

    _run(client)


def test_through_the_sdk() -> None:
    """`aws-sdk:eventbridge:putEvents` puts them as they are."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        entry = {"Source": "shop", "DetailType": "order", "Detail": '{"n": 1}'}
        done = await _play(simulation, sdk("eventbridge:putEvents", {"Entries": [entry]}))
        [event] = await _heard(simulation)
        assert event["resources"] == []
        assert done.output == {"Entries": [{"EventId": event["id"]}], "FailedEntryCount": 0}

    _run(client)


def test_an_execution_is_two_events() -> None:
    """With every key that AWS shows, those without a value as null."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["aws.states"]})
        state = {"Type": "Fail", "Error": "E", "Cause": "C"}
        done = await _play(simulation, state, {"n": 1})
        assert done.status == "FAILED"
        running, failed = await _heard(simulation)
        assert failed["detail-type"] == "Step Functions Execution Status Change"
        assert failed["resources"] == [_EXECUTION]
        at = simulation.clock.now()
        common = {
            "executionArn": _EXECUTION,
            "stateMachineArn": _MACHINE,
            "name": "one",
            "startDate": at,
            "input": '{"n": 1}',
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
            "redriveCount": 0,
            "redriveDate": None,
        }
        assert running["detail"] == {
            **common,
            "status": "RUNNING",
            "stopDate": None,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
            "error": None,
            "cause": None,
        }
        assert failed["detail"] == {
            **common,
            "status": "FAILED",
            "stopDate": at,
            "redriveStatus": "REDRIVABLE",
            "redriveStatusReason": None,
            "error": "E",
            "cause": "C",
        }

    _run(client)


def test_a_large_input_is_left_out_first() -> None:
    """Then the output, if that alone is too large."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}})
        await _play(simulation, {"Type": "Succeed"}, {"x": "y" * 150_000})
        [event] = await _heard(simulation)
        detail = event["detail"]
        assert (detail["input"], detail["inputDetails"]) == (None, {"included": False})
        assert (len(detail["output"]) > 150_000, detail["outputDetails"]) == (
            True,
            {"included": True},
        )

    _run(client)


def test_without_a_rule_no_event_is_made() -> None:
    """Executions cost what they cost without EventBridge: nobody draws an id for an event."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        drawn: list[str] = []
        uuid = simulation.ids.uuid
        simulation.ids.uuid = lambda: drawn.append("") or uuid()  # type: ignore[method-assign,func-returns-value]
        await _play(simulation, {"Type": "Succeed"})
        without = len(drawn)
        await simulation.call("PutRule", Name="r", EventPattern='{"source":["aws.states"]}')
        machine = await create(simulation, "n", Done={"Type": "Succeed"})
        await ended(simulation, await start(simulation, machine, "one", {}))
        assert len(drawn) > 2 * without + 1

    _run(client)


_ODD: list[Any] = [None, True, 0, -1, 10**30, 1.5, "", "x", [], [1], {}, {"a": 1}]
_FIELDS = ("Source", "DetailType", "Detail", "Resources", "Time", "EventBusName", "TraceHeader")


@pytest.mark.parametrize("field", ["Entries", *_FIELDS])
def test_a_field_may_be_anything(field: str) -> None:
    """The execution ends, and says why."""

    async def client(simulation: Simulation) -> None:
        entry = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
        entries = {"Entries.$": "$.v"}
        if field != "Entries":
            entries = {"Entries": [{**entry, f"{field}.$": "$.v"}]}  # type: ignore[dict-item]
            entries["Entries"][0].pop(field, None)  # type: ignore[attr-defined]
        state = {**_put([]), "Parameters": entries}
        machine = await create(simulation, "m", Put=state)
        for number, value in enumerate(_ODD):
            arn = await start(simulation, machine, f"x{number}", {"v": value})
            done = await ended(simulation, arn)
            assert done.status == "SUCCEEDED" or done.error in (
                "EventBridge.FailedEntry",
                "EventBridge.AmazonEventBridgeException",
                "States.Runtime",
            )

    _run(client)


def test_a_time_is_text() -> None:
    """As everywhere in the parameters of tasks."""

    async def client(simulation: Simulation) -> None:
        await _listen(simulation, {"source": ["shop"]})
        entry = {
            "Source": "shop",
            "DetailType": "order",
            "Detail": {},
            "Time": "2020-02-03T04:05:06Z",
        }
        await _play(simulation, _put([entry]))
        [event] = await _heard(simulation)
        assert event["time"] == "2020-02-03T04:05:06Z"

    _run(client)
