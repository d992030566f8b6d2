"""The state machines of the load: everything that waits, with times that suit a short test."""

from __future__ import annotations

from typing import Any

ROLE = "arn:aws:iam::000000000000:role/e2e"
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:e2e"
MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
QUEUE_NAME, PLAIN_NAME, FIFO_NAME = "e2e-tasks", "e2e-plain", "e2e-plain.fifo"


def queue_url(name: str) -> str:
    """Where a queue is; only its path counts."""
    return f"http://localhost:4566/000000000000/{name}"


def ask(**more: Any) -> dict[str, Any]:
    """A state that sends its token to the queue and waits for the answer."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": queue_url(QUEUE_NAME),
            "MessageBody": {
                "token.$": "$$.Task.Token",
                "execution.$": "$$.Execution.Name",
                "attempt.$": "$$.State.RetryCount",
                "do.$": "$.do",
            },
        },
        "TimeoutSeconds": 90,
        "Retry": [{"ErrorEquals": ["Worker.Busy"], "IntervalSeconds": 1, "MaxAttempts": 2}],
        **more,
    }


def _one(state: dict[str, Any], name: str = "One", **more: Any) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {**state, "End": True}}, **more}


PAUSE = {"Type": "Wait", "Seconds": 1}

DEFINITIONS: dict[str, dict[str, Any]] = {
    "ask": {
        "StartAt": "Ask",
        "States": {
            "Ask": ask(
                Catch=[{"ErrorEquals": ["Worker.No"], "ResultPath": "$.e", "Next": "Caught"}],
                Next="Rest",
            ),
            "Rest": {**PAUSE, "Next": "Done"},
            "Done": {"Type": "Succeed"},
            "Caught": {"Type": "Pass", "End": True},
        },
    },
    "fan": {
        "StartAt": "Fan",
        "States": {
            "Fan": {
                "Type": "Parallel",
                "Branches": [_one(ask(), "Left"), _one(PAUSE, "Pause"), _one(ask(), "Right")],
                "End": True,
            }
        },
    },
    "parent": _one(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": f"{MACHINES}ask", "Input": {"do.$": "$.do"}},
            "ResultSelector": {"output.$": "$.Output"},
        }
    ),
    "work": _one(
        {
            "Type": "Task",
            "Resource": ACTIVITY,
            "TimeoutSeconds": 3,
            "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 50}],
        }
    ),
    "silent": _one(
        ask(
            TimeoutSeconds=2,
            Retry=[{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        )
    ),
    "short": _one({"Type": "Wait", "Seconds": 100}, TimeoutSeconds=3),
}

KINDS = (
    ("ask", "ok"),
    ("ask", "double"),
    ("ask", "busy"),
    ("ask", "no"),
    ("fan", "ok"),
    ("parent", "ok"),
    ("work", "ok"),
    ("silent", "silent"),
    ("short", "ok"),
)
