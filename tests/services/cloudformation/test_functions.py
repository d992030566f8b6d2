"""Custom resources whose functions fail, and answers that must not be shown."""

from __future__ import annotations

from typing import Any

from stepwell.testing.functions import zip_of
from tests.deploy.world import ACCOUNT, REGION
from tests.services.cloudformation.test_custom import answer, asked, custom, listen
from tests.services.cloudformation.world import World

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:maker"


async def test_a_function_that_fails(world: World) -> None:
    """When it is given up, its error is the reason: nobody waits an hour."""

    def broken(event: Any) -> Any:
        raise RuntimeError("no such table")

    world.runner.handlers["maker"] = broken
    await world.call(
        "lambda",
        "CreateFunction",
        FunctionName="maker",
        Runtime="python3.12",
        Handler="a.b",
        Role=f"arn:aws:iam::{ACCOUNT}:role/r",
        Code={"ZipFile": zip_of({"a.py": ""})},
    )
    await world.create({"T": custom(ServiceToken=ARN)}, OnFailure="DO_NOTHING")
    for _ in range(4):
        world.clock.advance(world.clock.now() + 180_000)
        await world.core.functions.events.settle()
        await world.settled()
    assert await world.status() == "CREATE_FAILED"
    failed = next(event for event in await world.events() if event[1] == "CREATE_FAILED")
    assert "Message returned: The function failed: no such table" in failed[2]


async def test_what_must_not_be_shown(world: World) -> None:
    """With NoEcho an output shows asterisks; resources get the value."""
    await listen(world)
    secret = {"Fn::GetAtt": ["T", "Word"]}
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "word", "Type": "String", "Value": secret},
    }
    sections = {"Outputs": {"Word": {"Value": secret}}}
    await world.create({"T": custom(), "P": parameter}, sections=sections)
    await answer(world, await asked(world), NoEcho=True, Data={"Word": "sesame"})
    assert await world.status() == "CREATE_COMPLETE"
    assert (await world.stack())["Outputs"][0]["OutputValue"] == "*****"
    got = await world.call("ssm", "GetParameter", Name="word")
    assert got["Parameter"]["Value"] == "sesame"
