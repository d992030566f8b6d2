"""What pipes write into their log groups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.pipes.world import PLACE, QUEUES, World

_GATHER = {"SqsQueueParameters": {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 1}}


async def _lines(world: World) -> list[Any]:
    events = (await world.call("FilterLogEvents", logGroupName="g"))["events"]
    assert {event["logStreamName"] for event in events} <= {"p"}
    return [json.loads(event["message"]) for event in events]


async def _pipe(world: World, level: str, **more: Any) -> None:
    """A pipe to a function that fails at "bad", and what went through it."""
    await world.queue("jobs")
    await world.call("CreateLogGroup", logGroupName="g")
    group = f"arn:aws:logs:{PLACE}:log-group:g"
    await world.pipe(
        Source=QUEUES + "jobs",
        SourceParameters=_GATHER,
        Enrichment=await world.function_arn("enrich"),
        Target=await world.function_arn("work"),
        LogConfiguration={
            "Level": level,
            "CloudwatchLogsLogDestination": {"LogGroupArn": group},
            **more,
        },
    )
    for body in ("good", "bad"):
        await world.send("jobs", body)
        await world.sleep(3)


def _work(event: Any) -> None:
    if event[0]["body"] == "bad":
        raise ValueError("never")


@pytest.mark.parametrize(
    ("level", "good"),
    [
        (
            "INFO",
            [
                "EXECUTION_STARTED",
                "ENRICHMENT_STAGE_ENTERED",
                "ENRICHMENT_STAGE_EXITED",
                "TARGET_STAGE_ENTERED",
                "TARGET_STAGE_EXITED",
                "EXECUTION_SUCCEEDED",
            ],
        ),
        ("ERROR", []),
    ],
)
def test_the_level_decides_which_steps_are_written(level: str, good: list[str]) -> None:
    """Failures always are, with their reason; data only when it is asked for."""

    async def play(world: World) -> None:
        await _pipe(world, level)
        lines = await _lines(world)
        steps = [line["messageType"] for line in lines]
        assert steps[: len(good)] == good
        assert [step for step in steps if step.endswith("FAILED")] == [
            "TARGET_STAGE_FAILED",
            "EXECUTION_FAILED",
        ]
        assert {line["resourceArn"] for line in lines} == {f"arn:aws:pipes:{PLACE}:pipe/p"}
        assert "never" in lines[-1]["error"]["message"]
        assert len({line["executionId"] for line in lines}) == (2 if good else 1)
        assert not any("payload" in line for line in lines)

    World({"work": _work}).run(play)


def test_data_is_written_when_it_is_asked_for() -> None:
    """Cut where it is too long."""

    def work(event: Any) -> None:
        if event[0]["body"] != "good":
            raise ValueError("never")

    async def play(world: World) -> None:
        await _pipe(world, "ERROR", IncludeExecutionData=["ALL"])
        failed = (await _lines(world))[0]
        assert json.loads(failed["payload"])[0]["body"] == "bad"
        assert "truncatedFields" not in failed
        await world.send("jobs", "x" * 110_000)
        await world.sleep(3)
        long = (await _lines(world))[2]
        assert long["truncatedFields"] == ["payload"]

    World({"work": work}).run(play)


def test_a_log_group_that_is_gone_holds_up_nothing() -> None:
    """The message arrives all the same."""

    async def play(world: World) -> None:
        await _pipe(world, "INFO")
        await world.call("DeleteLogGroup", logGroupName="g")
        await world.send("jobs", "another")
        await world.sleep(3)
        assert [event[0]["body"] for event in world.runner.events_of("work")][-1] == "another"

    World({"work": _work}).run(play)


def test_a_part_that_failed_is_told_as_such() -> None:
    """What the target reports as failed is not the whole execution."""

    def work(event: Any) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": event[0]["messageId"]}]}

    async def play(world: World) -> None:
        await _pipe(world, "ERROR")
        await world.send("jobs", "a", "b")
        await world.sleep(3)
        steps = [line["messageType"] for line in await _lines(world)]
        assert "EXECUTION_PARTIALLY_FAILED" in steps

    World({"work": work}).run(play)
