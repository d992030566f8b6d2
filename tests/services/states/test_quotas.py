"""AWS's quotas on what an account may have, where they are asked for."""

from __future__ import annotations

import asyncio

import pytest

from stepwell.services.states.states import AWS_QUOTAS, StatesSettings
from stepwell.testing.virtual import VirtualClock
from tests.services.states.fakes import PASS, ROLE, World


@pytest.fixture
async def world() -> World:
    """A service that takes two machines and two activities."""
    return await World(settings=StatesSettings(machines_max=2, activities_max=2)).open()


async def test_state_machines_are_counted(world: World) -> None:
    """A third one is refused; an equal one is answered, and a deleted one makes room."""
    given = {"definition": PASS, "roleArn": ROLE}
    arns = [await world.machine(name) for name in ("a", "b")]
    code, _ = await world.refusal("CreateStateMachine", name="c", **given)
    assert code == "StateMachineLimitExceeded"
    assert await world.machine("a") == arns[0]
    await world.call("DeleteStateMachine", stateMachineArn=arns[0])
    await world.machine("c")


async def test_activities_are_counted(world: World) -> None:
    """As state machines are."""
    arns = [(await world.call("CreateActivity", name=n))["activityArn"] for n in ("a", "b")]
    code, _ = await world.refusal("CreateActivity", name="c")
    assert code == "ActivityLimitExceeded"
    assert (await world.call("CreateActivity", name="a"))["activityArn"] == arns[0]
    await world.call("DeleteActivity", activityArn=arns[0])
    await world.call("CreateActivity", name="c")


def test_aws_has_a_hundred_thousand_of_each() -> None:
    """The open profile has no number."""
    assert (AWS_QUOTAS.machines_max, AWS_QUOTAS.activities_max) == (100_000, 100_000)
    assert (StatesSettings().machines_max, StatesSettings().activities_max) == (None, None)
    assert (AWS_QUOTAS.activity_pollers_max, AWS_QUOTAS.request_bytes_max) == (1_000, 1_048_576)
    assert AWS_QUOTAS.has_rates


async def _polling(world: World, count: int) -> None:
    """Return once so many polls have reached the runtime."""
    for _ in range(100):
        await asyncio.sleep(0)
        if len(world.executions.told) == count:
            return
    raise AssertionError(f"{world.executions.told} of {count} polls")


async def test_pollers_of_an_activity_are_counted() -> None:
    """A third one is refused in AWS's words; other activities have their own, and an end makes
    room."""
    settings = StatesSettings(activity_poll_seconds=3_600, activity_pollers_max=2)
    world = await World(settings=settings, clock=VirtualClock()).open()
    arns = [(await world.call("CreateActivity", name=n))["activityArn"] for n in ("a", "b")]
    polls = [
        asyncio.ensure_future(world.call("GetActivityTask", activityArn=arn))
        for arn in (arns[0], arns[0], arns[1])
    ]
    await _polling(world, 3)
    assert await world.refusal("GetActivityTask", activityArn=arns[0]) == (
        "ActivityWorkerLimitExceeded",
        "The maximum number of workers concurrently polling for activity tasks has been reached.",
    )
    polls[0].cancel()
    await asyncio.wait([polls[0]])
    another = asyncio.ensure_future(world.call("GetActivityTask", activityArn=arns[0]))
    await _polling(world, 4)
    world.states.close()
    assert await asyncio.gather(*polls[1:], another) == [{"taskToken": None}] * 3
