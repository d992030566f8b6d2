"""The app and what must be seen of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from examples.kit import World, see

FUNCTIONS = Path(__file__).parent / "functions"
TABLE, QUEUE, DEAD = "BufferedMessages", "sfnCommonEventProcessorQueue", "sfnQueueDLQ"
GROUP = "/aws/lambda/batch-recorder"


def definition(queue_url: str, timeout_seconds: int) -> dict[str, Any]:
    """Hand a record to the queue, wait for its token, look at the status."""
    return {
        "StartAt": "Record using Queue",
        "TimeoutSeconds": timeout_seconds,
        "States": {
            "Record using Queue": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {
                    "QueueUrl": queue_url,
                    "MessageBody": {
                        "MyTaskToken.$": "$$.Task.Token",
                        "Record": {
                            "messageId.$": "$.id",
                            "createdAt.$": "$.time",
                            "event.$": "States.StringToJson($.detail.message)",
                        },
                    },
                },
                "ResultSelector": {"Payload.$": "$", "StatusCode.$": "$.statusCode"},
                "ResultPath": "$.recordResult",
                "Next": "Check Status?",
            },
            "Check Status?": {
                "Type": "Choice",
                "InputPath": "$.recordResult",
                "Choices": [
                    {"Variable": "$.StatusCode", "NumericEquals": 500, "Next": "Job Failed"},
                    {"Variable": "$.StatusCode", "NumericEquals": 200, "Next": "Job Succeed"},
                ],
                "Default": "Job Failed",
            },
            "Job Failed": {"Type": "Fail"},
            "Job Succeed": {"Type": "Succeed"},
        },
    }


def event(number: int) -> dict[str, Any]:
    """What a rule hands to the machine."""
    return {
        "id": f"message-{number}",
        "time": "2026-04-18T07:51:06Z",
        "detail": {"message": json.dumps({"message": f"A secret message {number}"})},
    }


def run(world: World) -> None:
    """A full batch, a batch that its window closes, and an answer that comes too late."""
    queue_url = _queues(world)
    world.aws("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "messageId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "messageId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    recorder = world.function(
        "batch-recorder",
        FUNCTIONS,
        "message-recorder.processor",
        "nodejs14.x",
        environment={"MESSAGES_TABLE_NAME": TABLE},
    )
    mapping = world.aws("lambda").create_event_source_mapping(
        FunctionName=recorder,
        EventSourceArn=_arn(world, queue_url),
        BatchSize=2,
        MaximumBatchingWindowInSeconds=10,
    )
    _batches(world, queue_url)
    _late(world, queue_url, mapping["UUID"])


def _queues(world: World) -> str:
    sqs = world.aws("sqs")
    dead = sqs.create_queue(
        QueueName=DEAD, Attributes={"MessageRetentionPeriod": str(14 * 86_400)}
    )["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(world, dead), "maxReceiveCount": 100}
    answer = sqs.create_queue(
        QueueName=QUEUE,
        Attributes={
            "DelaySeconds": "3",
            "VisibilityTimeout": str(100 * 60),
            "MessageRetentionPeriod": str(5 * 86_400),
            "RedrivePolicy": json.dumps(redrive),
        },
    )
    return str(answer["QueueUrl"])


def _arn(world: World, queue_url: str) -> str:
    names = ["QueueArn"]
    answer = world.aws("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return str(answer["Attributes"]["QueueArn"])


def _batches(world: World, queue_url: str) -> None:
    """Three records: two make a batch at once, the third waits for the window's end."""
    machine = world.machine("buffered", definition(queue_url, 600))
    executions = [world.start(machine, event(number)) for number in range(3)]
    see("messages that the queue's delay holds back", _held_back(world, queue_url), 3)
    for execution in executions:
        world.happened(execution, "TaskSubmitted")
    world.skip(3)
    _ended(world, executions, 2)
    world.skip(10)
    _ended(world, executions, 3)
    sizes = sorted(_item(world, number)["batch"]["N"] for number in range(3))
    see("sizes of the batches", sizes, ["1", "2", "2"])
    world.say("three records in two batches, each answered its own token")


def _held_back(world: World, queue_url: str) -> int:
    name = "ApproximateNumberOfMessagesDelayed"
    answer = world.aws("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])


def _ended(world: World, executions: list[str], count: int) -> None:
    def look() -> bool | None:
        sfn = world.aws("stepfunctions")
        statuses = [sfn.describe_execution(executionArn=e)["status"] for e in executions]
        return statuses.count("SUCCEEDED") == count or None

    world.until(f"{count} executions that succeeded", look)


def _item(world: World, number: int) -> dict[str, Any]:
    key = {"messageId": {"S": f"message-{number}"}}
    item: dict[str, Any] = world.aws("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
    return item


def _late(world: World, queue_url: str, mapping: str) -> None:
    """The machine's timeout is over before the function runs."""
    client = world.aws("lambda")
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    world.until(
        "a mapping that is off",
        lambda: client.get_event_source_mapping(UUID=mapping)["State"] == "Disabled" or None,
    )
    machine = world.machine("impatient", definition(queue_url, 30))
    execution = world.start(machine, event(7))
    world.happened(execution, "TaskSubmitted")
    world.skip(30)
    see("status", world.ended(execution)["status"], "TIMED_OUT")
    client.update_event_source_mapping(UUID=mapping, Enabled=True)
    world.until(
        "a mapping that is on",
        lambda: client.get_event_source_mapping(UUID=mapping)["State"] == "Enabled" or None,
    )
    world.skip(10)
    logs = world.aws("logs")
    text = "\"TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'\""
    world.until(
        "the late answer in the function's log",
        lambda: logs.filter_log_events(logGroupName=GROUP, filterPattern=text)["events"] or None,
    )
    world.say("a late answer is told that the task does not exist any more")
