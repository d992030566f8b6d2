"""FIFO queues: order, groups, deduplication, attempts."""

from __future__ import annotations

from tests.services.sqs.world import World


async def fill(world: World, url: str, *bodies: str) -> None:
    """Send messages named `group` plus a number, each to the group of its first letter."""
    for body in bodies:
        await world.send(url, body, MessageGroupId=body[0], MessageDeduplicationId=body)


async def test_a_group_is_received_in_order_and_not_past_what_is_in_flight(world: World) -> None:
    """While a1 is in flight, neither a2 nor a3 can be had, but b1 can."""
    url = await world.queue("q.fifo")
    await fill(world, url, "a1", "a2", "b1", "a3")
    [first] = await world.receive(url, 1)
    assert first["Body"] == "a1"
    assert await world.bodies(url) == ["b1"]
    await world.delete(url, first)
    assert await world.bodies(url) == ["a2", "a3"]


async def test_one_receive_takes_a_whole_group_before_the_next(world: World) -> None:
    """As many messages of one group as possible, in order, then the next oldest group."""
    url = await world.queue("q.fifo")
    await fill(world, url, "a1", "b1", "a2", "b2")
    assert await world.bodies(url) == ["a1", "a2", "b1", "b2"]


async def test_a_message_that_comes_back_is_first_again(world: World) -> None:
    """Order holds when visibility timeouts run out."""
    url = await world.queue("q.fifo", VisibilityTimeout="5")
    await fill(world, url, "a1", "a2", "a3")
    assert await world.bodies(url, 2) == ["a1", "a2"]
    assert await world.bodies(url) == []
    await world.time.advance(5)
    assert await world.bodies(url) == ["a1", "a2", "a3"]


async def test_messages_before_the_first_in_flight_can_be_had(world: World) -> None:
    """Made visible again while its successors are in flight: only the head comes (recorded)."""
    url = await world.queue("q.fifo")
    await fill(world, url, "a1", "a2", "a3")
    taken = await world.receive(url)
    for message in taken[:2]:
        await world.call(
            "ChangeMessageVisibility",
            QueueUrl=url,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=0,
        )
    assert await world.bodies(url) == ["a1", "a2"]
    assert await world.bodies(url) == []


async def test_a_duplicate_is_answered_like_the_first_and_not_delivered(world: World) -> None:
    """Within five minutes the same id gives the same answer; afterwards a new message."""
    url = await world.queue("q.fifo")
    send = {"MessageGroupId": "g", "MessageDeduplicationId": "once"}
    first = await world.send(url, "one", **send)
    again = await world.send(url, "two", **send)
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    [message] = await world.receive(url)
    await world.delete(url, message)
    await world.restart()
    await world.send(url, "three", **send)
    assert await world.bodies(url) == []
    await world.time.advance(300)
    later = await world.send(url, "four", **send)
    assert int(later["SequenceNumber"]) > int(first["SequenceNumber"])
    assert await world.bodies(url) == ["four"]


async def test_content_can_be_the_deduplication_id(world: World) -> None:
    """ContentBasedDeduplication compares bodies, and an explicit id wins."""
    url = await world.queue("q.fifo", ContentBasedDeduplication="true")
    await world.send(url, "same", MessageGroupId="g")
    await world.send(url, "same", MessageGroupId="g")
    await world.send(url, "same", MessageGroupId="g", MessageDeduplicationId="other")
    assert await world.bodies(url) == ["same", "same"]


async def test_the_scope_of_deduplication_can_be_the_group(world: World) -> None:
    """High throughput: the same id in two groups is two messages."""
    url = await world.queue(
        "q.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId"
    )
    for group in ("g", "h", "g"):
        await world.send(url, group, MessageGroupId=group, MessageDeduplicationId="id")
    assert await world.bodies(url) == ["g", "h"]


