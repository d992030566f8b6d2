"""Hostile messages and partners that vanish: nobody else suffers, and what is good arrives."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.services.pipes.asking import Asking
from tests.services.pipes.world import PLACE, QUEUES, World

_SOURCE = QUEUES + "jobs"


@pytest.mark.parametrize(
    "time", [10**30, 1e300, -1, "9" * 400, "0001-01-01T00:00:00", 253_402_300_800_000]
)
def test_times_that_no_log_takes(time: Any) -> None:
    """The message comes back, and the commits of others are not lost with it."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        await world.call("CreateLogGroup", logGroupName="g")
        own = {"Timestamp": "$.body.at"}
        await world.pipe(
            Source=_SOURCE,
            Target=f"arn:aws:logs:{PLACE}:log-group:g",
            TargetParameters={"CloudWatchLogsParameters": own},
        )
        commits = world.simulation.core.ledger.on_rollback
        lost: list[str] = []
        commits(lambda: lost.append("a commit"))
        await world.send("jobs", {"at": time})
        await world.sleep(3)
        assert await world.depth("jobs") == (0, 1)
        assert lost == []

    World().run(play)


def test_a_template_that_repeats_what_is_large() -> None:
    """It is refused before it fills memory; the message comes back."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        await world.queue("done")
        await world.pipe(
            Source=_SOURCE,
            Target=QUEUES + "done",
            TargetParameters={"InputTemplate": "<$.body>" * 900},
        )
        await world.send("jobs", "x" * 200_000, "y")
        await world.sleep(3)
        assert await world.depth("jobs") == (0, 1)
        assert await world.received("done") == [f'"{"y"}"' * 900]

    World().run(play)


def test_a_bug_counts_as_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where reading goes by order: after its attempts the record is given up, others go on."""
    shaped = Asking.shaped

    def odd(asking: Asking, item: Any, parameters: Any) -> str:
        text = shaped(asking, item, parameters)
        if "bad" in text:
            raise RuntimeError("a bug of ours")
        return text

    async def play(world: World) -> None:
        monkeypatch.setattr(Asking, "shaped", odd)
        source = await world.stream()
        await world.queue("done")
        await world.queue("dead")
        own = {
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 1,
            "MaximumRetryAttempts": 2,
            "DeadLetterConfig": {"Arn": QUEUES + "dead"},
        }
        await world.pipe(
            Source=source,
            SourceParameters={"DynamoDBStreamParameters": own},
            Target=QUEUES + "done",
            TargetParameters={"InputTemplate": "<$.dynamodb.Keys.id.S>"},
        )
        await world.put("a", "bad", "c")
        await world.sleep(60)
        assert await world.received("done") == ["a", "c"]
        (letter,) = await world.received("dead")
        assert letter["context"]["condition"] == "RetryAttemptsExhausted"

    World().run(play)


def test_a_source_that_is_deleted_and_made_again() -> None:
    """The pipe waits for it, without a word more than once, and goes on."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        await world.queue("done")
        await world.pipe(Source=_SOURCE, Target=QUEUES + "done")
        await world.sleep(1)
        await world.call("DeleteQueue", QueueUrl="http://localhost:4566/000000000000/jobs")
        await world.sleep(300)
        await world.queue("jobs")
        await world.send("jobs", "again")
        await world.sleep(30)
        assert [each["body"] for each in await world.received("done")] == ["again"]

    World().run(play)


def test_a_target_that_is_deleted_and_made_again() -> None:
    """Every message waits for it, and arrives once."""

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="5")
        await world.queue("done")
        await world.pipe(Source=_SOURCE, Target=QUEUES + "done")
        await world.call("DeleteQueue", QueueUrl="http://localhost:4566/000000000000/done")
        await world.send("jobs", "one", "two")
        await world.sleep(120)
        assert sum(await world.depth("jobs")) == 2
        await world.queue("done")
        await world.sleep(30)
        found = [each["body"] for each in await world.received("done")]
        assert sorted(found) == ["one", "two"]
        assert await world.depth("jobs") == (0, 0)

    World().run(play)


def test_changed_again_and_again_while_it_carries() -> None:
    """Stopped, started and updated in the middle of batches: nothing is lost or doubled."""

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("jobs")
        await world.queue("done")
        await world.queue("changes")
        await world.pipe("p", Source=_SOURCE, Target=QUEUES + "done")
        own = {"StartingPosition": "TRIM_HORIZON", "BatchSize": 1}
        await world.pipe(
            "s",
            Source=source,
            SourceParameters={"DynamoDBStreamParameters": own},
            Target=QUEUES + "changes",
            TargetParameters={"InputTemplate": "<$.dynamodb.Keys.id.S>"},
        )
        for number in range(8):
            await world.send("jobs", str(number))
            await world.put(str(number))
            for name in ("p", "s"):
                if number % 3 == 0:
                    await world.call("StopPipe", Name=name)
                    await world.call("StartPipe", Name=name)
                else:
                    role = f"arn:aws:iam::000000000000:role/{number}"
                    await world.call("UpdatePipe", Name=name, RoleArn=role)
        await world.sleep(100)
        found = [each["body"] for each in await world.received("done")]
        assert sorted(found) == [*map(str, range(8))]
        assert [str(each) for each in await world.received("changes")] == [*map(str, range(8))]

    World().run(play)
