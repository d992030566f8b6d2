"""A core with a fake runner under virtual time, and short ways to functions and executions."""

from __future__ import annotations

from typing import Any

from stepwell.values import decode, encode_text
from tests.services.simulated import ROLE, ZIP, Simulated

__all__ = ["ROLE", "ZIP", "World", "arn_of"]


def arn_of(name: str) -> str:
    """The ARN of a function of the tests."""
    return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"


class World(Simulated):
    """A simulation, and short ways to queues and executions."""

    async def queue(self, name: str, **attributes: str) -> str:
        """The URL of a new queue."""
        answer = await self.call("CreateQueue", QueueName=name, Attributes=attributes)
        return str(answer["QueueUrl"])

    async def received(self, url: str, seconds: int = 0) -> list[Any]:
        """The bodies of what is in a queue, as JSON, deleted."""
        answer = await self.call(
            "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds
        )
        found = []
        for message in answer.get("Messages", ()):
            found.append(decode(message["Body"]))
            handle = message["ReceiptHandle"]
            await self.call("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
        return found

    async def execute(self, state: dict[str, Any], given: Any = None) -> dict[str, Any]:
        """How an execution of one state ended."""
        name = f"machine-{self.simulation.ids.next_id()}"
        definition = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "End": True, **state}}}
        machine = await self.call(
            "CreateStateMachine", name=name, definition=encode_text(definition), roleArn=ROLE
        )
        started = await self.call(
            "StartExecution",
            stateMachineArn=machine["stateMachineArn"],
            input=encode_text({} if given is None else given),
        )
        return await self.ended(started["executionArn"])

    async def ended(self, arn: str) -> dict[str, Any]:
        """The description of an execution once it is over."""
        while True:
            described = await self.call("DescribeExecution", executionArn=arn)
            if described["status"] != "RUNNING":
                return dict(described)
            await self.sleep(1)

    async def history(self, arn: str) -> list[dict[str, Any]]:
        """The events of an execution."""
        answer = await self.call("GetExecutionHistory", executionArn=arn)
        return list(answer["events"])
