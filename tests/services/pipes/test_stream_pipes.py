"""Pipes that read streams of tables."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.testing.simulation import Faults
from tests.services.pipes.world import ASYNCHRONOUS, PLACE, QUEUES, World

_MEMBER = "DynamoDBStreamParameters"
_KEY = {"InputTemplate": "<$.dynamodb.Keys.id.S>"}


def _source(**own: Any) -> dict[str, Any]:
    return {_MEMBER: {"StartingPosition": "TRIM_HORIZON", **own}}


def _names(event: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in event]


def test_changes_arrive_in_order_and_awss_form() -> None:
    """From the beginning of the stream on."""

    async def play(world: World) -> None:
        source = await world.stream()
        machine = await world.machine("work")
        await world.put("a", "b")
        await world.pipe(
            Source=source,
            SourceParameters=_source(BatchSize=1),
            Target=machine,
            TargetParameters=ASYNCHRONOUS,
        )
        await world.put("c")
        await world.sleep(3)
        given = await world.inputs(machine)
        assert sorted(map(_names, given)) == [["a"], ["b"], ["c"]]
        (record,) = given[0]
        assert record["eventSource"] == "aws:dynamodb"
        assert record["eventSourceARN"] == source
        assert record["eventName"] == "INSERT"

    World().run(play)


def test_latest_begins_with_what_comes_after_the_pipe() -> None:
    """And a filter skips what it does not want."""

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("done")
        await world.put("x-before")
        pattern = '{"dynamodb":{"Keys":{"id":{"S":[{"prefix":"x"}]}}}}'
        await world.pipe(
            Source=source,
            SourceParameters={
                _MEMBER: {"StartingPosition": "LATEST"},
                "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
            },
            Target=QUEUES + "done",
            TargetParameters=_KEY,
        )
        await world.put("a", "x1", "b", "x2")
        await world.sleep(3)
        assert await world.received("done") == ["x1", "x2"]

    World().run(play)


def test_a_failing_batch_holds_up_what_follows_and_ends_as_a_dead_letter() -> None:
    """After so many attempts, halved until the bad one stands alone."""

    def work(event: Any) -> Any:
        if "bad" in _names(event):
            raise ValueError("never")

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("dead")
        await world.pipe(
            Source=source,
            SourceParameters=_source(
                MaximumRetryAttempts=4,
                MaximumBatchingWindowInSeconds=1,
                OnPartialBatchItemFailure="AUTOMATIC_BISECT",
                DeadLetterConfig={"Arn": QUEUES + "dead"},
            ),
            Target=await world.function_arn("work"),
        )
        await world.put("a", "b", "bad", "c")
        await world.sleep(120)
        (letter,) = await world.received("dead")
        assert letter["context"]["condition"] == "RetryAttemptsExhausted"
        assert letter["context"]["pipeArn"] == f"arn:aws:pipes:{PLACE}:pipe/p"
        assert letter["DDBStreamBatchInfo"]["batchSize"] == 1
        assert letter["DDBStreamBatchInfo"]["streamArn"] == source
        seen = [_names(event) for event in world.runner.events_of("work")]
        assert seen[0] == ["a", "b", "bad", "c"]
        assert [names for names in seen if "bad" not in names] == [["a", "b"], ["c"]]

    World({"work": work}).run(play)


def test_what_is_too_old_is_given_up_untried() -> None:
    """MaximumRecordAgeInSeconds; a topic can be told as well."""

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("told")
        topic = (await world.call("CreateTopic", Name="dead"))["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        await world.call(
            "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=QUEUES + "told", Attributes=raw
        )
        await world.put("old")
        await world.sleep(200)
        await world.put("new")
        await world.pipe(
            Source=source,
            SourceParameters=_source(
                MaximumRecordAgeInSeconds=100, DeadLetterConfig={"Arn": topic}
            ),
            Target=await world.function_arn("work"),
        )
        await world.sleep(3)
        (letter,) = await world.received("told")
        assert letter["context"]["condition"] == "RecordAgeExceeded"
        assert [_names(event) for event in world.runner.events_of("work")] == [["new"]]

    World().run(play)


def test_a_reported_record_is_where_it_goes_on() -> None:
    """What comes before it is done."""
    seen: list[list[str]] = []

    def work(event: Any) -> Any:
        seen.append(_names(event))
        if len(seen) == 1:
            number = event[1]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": number}]}
        return None

    async def play(world: World) -> None:
        await world.pipe(
            Source=await world.stream(),
            SourceParameters=_source(MaximumBatchingWindowInSeconds=1),
            Target=await world.function_arn("work"),
        )
        await world.put("a", "b", "c")
        await world.sleep(10)
        assert seen == [["a", "b", "c"], ["b", "c"]]

    World({"work": work}).run(play)


def test_a_target_that_is_gone_holds_up_the_stream_until_it_is_back() -> None:
    """Nothing overtakes, nothing is lost, nothing arrives twice."""

    async def play(world: World) -> None:
        await world.pipe(
            Source=await world.stream(),
            SourceParameters=_source(),
            Target=QUEUES + "late",
            TargetParameters=_KEY,
        )
        await world.put("a", "b")
        await world.sleep(10)
        await world.queue("late")
        await world.put("c")
        await world.sleep(60)
        assert await world.received("late") == ["a", "b", "c"]

    World().run(play)


def test_side_by_side_every_change_arrives() -> None:
    """A ParallelizationFactor divides by key."""

    async def play(world: World) -> None:
        await world.queue("done")
        await world.pipe(
            Source=await world.stream(),
            SourceParameters=_source(ParallelizationFactor=3, BatchSize=2),
            Target=QUEUES + "done",
            TargetParameters=_KEY,
        )
        await world.put(*"abcdefgh")
        await world.sleep(10)
        assert sorted(await world.received("done")) == list("abcdefgh")

    World().run(play)


def test_a_pipe_that_is_made_again_begins_anew() -> None:
    """Its position went with it."""

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("done")
        given: dict[str, Any] = {
            "Source": source,
            "Target": QUEUES + "done",
            "TargetParameters": _KEY,
        }
        await world.pipe(**given, SourceParameters=_source())
        await world.put("a")
        await world.sleep(3)
        await world.call("DeletePipe", Name="p")
        await world.pipe(**given, SourceParameters=_source())
        await world.sleep(3)
        assert await world.received("done") == ["a", "a"]

    World().run(play)


@pytest.mark.parametrize("where", ["crash_before", "crash_after", "fail_at"])
@pytest.mark.parametrize("point", range(1, 18))
def test_every_change_arrives_once_whatever_commit_the_process_dies_at(
    where: str, point: int
) -> None:
    """The message and the position are one commit."""

    async def play(world: World) -> None:
        source = await world.stream()
        await world.queue("done")
        await world.pipe(
            Source=source,
            SourceParameters=_source(BatchSize=2),
            Target=QUEUES + "done",
            TargetParameters=_KEY,
        )
        # Put twice because of a crash, an item that is the same makes no second record.
        for name in "abcdefgh":
            await world.put(name)
        await world.sleep(60)
        assert await world.received("done") == list("abcdefgh")

    world = World(faults=[Faults(**{where: point})])
    world.run(play)
    assert world.simulation.crashes == (0 if where == "fail_at" else 1)
