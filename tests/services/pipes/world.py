"""A core under virtual time with pipes in it, and short ways to sources and targets."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from stepwell.errors import ServiceError
from tests.services.simulated import ROLE, Simulated

__all__ = ["ASYNCHRONOUS", "FUNCTIONS", "MACHINES", "PLACE", "QUEUES", "ROLE", "World"]

QUEUES = "arn:aws:sqs:us-east-1:000000000000:"
MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
FUNCTIONS = "arn:aws:lambda:us-east-1:000000000000:function:"
PLACE = "us-east-1:000000000000"
ASYNCHRONOUS = {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}
_URL = "http://localhost:4566/000000000000/"


class World(Simulated):
    """A simulation and what tests of pipes need of it."""

    async def queue(self, name: str, **attributes: str) -> None:
        """A queue."""
        await self.call("CreateQueue", QueueName=name, Attributes=attributes)

    async def send(self, name: str, *bodies: Any, **more: Any) -> None:
        """Messages: texts as they are, anything else as JSON."""
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            await self.call("SendMessage", QueueUrl=_URL + name, MessageBody=text, **more)

    async def received(self, name: str) -> list[Any]:
        """The bodies of up to ten messages of a queue, which are deleted; JSON is read."""
        answer = await self.call(
            "ReceiveMessage", QueueUrl=_URL + name, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        found = []
        for message in answer.get("Messages", ()):
            found.append(_read(message["Body"]))
            handle = message["ReceiptHandle"]
            await self.call("DeleteMessage", QueueUrl=_URL + name, ReceiptHandle=handle)
        return found

    async def depth(self, name: str) -> tuple[int, int]:
        """How many messages of a queue are visible, and how many in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await self.call("GetQueueAttributes", QueueUrl=_URL + name, AttributeNames=names)
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])

    async def function_arn(self, name: str) -> str:
        """The ARN of a new function; one that an attempt before a crash made is as good."""
        with contextlib.suppress(ServiceError):
            await self.function(name)
        return FUNCTIONS + name

    async def machine(self, name: str, kind: str = "STANDARD", **state: Any) -> str:
        """The ARN of a state machine of one state, which succeeds with its input."""
        given = state or {"Type": "Pass", "End": True}
        definition = {"StartAt": "Only", "States": {"Only": given}}
        with contextlib.suppress(ServiceError):
            await self.call(
                "CreateStateMachine",
                name=name,
                definition=json.dumps(definition),
                roleArn=ROLE,
                type=kind,
            )
        return MACHINES + name

    async def inputs(self, machine: str) -> list[Any]:
        """What the executions of a machine were started with."""
        listed = await self.call("ListExecutions", stateMachineArn=machine)
        found = []
        for row in listed["executions"]:
            told = await self.call("DescribeExecution", executionArn=row["executionArn"])
            found.append(json.loads(told["input"]))
        return found

    async def stream(self) -> str:
        """The ARN of the stream of a table `things`."""
        with contextlib.suppress(ServiceError):
            await self.call(
                "CreateTable",
                TableName="things",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            )
        described = await self.call("DescribeTable", TableName="things")
        return str(described["Table"]["LatestStreamArn"])

    async def put(self, *names: str) -> None:
        """Items of that table."""
        for name in names:
            await self.call("PutItem", TableName="things", Item={"id": {"S": name}})

    async def pipe(self, name: str = "p", **given: Any) -> None:
        """A pipe; one that an attempt before a crash made is as good."""
        with contextlib.suppress(ServiceError):
            await self.call("CreatePipe", Name=name, RoleArn=ROLE, **given)
        await self.call("DescribePipe", Name=name)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
