"""Pipes that read queues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwell.testing.simulation import Faults
from tests.services.pipes.world import ASYNCHRONOUS, FUNCTIONS, QUEUES, World

_SOURCE = QUEUES + "jobs"
_BATCH = "SqsQueueParameters"
_GATHER = {_BATCH: {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 1}}


def _bodies(records: list[Any]) -> list[str]:
    return [record["body"] for record in records]


def test_a_message_starts_an_execution_and_is_gone() -> None:
    """The input is the list of the batch's records, in AWS's form."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        machine = await world.machine("work")
        await world.pipe(Source=_SOURCE, Target=machine, TargetParameters=ASYNCHRONOUS)
        await world.send("jobs", {"order": 7})
        await world.sleep(2)
        ((record,),) = await world.inputs(machine)
        assert record["body"] == '{"order": 7}'
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"] == _SOURCE
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert await world.depth("jobs") == (0, 0)

    World().run(play)


def test_a_filter_lets_go_of_what_it_does_not_want_and_a_template_shapes_the_rest() -> None:
    """One execution gets the list of the shaped events of a batch."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        machine = await world.machine("work")
        pattern = json.dumps({"body": {"kind": ["order"]}})
        await world.pipe(
            Source=_SOURCE,
            SourceParameters={**_GATHER, "FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
            Target=machine,
            TargetParameters={
                **ASYNCHRONOUS,
                "InputTemplate": '{"n": <$.body.n>, "pipe": "<aws.pipes.pipe-name>"}',
            },
        )
        orders = [{"kind": "order", "n": n} for n in range(3)]
        await world.send("jobs", orders[0], {"kind": "news"}, "no json", *orders[1:])
        await world.sleep(3)
        (given,) = await world.inputs(machine)
        assert given == [{"n": n, "pipe": "p"} for n in range(3)]
        assert await world.depth("jobs") == (0, 0)

    World().run(play)


def test_a_function_is_invoked_and_what_it_fails_at_comes_back() -> None:
    """REQUEST_RESPONSE is what is taken when nothing is said."""
    seen: list[Any] = []

    def work(event: Any) -> Any:
        seen.append(event)
        if len(seen) == 1:
            raise ValueError("not today")
        return "done"

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        await world.pipe(Source=_SOURCE, Target=await world.function_arn("work"))
        await world.send("jobs", "a")
        await world.sleep(2)
        assert await world.depth("jobs") == (0, 1)
        await world.sleep(35)
        assert await world.depth("jobs") == (0, 0)
        assert list(map(_bodies, seen)) == [["a"], ["a"]]

    World({"work": work}).run(play)


def test_only_what_an_answer_reports_as_failed_comes_back() -> None:
    """The others are deleted."""

    def work(event: Any) -> Any:
        failed = [record["messageId"] for record in event if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        target = await world.function_arn("work")
        await world.pipe(Source=_SOURCE, SourceParameters=_GATHER, Target=target)
        await world.send("jobs", "good", "bad", "fine")
        await world.sleep(5)
        assert sorted(_bodies(world.runner.events_of("work")[0])) == ["bad", "fine", "good"]
        assert await world.depth("jobs") == (0, 1)

    World({"work": work}).run(play)


def test_a_report_that_cannot_be_understood_means_that_all_failed() -> None:
    """As event source mappings take it."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        target = await world.function_arn("work")
        await world.pipe(Source=_SOURCE, SourceParameters=_GATHER, Target=target)
        await world.send("jobs", "a", "b")
        await world.sleep(5)
        assert await world.depth("jobs") == (0, 2)

    World({"work": lambda event: {"batchItemFailures": [{"itemIdentifier": "x"}]}}).run(play)


def test_a_function_that_nobody_waits_for() -> None:
    """FIRE_AND_FORGET: the event is accepted, and runs again by Lambda's own rules."""
    seen: list[Any] = []

    def work(event: Any) -> Any:
        seen.append(_bodies(event))
        if len(seen) == 1:
            raise ValueError("later")

    async def play(world: World) -> None:
        await world.queue("jobs")
        asynchronous = {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}
        target = await world.function_arn("work")
        await world.pipe(Source=_SOURCE, Target=target, TargetParameters=asynchronous)
        await world.send("jobs", "a")
        await world.sleep(2)
        assert await world.depth("jobs") == (0, 0)
        await world.sleep(70)
        assert seen == [["a"], ["a"]]

    World({"work": work}).run(play)


def test_an_express_machine_is_run_to_its_end() -> None:
    """A message whose execution fails comes back, the others are done."""

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        choice = {"Variable": "$[0].body", "StringEquals": "bad", "Next": "Broken"}
        states = {
            "Look": {"Type": "Choice", "Choices": [choice], "Default": "Fine"},
            "Fine": {"Type": "Succeed"},
            "Broken": {"Type": "Fail", "Error": "Broken"},
        }
        machine = await world.call(
            "CreateStateMachine",
            name="look",
            definition=json.dumps({"StartAt": "Look", "States": states}),
            roleArn="arn:aws:iam::000000000000:role/any",
            type="EXPRESS",
        )
        one = {_BATCH: {"BatchSize": 1}}
        await world.pipe(Source=_SOURCE, SourceParameters=one, Target=machine["stateMachineArn"])
        await world.send("jobs", "good", "bad")
        await world.sleep(5)
        assert await world.depth("jobs") == (0, 1)

    World().run(play)