async def test_ids_seen_before_the_scope_was_narrowed_still_count(world: World) -> None:
    """Recorded: an id of the queue scope holds for every group after the change."""
    url = await world.queue("q.fifo")
    await world.send(url, "1", MessageGroupId="g", MessageDeduplicationId="id")
    await world.call(
        "SetQueueAttributes",
        QueueUrl=url,
        Attributes={
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        },
    )
    await world.send(url, "2", MessageGroupId="h", MessageDeduplicationId="id")
    assert await world.bodies(url) == ["1"]


async def test_a_receive_can_be_repeated_with_its_attempt_id(world: World) -> None:
    """The same attempt gets the same messages and handles until one of them changes."""
    url = await world.queue("q.fifo")
    await fill(world, url, "a1", "a2")
    first = await world.receive(url, ReceiveRequestAttemptId="try")
    again = await world.receive(url, ReceiveRequestAttemptId="try")
    assert again == first
    assert await world.receive(url, ReceiveRequestAttemptId="other") == []
    await world.delete(url, first[0])
    assert await world.receive(url, ReceiveRequestAttemptId="try") == []


async def test_system_attributes_of_a_fifo_message(world: World) -> None:
    """Group, deduplication id and sequence number are shown when asked for."""
    url = await world.queue("q.fifo")
    sent = await world.send(url, "m", MessageGroupId="g", MessageDeduplicationId="d")
    [message] = await world.receive(url, MessageSystemAttributeNames=["All"])
    shown = message["Attributes"]
    assert shown["MessageGroupId"] == "g"
    assert shown["MessageDeduplicationId"] == "d"
    assert shown["SequenceNumber"] == sent["SequenceNumber"]
    assert len(sent["SequenceNumber"]) == 20


async def test_an_expired_handle_is_refused(world: World) -> None:
    """Neither delete nor change works with a handle whose time ran out."""
    url = await world.queue("q.fifo", VisibilityTimeout="5")
    await fill(world, url, "a1")
    [message] = await world.receive(url)
    await world.time.advance(5)
    handle = message["ReceiptHandle"]
    expired = (
        "InvalidParameterValue",
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has "
        "expired.",
    )
    refused = await world.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert refused == expired
    refused = await world.refused(
        "ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=9
    )
    assert refused == expired


async def test_what_a_fifo_queue_needs_of_a_message(world: World) -> None:
    """Group and deduplication id; no delay of its own; batches are refused as a whole."""
    url = await world.queue("q.fifo")
    body = {"QueueUrl": url, "MessageBody": "m"}
    assert await world.refused("SendMessage", **body) == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )
    no_id = (
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly",
    )
    assert await world.refused("SendMessage", **body, MessageGroupId="g") == no_id
    ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    assert await world.refused("SendMessage", **body, **ids, DelaySeconds=2) == (
        "InvalidParameterValue",
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter "
        "that is not valid for this queue type.",
    )
    entry = {"Id": "1", "MessageBody": "m"}
    assert await world.refused("SendMessageBatch", QueueUrl=url, Entries=[entry]) == (
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    )
    entry["MessageGroupId"] = "g"
    assert await world.refused("SendMessageBatch", QueueUrl=url, Entries=[entry]) == no_id


async def test_a_delayed_head_holds_its_group(world: World) -> None:
    """The queue's delay counts for every message, and a zero of its own changes nothing."""
    url = await world.queue("q.fifo", DelaySeconds="10")
    await world.send(url, "a1", MessageGroupId="a", MessageDeduplicationId="1", DelaySeconds=0)
    await world.call("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "0"})
    await world.send(url, "a2", MessageGroupId="a", MessageDeduplicationId="2")
    assert await world.bodies(url) == []
    await world.time.advance(10)
    assert await world.bodies(url) == ["a1", "a2"]


async def test_order_survives_a_restart(world: World) -> None:
    """Groups, flights and heads are the same after a crash."""
    url = await world.queue("q.fifo", VisibilityTimeout="60")
    await fill(world, url, "a1", "a2", "b1")
    [first] = await world.receive(url, 1)
    await world.restart()
    assert await world.bodies(url) == ["b1"]
    await world.delete(url, first)
    assert await world.bodies(url) == ["a2"]
