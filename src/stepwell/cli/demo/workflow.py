"""The callback workflow, driven with an unmodified AWS SDK.

A state machine tells another team's queue and waits until a consumer of that queue gives the task
token back. If nobody does in time, it fails gracefully.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stepwell.cli.demo.process import Broken
from stepwell.values import JsonObject, decode, encode_text

REGION = "us-east-1"
TIMEOUT_SECONDS = 60
RECEIVE_SECONDS = 10


def definition(queue_url: str) -> JsonObject:
    """The state machine."""
    inform: JsonObject = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "TimeoutSeconds": TIMEOUT_SECONDS,
        "Parameters": {
            "QueueUrl": queue_url,
            "MessageBody": {"Input.$": "$.messageId", "TaskToken.$": "$$.Task.Token"},
        },
        "ResultPath": "$.SQS",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "GracefulFail"}],
        "Next": "WaitSometime",
    }
    return {
        "Comment": "Tells another team and goes on when they have answered",
        "StartAt": "InformOtherQueue",
        "States": {
            "InformOtherQueue": inform,
            "WaitSometime": {"Type": "Wait", "Seconds": 1, "Next": "Done"},
            "Done": {"Type": "Succeed"},
            "GracefulFail": {
                "Type": "Fail",
                "Error": "NobodyAnswered",
                "Cause": "The other team did not answer in time",
            },
        },
    }


@dataclass(frozen=True, slots=True)
class Message:
    """What the consumer received."""

    handle: str
    token: str
    input: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an answer was refused: AWS's code and text, and our reason from the header."""

    code: str
    text: str
    reason: str


class Workflow:
    """The workflow on one server, through boto3."""

    def __init__(self, endpoint: str) -> None:
        import boto3
        from botocore.config import Config

        session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
        config = Config(proxies={}, retries={"mode": "standard", "max_attempts": 3})
        self.sqs: Any = session.client("sqs", endpoint_url=endpoint, config=config)
        self.states: Any = session.client("stepfunctions", endpoint_url=endpoint, config=config)

    def deploy(self) -> tuple[str, str]:
        """Create the queue and the state machine; the queue's URL and the machine's ARN."""
        queue_url = str(self.sqs.create_queue(QueueName="other-team")["QueueUrl"])
        machine = self.states.create_state_machine(
            name="inform-other-team",
            definition=encode_text(definition(queue_url)),
            roleArn="arn:aws:iam::000000000000:role/demo",
        )
        return queue_url, str(machine["stateMachineArn"])

    def start(self, machine_arn: str, name: str) -> str:
        """Start an execution; its ARN."""
        started = self.states.start_execution(
            stateMachineArn=machine_arn, name=name, input=encode_text({"messageId": name})
        )
        return str(started["executionArn"])

    def receive(self, queue_url: str) -> Message:
        """What the consumer gets: one message, with the token. Raises Broken when none comes."""
        answer = self.sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=RECEIVE_SECONDS)
        if not answer.get("Messages"):
            raise Broken("the queue had no message for the consumer")
        message = answer["Messages"][0]
        body = decode(message["Body"])
        if not isinstance(body, dict):
            raise Broken("the message is no JSON object")
        return Message(message["ReceiptHandle"], str(body["TaskToken"]), str(body["Input"]))

    def answer(self, token: str, output: JsonObject) -> str:
        """Give the token back with a result; the request's id."""
        answer = self.states.send_task_success(taskToken=token, output=encode_text(output))
        return str(answer["ResponseMetadata"]["RequestId"])

    def answer_late(self, token: str) -> Refusal:
        """Answer a token that is closed. Raises Broken when that is accepted."""
        try:
            self.answer(token, {"ack": "too late"})
        except self.states.exceptions.ClientError as error:
            response = error.response
            headers = response["ResponseMetadata"]["HTTPHeaders"]
            return Refusal(
                response["Error"]["Code"],
                response["Error"]["Message"],
                headers.get("x-stepwell-token-reason", ""),
            )
        raise Broken("a second answer to the same token was accepted")

    def forget(self, queue_url: str, message: Message) -> None:
        """The consumer has done its work: delete the message."""
        self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message.handle)

    def left(self, queue_url: str) -> int:
        """How many messages the queue still holds, those that are being worked on included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def describe(self, execution_arn: str) -> JsonObject:
        """Status and output of the execution."""
        described: JsonObject = self.states.describe_execution(executionArn=execution_arn)
        return described
