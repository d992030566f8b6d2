"""Accepted events survive the process."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.services.lambda_.records import EVENT
from tests.services.lambda_.world import ROLE, ZIP, World

DONE = "arn:aws:sqs:us-east-1:000000000000:done"
WHERE = ("crash_before", "crash_after", "fail_at")


async def _prepare(world: World) -> str:
    url = await world.queue("done")
    await world.simulation.insist(
        "CreateFunction",
        FunctionName="work",
        Runtime="python3.12",
        Handler="handler.handler",
        Role=ROLE,
        Code={"ZipFile": ZIP},
    )
    await world.call(
        "PutFunctionEventInvokeConfig",
        FunctionName="work",
        DestinationConfig={"OnSuccess": {"Destination": DONE}},
    )
    return url


def _break(world: World, where: str, point: int) -> None:
    """Let things go wrong at a commit from now on."""
    store = world.simulation._store
    setattr(store, f"_{where}", store.commits + point)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("point", range(1, 13))
def test_whatever_stops_an_accepted_event_runs_and_is_told_once(where: str, point: int) -> None:
    """Whatever stops an accepted event runs and is told once."""
    numbers = range(3)
    accepted = []

    def work(event: Any) -> Any:
        return {"n": event["n"]}

    async def play(world: World) -> None:
        url = await _prepare(world)
        _break(world, where, point)
        for number in numbers:
            await world.call(
                "Invoke",
                FunctionName="work",
                InvocationType="Event",
                Payload=f'{{"n":{number}}}'.encode(),
            )
            accepted.append(number)
            await world.sleep(1)
        await world.sleep(400)
        told = []
        for _ in range(4):
            # What was received by a process that died comes back.
            told += await world.received(url)
            await world.sleep(31)
        assert {record["requestPayload"]["n"] for record in told} == set(accepted)
        # An invocation that was repeated because its answer was lost is another one.
        requests = [record["requestContext"]["requestId"] for record in told]
        assert len(requests) == len(set(requests))
        assert await world.simulation.core.store.scan(EVENT, limit=10) == []

    World({"work": work}).run(play)


def test_an_event_that_waits_for_its_next_attempt_still_does_after_a_crash() -> None:
    """An event that waits for its next attempt still does after a crash."""
    tries: list[int] = []

    def work(event: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")

    async def play(world: World) -> None:
        await _prepare(world)
        await world.call("Invoke", FunctionName="work", InvocationType="Event", Payload=b"{}")
        await world.sleep(5)
        assert len(tries) == 1
        _break(world, "crash_after", 1)
        await world.queue("other")
        assert world.simulation.crashes == 1
        await world.sleep(30)
        assert len(tries) == 1
        await world.sleep(40)
        assert len(tries) == 2

    World({"work": work}).run(play)
