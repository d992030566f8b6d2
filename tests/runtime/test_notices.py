"""A history that gets long, and heartbeats nobody listens to, are spoken of: in time, and once."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from stepwell.engine.limits import Limits
from stepwell.services.api import Call
from stepwell.testing.simulation import Simulation
from stepwell.values import JsonObject

ROLE = "arn:aws:iam::000000000000:role/r"
PAGE = "/_stepwell/executions/explain"
LOOP: JsonObject = {
    "A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
    "B": {
        "Type": "Choice",
        "Choices": [{"Variable": "$$.State.Name", "IsPresent": True, "Next": "A"}],
        "Default": "Z",
    },
    "Z": {"Type": "Succeed"},
}


async def begin(simulation: Simulation, states: JsonObject) -> str:
    """Start an execution of these states; its ARN."""
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    made = await simulation.call(
        "CreateStateMachine", name="m", definition=definition, roleArn=ROLE
    )
    started = await simulation.call(
        "StartExecution", stateMachineArn=made["stateMachineArn"], name="e"
    )
    return str(started["executionArn"])


async def explained(simulation: Simulation, arn: str) -> dict[str, Any]:
    """What the page says of the execution."""
    call = Call("000000000000", "us-east-1", "r", "http://localhost:4566")
    return dict(await simulation.core.pages()[PAGE](call, {"executionArn": arn}))


def told(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """The warnings in the log that hold these words."""
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    return [message for message in messages if words in message]


@pytest.mark.parametrize(
    ("events_max", "words"),
    [(200, "it fails at 200, about "), (None, "AWS would fail it at 25,000")],
)
async def test_a_long_history_is_spoken_of(
    caplog: pytest.LogCaptureFixture, events_max: int | None, words: str
) -> None:
    """One line when the number is reached, and a note whenever somebody asks after that."""

    async def client(simulation: Simulation) -> None:
        arn = await begin(simulation, LOOP)
        assert "notes" not in await explained(simulation, arn)
        await simulation.sleep(20_500)
        assert told(caplog, "The history has") == []
        await simulation.sleep(10_000)
        [line] = told(caplog, "The history has")
        assert arn in line
        assert words in line
        [note] = (await explained(simulation, arn))["notes"]
        assert words in note
        await simulation.sleep(10_000)
        assert len(told(caplog, "The history has")) == 1
        await simulation.sleep(20_000)
        described = await simulation.call("DescribeExecution", executionArn=arn)
        assert described["status"] == ("RUNNING" if events_max is None else "FAILED")
        assert ("notes" in await explained(simulation, arn)) is (events_max is None)

    limits = Limits(history_events_max=events_max, history_events_noted=100)
    with caplog.at_level(logging.WARNING, "stepwell.runtime"):
        await Simulation(limits=limits).run(client)


@pytest.mark.parametrize("declared", [None, 60])
async def test_heartbeats_that_nobody_listens_to_are_logged_once(
    caplog: pytest.LogCaptureFixture, declared: int | None
) -> None:
    """For each token, and only where the state declares no HeartbeatSeconds."""

    async def client(simulation: Simulation) -> None:
        made = await simulation.call("CreateActivity", name="work")
        state: JsonObject = {"Type": "Task", "Resource": made["activityArn"], "End": True}
        if declared is not None:
            state["HeartbeatSeconds"] = declared
        arn = await begin(simulation, {"Work": state})
        task = await simulation.call("GetActivityTask", activityArn=made["activityArn"])
        for _ in range(3):
            await simulation.call("SendTaskHeartbeat", taskToken=task["taskToken"])
        lines = told(caplog, "heartbeats arrive")
        assert len(lines) == (declared is None)
        assert all(arn in line and "'Work'" in line for line in lines)
        [entry] = (await explained(simulation, arn))["waitsFor"]
        assert any("Heartbeats arrive (3" in hint for hint in entry["hints"]) is (declared is None)

    async def ticking(simulation: Simulation) -> None:
        # Without it, time would jump to the heartbeat's deadline while the client is at work.
        for _ in range(100):
            await simulation.sleep(100)

    with caplog.at_level(logging.WARNING, "stepwell.runtime"):
        await Simulation().run(client, ticking)


async def test_a_history_is_spoken_of_again_when_it_is_ten_times_as_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And not before: a loop that is meant to go on does not fill the log."""

    async def client(simulation: Simulation) -> None:
        await begin(simulation, LOOP)
        await simulation.sleep(200_000)
        first, second = told(caplog, "The history has")
        assert "The history has 2" in first
        assert "The history has 2" in second
        assert len(second) == len(first) + 1

    with caplog.at_level(logging.WARNING, "stepwell.runtime"):
        await Simulation(limits=Limits(history_events_noted=20)).run(client)


async def test_the_time_that_is_left_is_told() -> None:
    """From the pace so far: four events a second leave 25 seconds for a hundred."""

    async def client(simulation: Simulation) -> None:
        arn = await begin(simulation, LOOP)
        await simulation.sleep(25_100)
        [note] = (await explained(simulation, arn))["notes"]
        assert "it fails at 200, about 24 seconds from now if it goes on as it did so far" in note

    await Simulation(limits=Limits(history_events_max=200, history_events_noted=100)).run(client)


async def test_the_pace_is_told_where_nothing_ends_it() -> None:
    """Whoever hosts the server sees how quickly the disk fills."""

    async def client(simulation: Simulation) -> None:
        arn = await begin(simulation, LOOP)
        await simulation.sleep(60_100)
        [note] = (await explained(simulation, arn))["notes"]
        assert " events, 4 a second so far: AWS would fail it at 25,000" in note

    await Simulation(limits=Limits(history_events_noted=100)).run(client)


GATHER: JsonObject = {
    "A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
    "B": {
        "Type": "Pass",
        "Parameters": {"all.$": "States.Format('{}{}', $.all, $.more)", "more.$": "$.more"},
        "Next": "C",
    },
    "C": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "Z"}],
        "Default": "A",
    },
    "Z": {"Type": "Succeed"},
}


async def test_data_that_grows_is_spoken_of_once_for_a_machine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """From four fifths of what fails, in both profiles; and a note for whoever asks."""

    async def client(simulation: Simulation) -> None:
        definition = json.dumps({"StartAt": "A", "States": GATHER})
        made = await simulation.call(
            "CreateStateMachine", name="m", definition=definition, roleArn=ROLE
        )
        arns = []
        for name in ("e", "f"):
            started = await simulation.call(
                "StartExecution",
                stateMachineArn=made["stateMachineArn"],
                name=name,
                input=json.dumps({"all": "", "more": "é" * 10_000}),
            )
            arns.append(str(started["executionArn"]))
        await simulation.sleep(9_500)
        assert told(caplog, "The data of the state") == []
        assert "notes" not in await explained(simulation, arns[0])
        await simulation.sleep(1_000)
        [line] = told(caplog, "The data of the state")
        assert arns[0] in line
        assert "more than 262,144 fail" in line
        for arn in arns:
            [note] = (await explained(simulation, arn))["notes"]
            assert "The data of the state" in note
        await simulation.sleep(5_000)
        assert len(told(caplog, "The data of the state")) == 1
        described = await simulation.call("DescribeExecution", executionArn=arns[0])
        assert described["error"] == "States.DataLimitExceeded"

    with caplog.at_level(logging.WARNING, "stepwell.runtime"):
        await Simulation().run(client)
