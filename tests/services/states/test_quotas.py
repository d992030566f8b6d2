"""AWS's quotas on what an account may have, where they are asked for."""

from __future__ import annotations

import pytest

from stepwell.services.states.states import AWS_QUOTAS, StatesSettings
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