def test_a_message_that_no_target_takes_ends_as_a_dead_letter_of_its_queue() -> None:
    """It comes back until the redrive policy buries it; no other message waits for that."""

    async def play(world: World) -> None:
        await world.queue("dead")
        redrive = json.dumps({"deadLetterTargetArn": QUEUES + "dead", "maxReceiveCount": 2})
        await world.queue("jobs", VisibilityTimeout="10", RedrivePolicy=redrive)
        bus = "arn:aws:events:us-east-1:000000000000:event-bus/default"
        await world.pipe(
            Source=_SOURCE,
            SourceParameters=_GATHER,
            Target=bus,
            TargetParameters={"InputTemplate": "<$.body>"},
        )
        await world.send("jobs", "no object", {"good": 1})
        await world.sleep(3)
        assert await world.depth("jobs") == (0, 1)
        await world.sleep(60)
        assert await world.depth("jobs") == (0, 0)
        assert await world.received("dead") == ["no object"]

    World().run(play)


def test_a_fifo_queue_keeps_the_order_of_its_groups() -> None:
    """Also when one message has to come back: nothing of its batch overtakes it."""
    seen: list[str] = []
    failures = [1]

    def work(event: Any) -> Any:
        seen.extend(_bodies(event))
        if "2" in _bodies(event) and failures:
            failures.pop()
            failed = [record["messageId"] for record in event if record["body"] == "2"]
            return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
        return None

    async def play(world: World) -> None:
        settings = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        await world.queue("jobs.fifo", VisibilityTimeout="10", **settings)
        await world.send("jobs.fifo", *map(str, range(6)), MessageGroupId="one")
        target = await world.function_arn("work")
        await world.pipe(Source=_SOURCE + ".fifo", Target=target)
        await world.sleep(40)
        assert await world.depth("jobs.fifo") == (0, 0)
        assert seen == [*"012345", *"2345"]

    World({"work": work}).run(play)


def test_a_stopped_pipe_takes_nothing_and_a_deleted_one_neither() -> None:
    """Until it is started again; what was made STOPPED has taken nothing at all."""

    async def play(world: World) -> None:
        await world.queue("jobs")
        await world.queue("done")
        await world.pipe(Source=_SOURCE, Target=QUEUES + "done", DesiredState="STOPPED")
        await world.send("jobs", "a")
        await world.sleep(30)
        assert await world.depth("jobs") == (1, 0)
        await world.call("StartPipe", Name="p")
        await world.sleep(2)
        assert await world.depth("jobs") == (0, 0)
        for operation in ("StopPipe", "StartPipe", "DeletePipe"):
            await world.call(operation, Name="p")
            if operation == "StartPipe":
                continue
            await world.send("jobs", operation)
            await world.sleep(30)
            assert await world.depth("jobs") == (1, 0)
        found = [record["body"] for record in await world.received("done")]
        assert found == ["a", "StopPipe"]

    World().run(play)


def test_an_update_counts_from_the_next_batch_on() -> None:
    """Another template, another target."""

    async def play(world: World) -> None:
        for name in ("jobs", "done", "other"):
            await world.queue(name)
        await world.pipe(Source=_SOURCE, Target=QUEUES + "done")
        update = {"Name": "p", "RoleArn": "arn:aws:iam::000000000000:role/any"}
        template = {"InputTemplate": "<$.body>"}
        await world.call("UpdatePipe", **update, Target=QUEUES + "other", TargetParameters=template)
        await world.send("jobs", {"a": 1})
        await world.sleep(2)
        assert await world.received("done") == []
        assert await world.received("other") == [{"a": 1}]

    World().run(play)


def test_what_another_consumer_got_meanwhile_is_left_to_it() -> None:
    """An enrichment that takes longer than the visibility timeout: one of two has its effect."""
    world = World()

    async def slow(event: Any) -> Any:
        await world.sleep(40 if len(world.runner.events_of("slow")) == 1 else 0)
        return event

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        await world.queue("done")
        await world.pipe(
            Source=_SOURCE, Target=QUEUES + "done", Enrichment=await world.function_arn("slow")
        )
        await world.send("jobs", "a")
        await world.sleep(90)
        assert len(world.runner.events_of("slow")) == 2
        assert [record["body"] for record in await world.received("done")] == ["a"]
        assert await world.depth("jobs") == (0, 0)

    world.runner.handlers["slow"] = slow
    world.run(play)


def test_no_message_is_taken_while_there_is_no_room_for_it() -> None:
    """Reserved concurrency bounds what is under way; nothing counts as received meanwhile."""
    running = [0, 0]
    world = World()

    async def work(event: Any) -> None:
        running[0] += 1
        running[1] = max(running)
        await world.sleep(5)
        running[0] -= 1

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="30")
        target = await world.function_arn("work")
        await world.call(
            "PutFunctionConcurrency", FunctionName="work", ReservedConcurrentExecutions=1
        )
        await world.pipe(Source=_SOURCE, SourceParameters={_BATCH: {"BatchSize": 1}}, Target=target)
        await world.send("jobs", *"abcd")
        await world.sleep(40)
        assert running == [0, 1]
        counts = [
            record["attributes"]["ApproximateReceiveCount"]
            for event in world.runner.events_of("work")
            for record in event
        ]
        assert counts == ["1"] * 4
        assert await world.depth("jobs") == (0, 0)

    world.runner.handlers["work"] = work
    world.run(play)


def test_a_function_that_is_not_there_is_waited_for() -> None:
    """The message comes back until there is one."""

    async def play(world: World) -> None:
        await world.queue("jobs", VisibilityTimeout="10")
        await world.pipe(Source=_SOURCE, Target=FUNCTIONS + "late")
        await world.send("jobs", "a")
        await world.sleep(15)
        await world.function_arn("late")
        await world.sleep(15)
        assert list(map(_bodies, world.runner.events_of("late"))) == [["a"]]
        assert await world.depth("jobs") == (0, 0)

    World().run(play)


@pytest.mark.parametrize("where", ["crash_before", "crash_after", "fail_at"])
@pytest.mark.parametrize("point", range(1, 16))
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
