"""The app and what must be seen of it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from examples.kit import World, see
from examples.service_integrations import java_build

HERE = Path(__file__).parent
TABLE = "Messages"
SEND = "arn:aws:states:::sqs:sendMessage"


def definition(queue_url: str, topic: str, resource: str) -> dict[str, Any]:
    """Write to a table, inform a queue and wait for its answer, read the table, tell a topic."""
    return {
        "StartAt": "Remember",
        "States": {
            "Remember": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Parameters": {
                    "TableName": TABLE,
                    "Item": {"messageId": {"S.$": "$.messageId"}, "state": {"S": "informed"}},
                },
                "ResultPath": "$.Dynamo",
                "Next": "InformOtherQueue",
            },
            "InformOtherQueue": {
                "Type": "Task",
                "Resource": resource,
                "Parameters": {
                    "QueueUrl": queue_url,
                    "MessageBody": {"Input.$": "$.messageId", "TaskToken.$": "$$.Task.Token"},
                },
                "ResultPath": "$.SQS",
                "Next": "WaitSometime",
                "TimeoutSeconds": 10,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "GracefulFail"}],
            },
            "WaitSometime": {"Type": "Wait", "Seconds": 1, "Next": "LookUp"},
            "LookUp": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {
                    "TableName": TABLE,
                    "Key": {"messageId": {"S.$": "$.messageId"}},
                },
                "ResultSelector": {"state.$": "$.Item.state.S"},
                "ResultPath": "$.Found",
                "Next": "Publish",
            },
            "Publish": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {"TopicArn": topic, "Message.$": "$.messageId"},
                "ResultPath": None,
                "End": True,
            },
            "GracefulFail": {"Type": "Fail", "Error": "NoAnswer"},
        },
    }


def run(world: World) -> None:
    """No consumer, `.sync`, and the consumer in three languages."""
    sqs, sns = world.aws("sqs"), world.aws("sns")
    world.aws("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "messageId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "messageId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    patient = {"VisibilityTimeout": "150"}
    queue = sqs.create_queue(QueueName="TeamCSqs", Attributes=patient)["QueueUrl"]
    topic = sns.create_topic(Name="Done")["TopicArn"]
    listener = sqs.create_queue(QueueName="Listener")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_arn(world, listener))
    _no_sync(world, definition(queue, topic, f"{SEND}.sync"))
    machine = world.machine("integrations", definition(queue, topic, f"{SEND}.waitForTaskToken"))
    _no_answer(world, machine, queue)
    for language in _consumers(world):
        _answered(world, machine, queue, listener, language)


def _arn(world: World, queue_url: str) -> str:
    names = ["QueueArn"]
    answer = world.aws("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return str(answer["Attributes"]["QueueArn"])


def _no_sync(world: World, wrong: dict[str, Any]) -> None:
    answer = world.aws("stepfunctions").validate_state_machine_definition(
        definition=json.dumps(wrong)
    )
    said = [d["message"] for d in answer["diagnostics"] if d["severity"] == "ERROR"]
    words = f"The resource provided {SEND}.sync is not recognized."
    see("what is said of .sync", any(words in text for text in said), wanted=True)
    world.say(".sync on a queue is refused in AWS's words")


def _no_answer(world: World, machine: str, queue: str) -> None:
    execution = world.start(machine, {"messageId": "unanswered"})
    world.happened(execution, "TaskSubmitted")
    world.skip(10)
    ended = world.ended(execution)
    see("end", (ended["status"], ended.get("error")), ("FAILED", "NoAnswer"))
    see("states", world.states(execution)[-1], "GracefulFail")
    world.aws("sqs").purge_queue(QueueUrl=queue)
    world.say("nobody answered for 10 seconds, and the machine failed gracefully")


def _consumers(world: World) -> list[str]:
    world.function("consumer-python", HERE / "python", "handler.handle", "python3.12")
    world.function("consumer-node", HERE / "node", "index.handler", "nodejs20.x")
    reason = java_build.missing()
    if reason is not None:
        world.say(f"left out: {reason}")
        return ["python", "node"]
    with tempfile.TemporaryDirectory() as folder:
        code = java_build.build(Path(folder))
        world.function("consumer-java", code, "example.NotificationHandler", "java17")
    return ["python", "node", "java"]


def _answered(world: World, machine: str, queue: str, listener: str, language: str) -> None:
    client = world.aws("lambda")
    mapping = client.create_event_source_mapping(
        FunctionName=f"consumer-{language}", EventSourceArn=_arn(world, queue), BatchSize=1
    )["UUID"]
    message = f"message-for-{language}"
    execution = world.start(machine, {"messageId": message})
    world.happened(execution, "WaitStateEntered")
    world.skip(1)
    ended = world.ended(execution)
    see("status", ended["status"], "SUCCEEDED")
    output = json.loads(ended["output"])
    wanted = {"Output": "message", "ack": "success", "from": language}
    see("the consumer's answer", output["SQS"], wanted)
    see("what the table knew", output["Found"], {"state": "informed"})
    see("what the topic told", _told(world, listener), message)
    client.delete_event_source_mapping(UUID=mapping)
    world.until("a mapping that is gone", lambda: _gone(client, mapping))
    world.say(f"the {language} consumer answered, table and topic were served")


def _told(world: World, listener: str) -> str:
    sqs = world.aws("sqs")
    message = sqs.receive_message(QueueUrl=listener, WaitTimeSeconds=10)["Messages"][0]
    sqs.delete_message(QueueUrl=listener, ReceiptHandle=message["ReceiptHandle"])
    return str(json.loads(message["Body"])["Message"])


def _gone(client: Any, mapping: str) -> bool | None:
    try:
        client.get_event_source_mapping(UUID=mapping)
    except client.exceptions.ResourceNotFoundException:
        return True
    return None
