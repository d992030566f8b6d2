"""Service integrations of HTTP APIs: what each subtype calls, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subtype:
    """One of them. `wire` renames parameters to the operation's."""

    service: str
    action: str
    required: frozenset[str]
    optional: frozenset[str]
    wire: tuple[tuple[str, str], ...] = ()


def _subtype(
    service: str, action: str, required: str, optional: str = "", wire: str = ""
) -> Subtype:
    pairs = tuple((a, b) for a, _, b in (each.partition("=") for each in wire.split()))
    return Subtype(
        service,
        action,
        frozenset(required.split()),
        frozenset({*optional.split(), "Region"}),
        pairs,
    )


_MACHINE = "StateMachineArn=stateMachineArn Input=input Name=name TraceHeader=traceHeader"

SUBTYPES: dict[str, Subtype] = {
    "EventBridge-PutEvents": _subtype(
        "events",
        "PutEvents",
        "Detail DetailType Source",
        "Time EventBusName Resources TraceHeader",
    ),
    "SQS-SendMessage": _subtype(
        "sqs",
        "SendMessage",
        "QueueUrl MessageBody",
        "DelaySeconds MessageAttributes MessageDeduplicationId MessageGroupId"
        " MessageSystemAttributes",
    ),
    "SQS-ReceiveMessage": _subtype(
        "sqs",
        "ReceiveMessage",
        "QueueUrl",
        "AttributeNames MaxNumberOfMessages MessageAttributeNames ReceiveRequestAttemptId"
        " VisibilityTimeout WaitTimeSeconds",
    ),
    "SQS-DeleteMessage": _subtype("sqs", "DeleteMessage", "ReceiptHandle QueueUrl"),
    "SQS-PurgeQueue": _subtype("sqs", "PurgeQueue", "QueueUrl"),
    "StepFunctions-StartExecution": _subtype(
        "states", "StartExecution", "StateMachineArn", "Name Input", _MACHINE
    ),
    "StepFunctions-StartSyncExecution": _subtype(
        "states", "StartSyncExecution", "StateMachineArn", "Name Input TraceHeader", _MACHINE
    ),
    "StepFunctions-StopExecution": _subtype(
        "states",
        "StopExecution",
        "ExecutionArn",
        "Cause Error",
        "ExecutionArn=executionArn Cause=cause Error=error",
    ),
}
NOT_HERE = frozenset({"Kinesis-PutRecord", "AppConfig-GetConfiguration"})
JSON_PARAMETERS = frozenset(
    {
        "MessageAttributes",
        "MessageSystemAttributes",
        "Resources",
        "AttributeNames",
        "MessageAttributeNames",
    }
)
"""Parameters that are JSON as text."""
NUMBERS = frozenset({"DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"})
