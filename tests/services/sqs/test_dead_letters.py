"""Dead letters and the way back."""

from __future__ import annotations

import json
from typing import Any

from stepwell.services.sqs.queues import Queues
from tests.services.sqs.world import CALL, World


def arn(name: str) -> str:
    """The ARN of a queue."""
    return f"arn:aws:sqs:us-east-1:000000000000:{name}"


async def pair(world: World, most: int = 1, suffix: str = "") -> tuple[str, str]:
    """A source and its dead-letter queue."""
    dead = await world.queue("dead" + suffix)
    policy = json.dumps({"deadLetterTargetArn": arn("dead" + suffix), "maxReceiveCount": most})
    return await world.queue("q" + suffix, RedrivePolicy=policy, VisibilityTimeout="1"), dead


async def test_the_receive_that_exceeds_the_count_moves_the_message(world: World) -> None:
    """Received twice with a maximum of two, the third receive finds nothing; id and time stay."""
    url, dead = await pair(world, 2)
    sent = await world.send(url)
    for _ in range(2):
        [message] = await world.receive(url, AttributeNames=["All"])
        await world.time.advance(1)
    assert await world.receive(dead) == []
    assert await world.receive(url) == []
    await world.settle()
    await world.restart()
    [letter] = await world.receive(dead, AttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Attributes"]["SentTimestamp"] == message["Attributes"]["SentTimestamp"]
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn("q")
    assert await world.counts(url) == (0, 0, 0)


async def test_a_standard_dead_letter_expires_by_the_time_it_was_sent(world: World) -> None:
    """Moving does not prolong a message's life."""
    url, dead = await pair(world)
    await world.call(
        "SetQueueAttributes", QueueUrl=dead, Attributes={"MessageRetentionPeriod": "100"}
    )
    await world.send(url)
    await world.receive(url)
    await world.time.advance(90)
    await world.receive(url)
    assert await world.counts(dead) == (1, 0, 0)
    await world.time.advance(10)
    assert await world.receive(dead) == []


async def test_without_its_dead_letter_queue_a_message_stays(world: World) -> None:
    """The target was deleted: the source delivers on."""
    url, dead = await pair(world)
    await world.call("DeleteQueue", QueueUrl=dead)
    await world.send(url)
    for _ in range(3):
        assert await world.bodies(url) == ["hello"]
        await world.time.advance(1)


async def test_a_group_goes_on_behind_a_dead_letter(world: World) -> None:
    """FIFO: when the head dies, the next of its group is received in the same call."""
    url, dead = await pair(world, suffix=".fifo")
    for body in ("a1", "a2"):
        await world.send(url, body, MessageGroupId="a", MessageDeduplicationId=body)
    await world.receive(url, 1)
    await world.time.advance(1)
    assert await world.bodies(url) == ["a2"]
    assert await world.bodies(dead) == ["a1"]


async def test_sources_are_listed(world: World) -> None:
    """ListDeadLetterSourceQueues names every queue whose letters end here."""
    url, dead = await pair(world)
    answer = await world.call("ListDeadLetterSourceQueues", QueueUrl=dead)
    assert answer == {"queueUrls": [url]}
    assert await world.call("ListDeadLetterSourceQueues", QueueUrl=url) == {"queueUrls": []}


async def bury(world: World, url: str, *bodies: str) -> None:
    """Make dead letters of messages."""
    for body in bodies:
        await world.send(url, body)
    await world.receive(url)
    await world.time.advance(1)
    assert await world.receive(url) == []


async def tasks(world: World, source: str) -> list[dict[str, Any]]:
    """The move tasks of a dead-letter queue."""
    answer = await world.call("ListMessageMoveTasks", SourceArn=source, MaxResults=10)
    return list(answer["Results"])


async def test_a_move_task_brings_letters_back_as_new_messages(world: World) -> None:
    """Each to its source, with a new id and no receives; the task says how many."""
    url, dead = await pair(world)
    await bury(world, url, "one", "two")
    before = await world.receive(dead, VisibilityTimeout=0)
    await world.call("StartMessageMoveTask", SourceArn=arn("dead"))
    await world.settle()
    [task] = await tasks(world, arn("dead"))
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert "TaskHandle" not in task
    back = await world.receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert sorted(message["Body"] for message in back) == ["one", "two"]
    assert {m["MessageId"] for m in back}.isdisjoint({m["MessageId"] for m in before})
    assert back[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert await world.counts(dead) == (0, 0, 0)


async def test_a_slow_move_survives_a_restart_and_can_be_cancelled(world: World) -> None:
    """One a second; the row remembers the task and its count; cancelling stops it."""
    url, dead = await pair(world)
    await bury(world, url, *"abcdef")
    started = await world.call(
        "StartMessageMoveTask", SourceArn=arn("dead"), MaxNumberOfMessagesPerSecond=1
    )
    assert await world.refused("StartMessageMoveTask", SourceArn=arn("dead")) == (
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn "
        "at a given time.",
    )
    await world.time.advance(1)
    await world.restart()
    await world.time.advance(1)
    [task] = await tasks(world, arn("dead"))
    assert task["Status"] == "RUNNING"
    assert task["TaskHandle"] == started["TaskHandle"]
    moved = task["ApproximateNumberOfMessagesMoved"]
    assert 3 <= moved <= 4
    answer = await world.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    assert answer == {"ApproximateNumberOfMessagesMoved": moved}
    await world.time.advance(9)
    [task] = await tasks(world, arn("dead"))
    assert task["Status"] == "CANCELLED"
    visible = (await world.counts(url))[0], (await world.counts(dead))[0]
    assert visible == (moved, 6 - moved)


async def test_what_a_move_task_refuses(world: World) -> None:
    """Queues that are not there, queues that are no dead-letter queue, handles of nothing."""
    await pair(world)
    missing = "The resource that you specified for the {} parameter doesn't exist."
    gone = arn("gone")
    assert await world.refused("StartMessageMoveTask", SourceArn=gone) == (
        "ResourceNotFoundException",
        missing.format("SourceArn"),
    )
    assert await world.refused(
        "StartMessageMoveTask", SourceArn=arn("dead"), DestinationArn=gone
    ) == ("ResourceNotFoundException", missing.format("DestinationArn"))
    assert await world.refused("StartMessageMoveTask", SourceArn=arn("q")) == (
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )
    assert await world.refused("CancelMessageMoveTask", TaskHandle="nonsense") == (
        "InvalidParameterValue",
        "Value for parameter TaskHandle is invalid.",
    )


async def test_a_move_fails_when_its_destination_goes(world: World) -> None:
    """The letters stay where they are, and the task says why."""
    url, dead = await pair(world)
    other = await world.queue("other")
    await bury(world, url, *"abc")
    await world.call(
        "StartMessageMoveTask",
        SourceArn=arn("dead"),
        DestinationArn=arn("other"),
        MaxNumberOfMessagesPerSecond=1,
    )
    await world.settle()
    await world.call("DeleteQueue", QueueUrl=other)
    await world.time.advance(2)
    [task] = await tasks(world, arn("dead"))
    assert task["Status"] == "FAILED"
    assert task["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert (await world.counts(dead))[0] == 2


async def test_a_redrive_policy_must_name_a_queue_that_allows_it(world: World) -> None:
    """Not there, of the other kind, or closed to this source: refused with AWS's words."""
    dead = await world.queue("dead")
    await world.queue("dead.fifo")

    async def refusal(policy: object) -> str:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        code, message = await world.refused(
            "CreateQueue", QueueName="q", Attributes={"RedrivePolicy": text}
        )
        assert code == "InvalidParameterValue"
        start = f"Value {text} for parameter RedrivePolicy is invalid. Reason: "
        assert message.startswith(start)
        return message.removeprefix(start)

    assert await refusal({"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}) == (
        "Invalid value for deadLetterTargetArn."
    )
    assert await refusal({"deadLetterTargetArn": arn("none"), "maxReceiveCount": 4}) == (
        "Dead letter target does not exist."
    )
    assert await refusal({"deadLetterTargetArn": arn("dead.fifo"), "maxReceiveCount": 4}) == (
        "Dead-letter queue must be same type of queue as the source."
    )
    assert await refusal({"deadLetterTargetArn": arn("dead")}) == (
        "Redrive policy does not contain mandatory attribute: maxReceiveCount."
    )
    assert await refusal({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 0}) == (
        "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."
    )
    assert "unsupported format" in await refusal("no json")
    await world.call(
        "SetQueueAttributes",
        QueueUrl=dead,
        Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})},
    )
    assert "does not allow" in await refusal(
        {"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 4}
    )


async def test_an_empty_redrive_policy_takes_it_away(world: World) -> None:
    """Set to nothing, messages never die again."""
    url, dead = await pair(world)
    await world.call("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": ""})
    await world.send(url)
    for _ in range(3):
        assert len(await world.receive(url)) == 1
        await world.time.advance(1)
    queues: Queues = world.queues
    shown = queues.find(CALL.account, CALL.region, url).attributes
    assert "RedrivePolicy" not in shown
    assert await world.receive(dead) == []
