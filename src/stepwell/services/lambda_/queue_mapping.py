"""Reads one queue for one function.

One feeder holds a long poll and hands batches on; so many batches run at a time as there is room
for: five at first, one more with each that is done, never more than the mapping and the function's
concurrency allow. A message is deleted once the function has answered; what failed comes back when
its visibility timeout is over, until the queue's own redrive policy buries it.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import compress
from operator import not_
from typing import TYPE_CHECKING, Any, cast

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.lambda_.batches import (
    Complaint,
    failed_items,
    is_throttled,
    run_batch,
    split_by_size,
    target,
)
from stepwell.services.lambda_.filters import compile_filters
from stepwell.services.lambda_.limits import POLLERS_FIRST, POLLERS_MAX
from stepwell.services.lambda_.ports import QueueSource
from stepwell.services.lambda_.queue_records import queue_record
from stepwell.services.lambda_.records import MappingRow
from stepwell.values import decode

if TYPE_CHECKING:
    from stepwell.services.lambda_.lambdas import Lambda

_log = logging.getLogger("stepwell.lambda")
_RECEIVE_MAX = 10
_WAIT_SECONDS = 20
_TROUBLE_MS = 5_000
_Records = list[dict[str, Any]]


class QueueMapping:
    """See the module. `start` it, `stop` it; batches that run then end by themselves."""

    def __init__(self, functions: Lambda, queues: QueueSource, row: MappingRow) -> None:
        self._functions = functions
        self._queues = queues
        self._row = row
        members = cast("dict[str, Any]", decode(row.configuration))
        self._size: int = members["BatchSize"]
        self._window_ms = members.get("MaximumBatchingWindowInSeconds", 0) * 1_000
        self._partial = "ReportBatchItemFailures" in members.get("FunctionResponseTypes", ())
        self._most: int = (members.get("ScalingConfig") or {}).get(
            "MaximumConcurrency", POLLERS_MAX
        )
        self._limit = min(POLLERS_FIRST, self._most)
        self._wanted = compile_filters(members.get("FilterCriteria"))
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
        leave = self._functions.running.on_room(self._changed.set)
        try:
            while True:
                try:
                    await self._functions.ready()
                    await self._until_room()
                    await self._take()
                except (ServiceError, StorageTrouble) as trouble:
                    self._complaint.say(self._row.source, trouble)
                    await self._functions.pause(_TROUBLE_MS)
                except Exception:
                    # One odd message must not end the reading of its queue: it comes back.
                    _log.exception("reading %s broke", self._row.source)
                    await self._functions.pause(_TROUBLE_MS)
        finally:
            leave()

    async def _until_room(self) -> None:
        while True:
            self._changed.clear()
            function = target(self._functions, self._row).function
            if self._under_way < self._limit and self._functions.running.room(function):
                return
            await self._changed.wait()

    async def _take(self) -> None:
        """Gather a batch and hand it on."""
        now = self._functions.parts.clock.now
        messages = await self._receive(self._size, _WAIT_SECONDS)
        if not messages:
            return
        until = now() + self._window_ms
        while len(messages) < self._size:
            left = until - now()
            more = await self._receive(self._size - len(messages), max(0, -(-left // 1_000)))
            messages += more
            if not more and now() >= until:
                break
        records = [queue_record(message, self._row.source) for message in messages]
        for batch in split_by_size(records):
            self._under_way += 1
            task = asyncio.ensure_future(self._process(batch))
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def _receive(self, most: int, wait_seconds: int) -> _Records:
        return await self._queues.receive(
            self._row.source, min(most, _RECEIVE_MAX), min(wait_seconds, _WAIT_SECONDS)
        )

    async def _process(self, records: _Records) -> None:
        try:
            wanted = records
            if self._wanted is not None:
                fits = [self._wanted(record) for record in records]
                wanted = list(compress(records, fits))
                # What the function is not to see is done.
                await self._delete(list(compress(records, map(not_, fits))))
            if wanted:
                await self._delete(await self._run(wanted))
                self._limit = min(self._limit + 1, self._most)
        except (ServiceError, StorageTrouble) as trouble:
            level = logging.DEBUG if _no_room(trouble) else logging.WARNING
            _log.log(level, "a batch of %s comes back: %s", self._row.source, trouble)
        except Exception:
            _log.exception("a batch of %s broke", self._row.source)
        finally:
            self._under_way -= 1
            self._changed.set()

    async def _run(self, records: _Records) -> _Records:
        """Run the function; the records that are done."""
        outcome, _, _ = await run_batch(self._functions, self._row, records)
        if outcome.error is not None:
            return []
        if not self._partial:
            return records
        failed = failed_items(outcome, [record["messageId"] for record in records])
        if failed is None:
            return []
        return [record for record in records if record["messageId"] not in failed]

    async def _delete(self, records: _Records) -> None:
        handles = [record["receiptHandle"] for record in records]
        if handles:
            await self._queues.delete(self._row.source, handles)


def _no_room(trouble: Exception) -> bool:
    return isinstance(trouble, ServiceError) and is_throttled(trouble)
