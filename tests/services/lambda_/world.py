"""A core with a fake runner under virtual time, and short ways to functions and executions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from stepwell.testing.functions import FakeRunner, Handler, zip_of
from stepwell.testing.simulation import Faults, Simulation
from stepwell.values import decode, encode_text

ROLE = "arn:aws:iam::000000000000:role/any"
ZIP = zip_of({"handler.py": "def handler(event, context):\n    return event\n"})


def arn_of(name: str) -> str:
    """The ARN of a function of the tests."""
    return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"


class World:
    """A simulation whose functions are handlers."""

    def __init__(
        self, handlers: Mapping[str, Handler] | None = None, faults: Sequence[Faults] = ()
    ) -> None:
        self.runner = FakeRunner(handlers)
        self.simulation = Simulation(runner=self.runner, faults=faults)

    def run(self, play: Callable[[World], Awaitable[None]]) -> None:
        """Play a test to its end."""

        async def client(_: Simulation) -> None:
            await play(self)

        async def main() -> None:
            await self.simulation.run(client)

        asyncio.run(main())

    async def call(self, operation: str, **params: Any) -> Any:
        """One API call."""
        return await self.simulation.insist(operation, **params)

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await self.simulation.sleep(int(seconds * 1000))

    async def function(self, name: str, **more: Any) -> Any:
        """A function of that name."""
        given: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "handler.handler",
            "Role": ROLE,
            "Code": {"ZipFile": ZIP},
        }
        return await self.call("CreateFunction", **(given | more))

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
