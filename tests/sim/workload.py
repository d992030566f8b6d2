"""A workload that uses everything that waits: callbacks, heartbeats, timers, retries, branches,
child executions, activities. And what its executions must have come to, whatever went wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.testing.simulation import Crashed, Simulation

ROLE = "arn:aws:iam::000000000000:role/sim"
MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
EXECUTIONS = "arn:aws:states:us-east-1:000000000000:execution:"
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:sim"
QUEUE = "http://localhost:4566/000000000000/sim"

ASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {
        "QueueUrl": QUEUE,
        "MessageBody": {
            "token.$": "$$.Task.Token",
            "attempt.$": "$$.State.RetryCount",
            "do.$": "$.do",
        },
    },
    "TimeoutSeconds": 100,
    "HeartbeatSeconds": 40,
    "Retry": [
        {"ErrorEquals": ["Worker.Busy"], "IntervalSeconds": 5, "MaxAttempts": 2},
        {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1, "JitterStrategy": "FULL"},
    ],
}

DEFINITIONS: dict[str, dict[str, Any]] = {
    "ask": {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                **ASK,
                "Catch": [
                    {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}
                ],
                "Next": "Rest",
            },
            "Rest": {"Type": "Wait", "Seconds": 3, "Next": "Done"},
            "Caught": {"Type": "Pass", "End": True},
            "Done": {"Type": "Succeed"},
        },
    },
    "fan": {
        "StartAt": "Fan",
        "States": {
            "Fan": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "AskOne", "States": {"AskOne": {**ASK, "End": True}}},
                    {
                        "StartAt": "Pause",
                        "States": {
                            "Pause": {"Type": "Wait", "Seconds": 60, "Next": "Shape"},
                            "Shape": {"Type": "Pass", "Result": {"ok": True}, "End": True},
                        },
                    },
                    {
                        "StartAt": "Inner",
                        "States": {
                            "Inner": {
                                "Type": "Parallel",
                                "Branches": [
                                    {
                                        "StartAt": "A",
                                        "States": {"A": {"Type": "Pass", "End": True}},
                                    },
                                    {
                                        "StartAt": "AskTwo",
                                        "States": {"AskTwo": {**ASK, "End": True}},
                                    },
                                ],
                                "End": True,
                            }
                        },
                    },
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
                "Next": "Done",
            },
            "Caught": {"Type": "Pass", "End": True},
            "Done": {"Type": "Succeed"},
        },
    },
    "parent": {
        "StartAt": "Child",
        "States": {
            "Child": {
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": f"{MACHINES}ask", "Input": {"do.$": "$.do"}},
                "ResultSelector": {"output.$": "$.Output", "status.$": "$.Status"},
                "End": True,
            }
        },
    },
    "work": {
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Resource": ACTIVITY,
                "TimeoutSeconds": 60,
                "Retry": [{"ErrorEquals": ["States.Timeout"]}],
                "End": True,
            }
        },
    },
    "short": {
        "StartAt": "Long",
        "TimeoutSeconds": 30,
        "States": {"Long": {"Type": "Wait", "Seconds": 100, "End": True}},
    },
}

STARTS: list[tuple[str, str, dict[str, Any]]] = [
    ("ask", "ask-ok", {"do": "ok"}),
    ("ask", "ask-double", {"do": "double"}),
    ("ask", "ask-busy", {"do": "busy"}),
    ("ask", "ask-silent", {"do": "silent"}),
    ("ask", "ask-reject", {"do": "reject"}),
    ("fan", "fan-ok", {"do": "ok"}),
    ("fan", "fan-reject", {"do": "reject"}),
    ("parent", "parent-ok", {"do": "ok"}),
    ("work", "work-ok", {"do": "ok"}),
    ("short", "short-timeout", {"do": "ok"}),
]


@dataclass(slots=True)
class Record:
    """What the clients were told."""

    answered_twice: int = 0
    histories: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    done: bool = False


async def coordinator(simulation: Simulation, record: Record) -> None:
    """Creates, starts, waits until all is over, and reads the histories."""
    await simulation.insist("CreateQueue", QueueName="sim", Attributes={"VisibilityTimeout": "5"})
    await simulation.insist("CreateActivity", name="sim")
    for name, definition in DEFINITIONS.items():
        await simulation.insist(
            "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
        )
    for machine, name, given in STARTS:
        await simulation.insist(
            "StartExecution",
            stateMachineArn=f"{MACHINES}{machine}",
            name=name,
            input=json.dumps(given),
        )
    await _until_over(simulation)
    record.done = True
    for machine in DEFINITIONS:
        await _read(simulation, record, machine)


async def _until_over(simulation: Simulation) -> None:
    for _ in range(2_000):
        running = 0
        for machine in DEFINITIONS:
            listed = await simulation.insist(
                "ListExecutions", stateMachineArn=f"{MACHINES}{machine}", statusFilter="RUNNING"
            )
            running += len(listed["executions"])
        if not running:
            return
        await simulation.sleep(1_000)
    raise AssertionError("the executions do not end")


async def _read(simulation: Simulation, record: Record, machine: str) -> None:
    listed = await simulation.insist("ListExecutions", stateMachineArn=f"{MACHINES}{machine}")
    for execution in listed["executions"]:
        history = await simulation.insist(
            "GetExecutionHistory", executionArn=execution["executionArn"], maxResults=1000
        )
        name = _UUID.sub("<id>", execution["name"])
        record.histories[name] = canonical(history["events"])
        record.statuses[name] = execution["status"]


async def consumer(simulation: Simulation, record: Record) -> None:
    """Receives messages and answers their tokens as they ask for."""
    while not record.done:
        try:
            received = await simulation.call(
                "ReceiveMessage", QueueUrl=QUEUE, MaxNumberOfMessages=10, WaitTimeSeconds=2
            )
        except (Crashed, StorageTrouble, ServiceError):
            await simulation.sleep(50)
            continue
        for message in received.get("Messages", []):
            await _handle(simulation, record, json.loads(message["Body"]))
            try:
                await simulation.call(
                    "DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"]
                )
            except (Crashed, StorageTrouble):
                continue  # it comes again, and its token is answered already


async def _handle(simulation: Simulation, record: Record, body: dict[str, Any]) -> None:
    token, what = body["token"], body["do"]
    if what == "silent":
        return
    await _say(simulation, record, "SendTaskHeartbeat", taskToken=token)
    if what == "reject":
        await _say(simulation, record, "SendTaskFailure", taskToken=token)
    elif what == "busy" and body["attempt"] < 2:
        await _say(
            simulation, record, "SendTaskFailure", taskToken=token, error="Worker.Busy", cause="x"
        )
    else:
        await _say(simulation, record, "SendTaskSuccess", taskToken=token, output='{"ok": 1}')
    if what == "double":
        await _say(simulation, record, "SendTaskSuccess", taskToken=token, output='{"ok": 2}')


async def _say(simulation: Simulation, record: Record, operation: str, **params: Any) -> None:
    try:
        await simulation.insist(operation, **params)
    except ServiceError as error:
        assert error.code == "TaskTimedOut", error
        record.answered_twice += 1


async def worker(simulation: Simulation, record: Record) -> None:
    """Takes activity tasks and completes them. A task lost in a crash times out, as on AWS."""
    while not record.done:
        try:
            task = await simulation.call("GetActivityTask", activityArn=ACTIVITY, workerName="w")
        except (Crashed, StorageTrouble, ServiceError):
            await simulation.sleep(50)
            continue
        if task.get("taskToken"):
            await _say(
                simulation,
                record,
                "SendTaskSuccess",
                taskToken=task["taskToken"],
                output=task["input"],
            )


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MD5 = re.compile(
    r'(?<=MD5OfMessageBody\\\\":\\\\")[0-9a-f]{32}|(?<=MD5OfMessageBody\\":\\")[0-9a-f]{32}'
)
_TOKEN = re.compile(r"AQ[A-Za-z0-9_-]{48}")
_TIME = re.compile(r"\b17\d{11}\b|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT")


def canonical(events: list[dict[str, Any]]) -> list[str]:
    """A history without its times, ids and tokens: every event with the chain that led to it."""
    ids = [event["id"] for event in events]
    assert ids == list(range(1, len(ids) + 1)), "event ids must run from 1 without a gap"
    chains: dict[int, str] = {0: ""}
    for event in events:
        told = {k: v for k, v in event.items() if k not in ("id", "previousEventId", "timestamp")}
        text = json.dumps(told, sort_keys=True)
        text = _MD5.sub("<md5>", text)
        text = _TIME.sub("<time>", _TOKEN.sub("<token>", _UUID.sub("<id>", text)))
        chains[event["id"]] = f"{chains[event['previousEventId']]}/{text}"
    return sorted(chains.values())
