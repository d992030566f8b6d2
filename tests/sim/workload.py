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
IDLE_ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:idle"
QUEUE = "http://localhost:4566/000000000000/sim"
LINE = "http://localhost:4566/000000000000/sim.fifo"

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

CAUGHT: list[dict[str, Any]] = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


def without(state: dict[str, Any], *fields: str) -> dict[str, Any]:
    """A state without some of its fields."""
    return {name: value for name, value in state.items() if name not in fields}


def alone(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """A branch of one state."""
    return {"StartAt": name, "States": {name: {**state, "End": True}}}


KID: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync",
    "Parameters": {
        "StateMachineArn": f"{MACHINES}long",
        "Name.$": "States.Format('{}-kid', $$.Execution.Name)",
    },
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
    # An execution timeout over an open token.
    "short-ask": {"StartAt": "Ask", "TimeoutSeconds": 30, "States": {"Ask": {**ASK, "End": True}}},
    # A job whose parent is stopped, or fails beside it.
    "long": {
        "StartAt": "Long",
        "States": {"Long": {"Type": "Wait", "Seconds": 100_000, "End": True}},
    },
    "umbrella": {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    alone("Kid", KID),
                    {
                        "StartAt": "Pause",
                        "States": {
                            "Pause": {"Type": "Wait", "Seconds": 20, "Next": "Break"},
                            "Break": {"Type": "Fail", "Error": "Broken", "Cause": "as planned"},
                        },
                    },
                ],
                "Catch": CAUGHT,
                "End": True,
            },
            "Caught": {"Type": "Pass", "End": True},
        },
    },
    "stopped": {
        "StartAt": "All",
        "States": {
            "All": {
                "Type": "Parallel",
                "Branches": [
                    alone("Kid", KID),
                    alone("Ask", without(ASK, "TimeoutSeconds", "HeartbeatSeconds", "Retry")),
                    alone("Pause", {"Type": "Wait", "Seconds": 50_000}),
                ],
                "End": True,
            }
        },
    },
    # A Parallel that is tried again, with new branches and tokens.
    "flaky": {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    alone("Ask", without(ASK, "Retry")),
                    alone("Pause", {"Type": "Wait", "Seconds": 90}),
                ],
                "Retry": [{"ErrorEquals": ["Worker.Flaky"], "MaxAttempts": 2}],
                "Catch": CAUGHT,
                "End": True,
            },
            "Caught": {"Type": "Pass", "End": True},
        },
    },
    # A worker that takes a task and is not heard of again.
    "idle": {
        "StartAt": "Work",
        "States": {
            "Work": {
                "Type": "Task",
                "Resource": IDLE_ACTIVITY,
                "TimeoutSeconds": 500,
                "HeartbeatSeconds": 25,
                "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Pass", "End": True},
        },
    },
    "line": {
        "StartAt": "Send",
        "States": {
            "Send": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {
                    "QueueUrl": LINE,
                    "MessageBody.$": "$$.Execution.Name",
                    "MessageGroupId": "all",
                    "MessageDeduplicationId.$": "$$.Execution.Name",
                },
                "End": True,
            }
        },
    },
    # Its machine is deleted while it waits: it ends at its next transition.
    "doomed": {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                **without(ASK, "HeartbeatSeconds", "Retry"),
                "TimeoutSeconds": 50,
                "Catch": CAUGHT,
                "End": True,
            },
            "Caught": {"Type": "Pass", "End": True},
        },
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
    ("short-ask", "short-ask-timeout", {"do": "silent"}),
    ("umbrella", "umbrella-broken", {"do": "ok"}),
    ("stopped", "stopped-stopped", {"do": "silent"}),
    ("flaky", "flaky-caught", {"do": "flaky"}),
    ("idle", "idle-caught", {"do": "ok"}),
    ("line", "line-1", {}),
    ("line", "line-2", {}),
    ("line", "line-3", {}),
    ("doomed", "doomed-aborted", {"do": "silent"}),
]

ENDS = {
    "short-timeout": "TIMED_OUT",
    "short-ask-timeout": "TIMED_OUT",
    "stopped-stopped": "ABORTED",
    "stopped-stopped-kid": "ABORTED",
    "umbrella-broken-kid": "ABORTED",
    "doomed-aborted": "ABORTED",
}
"""How executions end that do not succeed."""

DOOMED = f"{EXECUTIONS}doomed:doomed-aborted"


