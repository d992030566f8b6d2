"""What every user of a queue relies on."""

from __future__ import annotations

import asyncio

from stepwell.services.sqs import receiving
from stepwell.services.sqs.receipts import OURS
from stepwell.services.sqs.sending import send_within
from tests.services.sqs.world import CALL, World


async def test_a_message_is_received_once_and_deleted(world: World) -> None:
    """Sent, received with its id and MD5, invisible meanwhile, gone after the delete."""
    url = await world.queue()
    sent = await world.send(url, "hello")
    [message] = await world.receive(url)
    assert message["Body"] == "hello"
    assert message["MessageId"] == sent["MessageId"]
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert await world.receive(url) == []
    await world.delete(url, message)
    await world.time.advance(31)
    assert await world.receive(url) == []
    assert await world.counts(url) == (0, 0, 0)


async def test_a_message_that_is_not_deleted_comes_back(world: World) -> None:
    """The visibility timeout ends the flight, and the receive count tells."""
    url = await world.queue(VisibilityTimeout="5")
    await world.send(url)
    await world.receive(url)
    await world.time.advance(4.9)
    assert await world.receive(url) == []
    await world.time.advance(0.1)
    [message] = await world.receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"] == {"ApproximateReceiveCount": "2"}


async def test_a_long_poll_gets_a_message_that_comes_later(world: World) -> None:
    """A waiting receive answers as soon as somebody sends."""
    url = await world.queue()
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.time.advance(3)
    assert not poll.done()
    await world.send(url, "late")
    assert await poll == ["late"]


async def test_a_long_poll_ends_empty_at_its_time(world: World) -> None:
    """No message within WaitTimeSeconds: an answer without messages."""
    url = await world.queue(ReceiveMessageWaitTimeSeconds="7")
    poll = asyncio.create_task(world.bodies(url))
    await world.time.advance(6.9)
    assert not poll.done()
    await world.time.advance(0.1)
    await world.settle()
    assert await poll == []


async def test_a_long_poll_gets_what_becomes_visible(world: World) -> None:
    """Delays and visibility timeouts that end wake whoever waits."""
    url = await world.queue(VisibilityTimeout="4")
    await world.send(url, "delayed", DelaySeconds=2)
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.time.advance(2)
    assert await poll == ["delayed"]
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.time.advance(4)
    assert await poll == ["delayed"]


async def test_a_poll_that_goes_away_takes_nothing_along(world: World) -> None:
    """Cancelled after it was woken, before it could look: the next poll gets the message."""
    url = await world.queue()
    gone = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.settle()
    stays = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.settle()
    with world.ledger.stage() as turn:
        send_within(world.queues, turn, CALL, {"QueueUrl": url, "MessageBody": "kept"})
    gone.cancel()
    await world.settle()
    assert stays.done()
    assert await stays == ["kept"]


async def test_closing_ends_long_polls(world: World) -> None:
    """A server that stops answers waiting receives with nothing."""
    url = await world.queue()
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.settle()
    world.queues.close()
    assert await poll == []


async def test_everything_survives_a_restart(world: World) -> None:
    """Queues, messages, flights and receipt handles are the same after a crash."""
    url = await world.queue(VisibilityTimeout="100")
    await world.send(url, "in flight")
    [message] = await world.receive(url)
    await world.send(url, "ready")
    await world.send(url, "delayed", DelaySeconds=60)
    await world.restart()
    assert await world.counts(url) == (1, 1, 1)
    assert await world.bodies(url) == ["ready"]
    await world.delete(url, message)
    await world.time.advance(60)
    assert await world.bodies(url) == ["delayed"]
    await world.time.advance(100)
    assert sorted(await world.bodies(url)) == ["delayed", "ready"]


async def test_the_engine_sends_in_its_own_turn(world: World) -> None:
    """`send` stages the message with the caller's rows; the answer is SendMessage's."""
    url = await world.queue()
    with world.ledger.stage() as turn:
        answer = send_within(
            world.queues, turn, CALL, {"QueueUrl": url, "MessageBody": "from engine"}
        )
    await world.ledger.committed()
    await world.restart()
    [message] = await world.receive(url)
    assert message["MessageId"] == answer["MessageId"]
    assert message["Body"] == "from engine"


async def test_what_the_server_itself_had_received_comes_back_at_a_start(world: World) -> None:
    """Nobody has it any more; what others received stays with them."""
    url = await world.queue(VisibilityTimeout="600")
    for body in ("theirs", "ours"):
        await world.send(url, body)
    theirs = await world.receive(url, 1)
    params = {"QueueUrl": url}
    answer = await receiving.receive_message(world.queues, CALL, params, mark=OURS)
    assert [message["Body"] for message in theirs] == ["theirs"]
    assert [message["Body"] for message in answer["Messages"]] == ["ours"]
    await world.restart()
    world.queues.release_ours()
    assert [message["Body"] for message in await world.receive(url)] == ["ours"]
    await world.restart()
    world.queues.release_ours()
    assert await world.receive(url) == []
