"""Pipes that read queues."""

from __future__ import annotations

import json

import pytest

from stepwell.testing.simulation import Faults
from tests.services.pipes.world import ASYNCHRONOUS, QUEUES, World


def test_a_message_starts_an_execution_and_is_gone() -> None:
    """The input is the list of the batch's records, in AWS's form."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        machine = await world.machine("work")
        await world.pipe(Source=QUEUES + "jobs", Target=machine, TargetParameters=ASYNCHRONOUS)
        await world.send("jobs", {"order": 7})
        await world.sleep(2)
        ((record,),) = await world.inputs(machine)
        assert record["body"] == '{"order": 7}'
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"] == QUEUES + "jobs"
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert await world.depth("jobs") == (0, 0)

    World().run(play)


@pytest.mark.parametrize("where", ["crash_before", "crash_after", "fail_at"])
@pytest.mark.parametrize("point", range(1, 18))
def test_every_message_starts_one_execution_whatever_commit_the_process_dies_at(
    where: str, point: int
) -> None:
    """The start and the end of the message are one commit: nothing is lost, nothing doubled."""

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        machine = await world.machine("work")
        await world.pipe(
            Source=QUEUES + "jobs",
            Target=machine,
            TargetParameters=ASYNCHRONOUS,
            SourceParameters={"SqsQueueParameters": {"BatchSize": 1}},
        )
        for number in range(6):
            await world.send("jobs", {"n": number})
        while await world.depth("jobs") != (0, 0):
            await world.sleep(5)
        await world.sleep(5)
        records = [record for given in await world.inputs(machine) for record in given]
        # A message that is sent again because of the crash is another message.
        ids = [record["messageId"] for record in records]
        assert len(ids) == len(set(ids))
        wanted = {json.dumps({"n": number}) for number in range(6)}
        assert {record["body"] for record in records} == wanted

    world = World(faults=[Faults(**{where: point})])
    world.run(play)
    assert world.simulation.crashes == (0 if where == "fail_at" else 1)