@dataclass(slots=True)
class Record:
    """What the clients were told."""

    answered_twice: int = 0
    histories: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    line: list[str] = field(default_factory=list)
    """What came out of the FIFO queue."""
    done: bool = False


async def coordinator(simulation: Simulation, record: Record) -> None:
    """Creates, starts, waits until all is over, and reads the histories."""
    await simulation.insist("CreateQueue", QueueName="sim", Attributes={"VisibilityTimeout": "5"})
    fifo = {"FifoQueue": "true", "VisibilityTimeout": "5"}
    await simulation.insist("CreateQueue", QueueName="sim.fifo", Attributes=fifo)
    await simulation.insist("CreateActivity", name="sim")
    await simulation.insist("CreateActivity", name="idle")
    for name, definition in DEFINITIONS.items():
        await simulation.insist(
            "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
        )
    for machine, name, given in STARTS:
        await _start(simulation, machine, name, given)
    await simulation.insist("DeleteStateMachine", stateMachineArn=f"{MACHINES}doomed")
    await simulation.sleep(5_000)
    stopped = f"{EXECUTIONS}stopped:stopped-stopped"
    await simulation.insist("StopExecution", executionArn=stopped, error="Stopped", cause="enough")
    await _until_over(simulation)
    record.done = True
    for machine in DEFINITIONS:
        if machine != "doomed":
            await _read(simulation, record, machine)
    shown = await simulation.insist("DescribeExecution", executionArn=DOOMED)
    await _read_one(simulation, record, shown)
    await _empty_line(simulation, record)


async def _start(simulation: Simulation, machine: str, name: str, given: dict[str, Any]) -> None:
    try:
        await simulation.insist(
            "StartExecution",
            stateMachineArn=f"{MACHINES}{machine}",
            name=name,
            input=json.dumps(given),
        )
    except ServiceError as error:
        # A crash swallowed the answer, and the execution is over by now.
        if error.code != "ExecutionAlreadyExists":
            raise


async def _empty_line(simulation: Simulation, record: Record) -> None:
    """Take everything out of the FIFO queue, in its order; what a crash swallowed comes again."""
    empty = 0
    while empty < 2:
        answer = await simulation.insist("ReceiveMessage", QueueUrl=LINE, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        if not messages:
            empty += 1
            await simulation.sleep(6_000)
        for message in messages:
            handle = message["ReceiptHandle"]
            await simulation.insist("DeleteMessage", QueueUrl=LINE, ReceiptHandle=handle)
            record.line.append(message["Body"])


async def _until_over(simulation: Simulation) -> None:
    for _ in range(2_000):
        running = 0
        for machine in DEFINITIONS:
            if machine == "doomed":
                continue
            listed = await simulation.insist(
                "ListExecutions", stateMachineArn=f"{MACHINES}{machine}", statusFilter="RUNNING"
            )
            running += len(listed["executions"])
        doomed = await simulation.insist("DescribeExecution", executionArn=DOOMED)
        running += doomed["status"] == "RUNNING"
        if not running:
            return
        await simulation.sleep(5_000)
    raise AssertionError("the executions do not end")


async def _read(simulation: Simulation, record: Record, machine: str) -> None:
    listed = await simulation.insist("ListExecutions", stateMachineArn=f"{MACHINES}{machine}")
    for execution in listed["executions"]:
        await _read_one(simulation, record, execution)


async def _read_one(simulation: Simulation, record: Record, execution: dict[str, Any]) -> None:
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
    elif what == "flaky":
        await _say(simulation, record, "SendTaskFailure", taskToken=token, error="Worker.Flaky")
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
        if error.code != "TaskTimedOut":
            raise
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


async def idle_worker(simulation: Simulation, record: Record) -> None:
    """Takes activity tasks and does nothing with them."""
    while not record.done:
        try:
            await simulation.call("GetActivityTask", activityArn=IDLE_ACTIVITY, workerName="i")
        except (Crashed, StorageTrouble, ServiceError):
            await simulation.sleep(50)


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MD5 = re.compile(
    r'(?<=MD5OfMessageBody\\\\":\\\\")[0-9a-f]{32}|(?<=MD5OfMessageBody\\":\\")[0-9a-f]{32}'
)
_SEQUENCE = re.compile(r"\b\d{20}\b")
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
        text = _SEQUENCE.sub("<number>", _MD5.sub("<md5>", text))
        text = _TIME.sub("<time>", _TOKEN.sub("<token>", _UUID.sub("<id>", text)))
        chains[event["id"]] = f"{chains[event['previousEventId']]}/{text}"
    return sorted(chains.values())
