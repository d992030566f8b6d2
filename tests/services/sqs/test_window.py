"""A queue longer than the window, and commits that fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell.errors import StorageTrouble
from stepwell.services.sqs import TABLES, Settings
from stepwell.stores.faulty import FaultyStore
from stepwell.stores.memory import MemoryDisk, MemoryStore
from tests.services.sqs.world import CALL, World

SMALL = Settings(window_messages=10, page_messages=4)


async def long_queue(count: int, name: str = "q") -> tuple[World, str]:
    """A queue with messages `0`, `1`, ... and a window of ten."""
    world = await World(SMALL).start()
    url = await world.queue(name)
    for number in range(count):
        ids = {"MessageGroupId": f"g{number % 3}", "MessageDeduplicationId": str(number)}
        await world.send(url, str(number), **(ids if name.endswith(".fifo") else {}))
    return world, url


async def drain(world: World, url: str) -> list[str]:
    """Receive and delete until nothing comes."""
    bodies = []
    while messages := await world.receive(url, 3):
        for message in messages:
            bodies.append(message["Body"])
            await world.delete(url, message)
    return bodies


async def test_a_long_queue_needs_little_memory_and_loses_nothing() -> None:
    """No more than the window is held, every message comes once, in order of arrival."""
    world, url = await long_queue(100)
    mailbox = world.queues.find(CALL.account, CALL.region, url).mailbox
    assert len(mailbox.messages) == 10
    assert await world.counts(url) == (100, 0, 0)
    bodies = await drain(world, url)
    assert bodies == [str(number) for number in range(100)]
    assert await world.counts(url) == (0, 0, 0)
    assert mailbox.horizon is None
    assert await world.rows() == 0


async def test_a_long_fifo_queue_keeps_its_order() -> None:
    """Every group in order across loads."""
    world, url = await long_queue(60, "q.fifo")
    bodies = [int(body) for body in await drain(world, url)]
    assert sorted(bodies) == list(range(60))
    for group in range(3):
        mine = [body for body in bodies if body % 3 == group]
        assert mine == sorted(mine)


async def test_handles_beyond_the_window_work_after_a_restart() -> None:
    """What was in flight is found again however far back it lies."""
    world, url = await long_queue(40)
    taken: list[dict[str, Any]] = []
    while messages := await world.receive(url):
        taken += messages
    assert len(taken) == 40
    await world.restart()
    await world.delete(url, taken[-1])
    await world.call(
        "ChangeMessageVisibility",
        QueueUrl=url,
        ReceiptHandle=taken[-2]["ReceiptHandle"],
        VisibilityTimeout=0,
    )
    assert await world.bodies(url) == [taken[-2]["Body"]]
    assert await world.counts(url) == (0, 39, 0)


async def test_sends_while_a_page_is_loaded_are_not_lost() -> None:
    """Messages that come between the commit and the scan stay beyond the new horizon."""
    world, url = await long_queue(12)
    first = await world.receive(url, 10)
    # The first send keeps the ledger busy, so that the load waits while the others are staged.
    sends = [asyncio.create_task(world.send(url, "late 0"))]
    receive = asyncio.create_task(world.receive(url, 10, VisibilityTimeout=100))
    sends += [asyncio.create_task(world.send(url, f"late {number}")) for number in range(1, 5)]
    bodies = [message["Body"] for message in first + await receive]
    await asyncio.gather(*sends)
    while more := await world.bodies(url):
        bodies += more
    expected = [str(number) for number in range(12)] + [f"late {number}" for number in range(5)]
    assert sorted(bodies) == sorted(expected)


async def test_a_poll_is_woken_by_a_message_beyond_the_window() -> None:
    """The window is full of delayed messages, and the one that can be had is only on disk."""
    world = await World(SMALL).start()
    url = await world.queue()
    for number in range(10):
        await world.send(url, f"delayed {number}", DelaySeconds=900)
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    await world.settle()
    await world.send(url, "now")
    await world.settle()
    assert poll.done()
    assert await poll == ["now"]


async def test_what_is_in_flight_does_not_fill_the_window() -> None:
    """Consumers that take long do not push new messages out of memory."""
    world, url = await long_queue(10)
    assert len(await world.receive(url)) == 10
    for number in range(10):
        await world.send(url, str(number))
    mailbox = world.queues.find(CALL.account, CALL.region, url).mailbox
    assert len(mailbox.messages) == 20
    assert mailbox.horizon is None


async def test_a_failed_commit_is_told_and_forgotten() -> None:
    """The sender hears of it, memory agrees with the disk again, and the queue works on."""
    disk = MemoryDisk()
    stores: list[FaultyStore] = []

    def open_store() -> FaultyStore:
        stores.append(FaultyStore(MemoryStore(TABLES, disk), fail_at=3))
        return stores[-1]

    world = await World(open_store=open_store).start()
    url = await world.queue()
    await world.send(url, "kept")
    with pytest.raises(StorageTrouble):
        await world.send(url, "lost")
    assert await world.bodies(url) == ["kept"]
    assert await world.counts(url) == (0, 1, 0)
    await world.send(url, "after")
    assert await world.bodies(url) == ["after"]


async def test_nothing_is_shown_that_a_failed_commit_takes_back() -> None:
    """Who reads what is not on disk yet shares its fate."""
    disk = MemoryDisk()
    world = await World(
        open_store=lambda: FaultyStore(MemoryStore(TABLES, disk), fail_at=1)
    ).start()
    create = asyncio.create_task(world.queue("q"))
    await asyncio.sleep(0)
    with pytest.raises(StorageTrouble):
        await world.call("GetQueueUrl", QueueName="q")
    with pytest.raises(StorageTrouble):
        await create
    assert (await world.refused("GetQueueUrl", QueueName="q"))[0] == "QueueDoesNotExist"


async def test_a_receive_whose_commit_failed_gave_nothing_away() -> None:
    """The consumer gets the trouble, the message stays, a waiting poll gets it."""
    disk = MemoryDisk()
    world = await World(
        open_store=lambda: FaultyStore(MemoryStore(TABLES, disk), fail_at=3)
    ).start()
    url = await world.queue()
    await world.send(url, "kept")
    first = asyncio.create_task(world.bodies(url))
    await asyncio.sleep(0)
    poll = asyncio.create_task(world.bodies(url, WaitTimeSeconds=20))
    with pytest.raises(StorageTrouble):
        await first
    await world.settle()
    assert await poll == ["kept"]


async def test_a_receive_whose_caller_left_is_given_back() -> None:
    """Cancelled before its commit: the message is there at once, and does not count as received."""
    world, url = await long_queue(1)
    receive = asyncio.create_task(world.receive(url))
    await asyncio.sleep(0)
    receive.cancel()
    await world.settle()
    [message] = await world.receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}


async def test_the_limit_of_messages_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard queues answer OverLimit, FIFO queues nothing."""
    monkeypatch.setattr("stepwell.services.sqs.limits.IN_FLIGHT_MAX", 2)
    world, url = await long_queue(3)
    assert len(await world.receive(url, 2)) == 2
    assert (await world.refused("ReceiveMessage", QueueUrl=url))[0] == "OverLimit"
    world, url = await long_queue(3, "q.fifo")
    assert len(await world.receive(url, 2)) == 2
    assert await world.receive(url) == []
