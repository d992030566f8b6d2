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
    [(200, "it fails at 200"), (None, "AWS would have failed it at 25,000")],
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
