"""Reads one queue for one consumer.

One feeder holds a long poll and hands batches on; so many batches run at a time as there is room
for: five at first, one more with each that is done, never more than the rules and the consumer
allow. A message is deleted once the consumer is done with it; what failed comes back when its
visibility timeout is over, until the queue's own redrive policy buries it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import compress
from operator import not_
from typing import Protocol

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.feeds.batches import Complaint, split_by_size
from stepwell.services.feeds.filters import Wanted
from stepwell.services.feeds.pausing import pause
from stepwell.services.feeds.ports import QueueSource, Records
from stepwell.services.feeds.queue_records import queue_record
from stepwell.services.parts import ServiceParts

_log = logging.getLogger("stepwell.feeds")
_RECEIVE_MAX = 10
_WAIT_SECONDS = 20
_TROUBLE_MS = 5_000
BATCHES_FIRST = 5
BATCHES_MAX = 1_000
"""Batches of one queue that run at the same time: at first, and at most."""
NO_ROOM = "TooManyRequestsException"
"""The code of a refusal that is no news: there only was no room."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue is read."""

    source: str
    """Its ARN."""
    size: int
    window_ms: int
    most: int = BATCHES_MAX
    """How many batches run at the same time."""
    wanted: Wanted | None = None
    """What is not wanted is deleted unseen."""


class QueueConsumer(Protocol):
    """What takes the batches."""

    async def ready(self) -> None:
        """Return once it can be asked."""

    def has_room(self, under_way: int) -> bool:
        """Whether one more batch may begin beside so many. Raises ServiceError when none may."""

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever there may be room again. The answer ends that."""

    async def consume(self, records: Records) -> Records:
        """Take a batch; the records that are done and still to be deleted.

        Raises ServiceError, StorageTrouble: the batch comes back.
        """


class QueueReader:
    """See the module. `start` it, `stop` it; batches that run then end by themselves."""

    def __init__(
        self, parts: ServiceParts, queues: QueueSource, rules: QueueRules, consumer: QueueConsumer
    ) -> None:
        self._parts = parts
        self._queues = queues
        self._rules = rules
        self._consumer = consumer
        self._limit = min(BATCHES_FIRST, rules.most)
        self._complaint = Complaint()
        self._under_way = 0
        self._changed = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Read the queue from now on."""
        self._feeder = asyncio.ensure_future(self._feed())

    def stop(self) -> None:
        """Take nothing more."""
        if self._feeder is not None:
            self._feeder.cancel()

    async def close(self) -> None:
        """End what runs: its messages come back by themselves."""
        self.stop()
        for task in list(self._batches):
            task.cancel()
        feeder = [] if self._feeder is None else [self._feeder]
        await asyncio.gather(*feeder, *list(self._batches), return_exceptions=True)

    async def _feed(self) -> None:
        leave = self._consumer.on_room(self._changed.set)
        try:
            while True:
                try:
                    await self._consumer.ready()
                    await self._until_room()
                    await self._take()
                except (ServiceError, StorageTrouble) as trouble:
                    self._complaint.say(self._rules.source, trouble)
                    await pause(self._parts, _TROUBLE_MS)
                except Exception:
                    # One odd message must not end the reading of its queue: it comes back.
                    _log.exception("reading %s broke", self._rules.source)
                    await pause(self._parts, _TROUBLE_MS)
        finally:
            leave()

    async def _until_room(self) -> None:
        while True:
            self._changed.clear()
            if self._under_way < self._limit and self._consumer.has_room(self._under_way):
                return
            await self._changed.wait()

    async def _take(self) -> None:
        """Gather a batch and hand it on."""
        now, size = self._parts.clock.now, self._rules.size
        messages = await self._receive(size, _WAIT_SECONDS)
        if not messages:
            return
        until = now() + self._rules.window_ms
        while len(messages) < size:
            left = until - now()
            more = await self._receive(size - len(messages), max(0, -(-left // 1_000)))
            messages += more
            if not more and now() >= until:
                break
        records = [queue_record(message, self._rules.source) for message in messages]
        for batch in split_by_size(records):
            self._under_way += 1
            task = asyncio.ensure_future(self._process(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def _receive(self, most: int, wait_seconds: int) -> Records:
        return await self._queues.receive(
            self._rules.source, min(most, _RECEIVE_MAX), min(wait_seconds, _WAIT_SECONDS)
        )

    async def _process(self, records: Records) -> None:
        try:
            wanted = records
            if self._rules.wanted is not None:
                fits = [self._rules.wanted(record) for record in records]
                wanted = list(compress(records, fits))
                # What the consumer is not to see is done.
                await self._delete(list(compress(records, map(not_, fits))))
            if wanted:
                await self._delete(await self._consumer.consume(wanted))
                self._limit = min(self._limit + 1, self._rules.most)
        except (ServiceError, StorageTrouble) as trouble:
            is_news = not (isinstance(trouble, ServiceError) and trouble.code == NO_ROOM)
            level = logging.WARNING if is_news else logging.DEBUG
            _log.log(level, "a batch of %s comes back: %s", self._rules.source, trouble)
        except Exception:
            _log.exception("a batch of %s broke", self._rules.source)
        finally:
            self._under_way -= 1
            self._changed.set()

    async def _delete(self, records: Records) -> None:
        handles = [record["receiptHandle"] for record in records]
        if handles:
            await self._queues.delete(self._rules.source, handles)
