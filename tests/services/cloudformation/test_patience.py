"""Answers that wait for the end of the deployment that they begin."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from stepwell.deploy.catalog import TYPES
from stepwell.deploy.resource_type import Cloud, Made, Wanted
from tests.services.cloudformation.world import World, queue, template

PATIENCE_MS = 2_000
QUEUE = "AWS::SQS::Queue"


async def never(cloud: Cloud, wanted: Wanted) -> Made:
    """A creation without an end."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_what_begins_a_deployment_answers_at_its_end(world: World) -> None:
    """A stack is made, changed and gone when the answer comes."""
    world.core.stacks.patience_ms = PATIENCE_MS
    one, two = (template({"A": queue(name)}) for name in ("a", "b"))
    await world.cfn("CreateStack", StackName="shop", TemplateBody=one)
    assert await world.status() == "CREATE_COMPLETE"
    await world.cfn("UpdateStack", StackName="shop", TemplateBody=two)
    assert await world.status() == "UPDATE_COMPLETE"
    await world.cfn("CreateChangeSet", StackName="shop", ChangeSetName="plan", TemplateBody=one)
    await world.cfn("ExecuteChangeSet", StackName="shop", ChangeSetName="plan")
    assert await world.queues() == ["a"]
    await world.cfn("DeleteStack", StackName="shop")
    assert await world.queues() == []


@pytest.mark.parametrize("stops", [False, True])
async def test_patience_ends(world: World, monkeypatch: pytest.MonkeyPatch, stops: bool) -> None:
    """A deployment that takes longer is answered when patience is over, or the server ends."""
    world.core.stacks.patience_ms = PATIENCE_MS
    monkeypatch.setitem(TYPES, QUEUE, replace(TYPES[QUEUE], create=never))
    body = template({"A": queue("a")})
    begun = asyncio.ensure_future(world.cfn("CreateStack", StackName="shop", TemplateBody=body))
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert not begun.done()
    if stops:
        world.core.stop_waiting()
    else:
        world.clock.advance(world.clock.now() + PATIENCE_MS)
    await begun
    assert await world.status() == "CREATE_IN_PROGRESS"
