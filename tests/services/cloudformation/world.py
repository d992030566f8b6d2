"""A whole server in memory whose stacks are made, changed and deleted under virtual time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stepwell.core import Core
from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError
from stepwell.values import JsonObject
from tests.deploy.world import ACCOUNT, REGION, Deployed


class World(Deployed):
    """The server, with what tests of stacks do."""

    async def cfn(self, operation: str, **params: Any) -> Any:
        """A call of CloudFormation."""
        return await self.call("cloudformation", operation, **params)

    async def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        """Code and text of a refused call."""
        with pytest.raises(ServiceError) as refused:
            await self.cfn(operation, **params)
        return refused.value.code, refused.value.message

    async def create(self, resources: dict[str, Any], name: str = "shop", **other: Any) -> str:
        """Create a stack of these resources and wait for the end; its id."""
        body = template(resources, **other.pop("sections", {}))
        made = await self.cfn("CreateStack", StackName=name, TemplateBody=body, **other)
        await self.settled()
        return str(made["StackId"])

    async def update(self, resources: dict[str, Any], name: str = "shop", **other: Any) -> None:
        """Update a stack and wait for the end."""
        body = template(resources, **other.pop("sections", {}))
        await self.cfn("UpdateStack", StackName=name, TemplateBody=body, **other)
        await self.settled()

    async def delete(self, name: str = "shop", **other: Any) -> None:
        """Delete a stack and wait for the end."""
        await self.cfn("DeleteStack", StackName=name, **other)
        await self.settled()

    async def settled(self) -> None:
        """Return once no deployment moves without an answer from elsewhere."""
        for _ in range(1_000):
            turn = self.core.ledger.open_number
            await self.core.stacks.deployments.settle()
            await self.core.ledger.committed()
            await asyncio.sleep(0)
            # What a commit sets going comes after those who waited for it.
            if self.core.stacks.deployments.is_still and self.core.ledger.open_number == turn:
                return
        raise AssertionError("the deployment does not come to rest")

    async def restart(self) -> None:
        """The process ends, another one begins on what it left."""
        await self.core.close()
        self.clock.silence()
        self.core = Core(
            self.store,
            clock=self.clock,
            ids=self.core.ids,
            alarm=self.clock,
            limits=Limits(),
            runner=self.runner,
        )
        self.cloud = self.core.calls.at(ACCOUNT, REGION)
        await self.core.load()
        await self.settled()

    async def stack(self, name: str = "shop") -> Any:
        """A stack as it is described."""
        return (await self.cfn("DescribeStacks", StackName=name))["Stacks"][0]

    async def status(self, name: str = "shop") -> str:
        """Its status."""
        return str((await self.stack(name))["StackStatus"])

    async def events(self, name: str = "shop") -> list[tuple[str, ...]]:
        """Logical id, status and reason of each event, the oldest first."""
        shown = (await self.cfn("DescribeStackEvents", StackName=name))["StackEvents"]
        return [
            (
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
            )
            for event in reversed(shown)
        ]

    async def queues(self) -> list[str]:
        """The names of all queues."""
        urls = (await self.call("sqs", "ListQueues")).get("QueueUrls") or ()
        return sorted(url.rpartition("/")[2] for url in urls)


def template(resources: dict[str, Any], **sections: Any) -> str:
    """A template's text."""
    return json.dumps({"Resources": resources, **sections})


def queue(name: str | None = None, **other: Any) -> Any:
    """A queue; `other` are members of the resource, or in small letters, properties."""
    properties: JsonObject = {} if name is None else {"QueueName": name}
    properties |= other.pop("properties", {})
    return {"Type": "AWS::SQS::Queue", "Properties": properties, **other}
