"""Reads one stream for one consumer, in order.

Records behind the position are handed on in batches; the position moves on with the turn in which a
batch is done, or given up. With a parallelization factor a read is divided by the items' keys, and
its parts run side by side; then the position moves when all of them are done.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.feeds.batches import Complaint, split_by_size
from stepwell.services.feeds.filters import Wanted
from stepwell.services.feeds.pausing import pause
from stepwell.services.feeds.ports import Records, StreamSource
from stepwell.services.parts import ServiceParts
from stepwell.values import encode

_log = logging.getLogger("stepwell.feeds")
_TROUBLE_MS = 5_000
_RETRY_FIRST_MS = 1_000
_RETRY_MAX_MS = 60_000

A = TypeVar("A")
"""What a consumer wants to remember of an attempt."""

Passed = Callable[[Turn, Sequence[dict[str, Any]]], None]
"""Says, as part of a turn, that the first records of a batch are done."""


@dataclass(frozen=True, slots=True)
class StreamRules:
    """How a stream is read, and when a batch is given up."""

    source: str
    """Its ARN."""
    size: int
    window_ms: int = 0
    parallel: int = 1
    retries: int = -1
    """How often a batch is tried again; -1 for as long as it takes."""
    age_seconds: int = -1
    bisect: bool = False
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class GivenUp(Generic[A]):
    """Records that nobody took."""

    records: Records
    condition: str
    attempts: int
    last: A | None
    """The last attempt; None when they were too old to be tried."""


class StreamConsumer(Protocol[A]):
    """What takes the batches."""

    async def ready(self) -> None:
        """Return once it can be asked."""

    def position(self) -> int:
        """Behind what it begins."""

    def move(self, turn: Turn, position: int) -> None:
        """Everything up to there is done."""

    async def consume(self, records: Records, passed: Passed) -> tuple[Records, A]:
        """Take a batch; what is not done of it (its end, in order), and what to remember.

        It may say in its own turn what is done. Raises ServiceError when it could not even try.
        """

    def give_up(self, turn: Turn, given_up: GivenUp[A]) -> None:
        """Tell whoever wants to know."""


class StreamReader(Generic[A]):
    """See the module. `start` it, `stop` it."""

    def __init__(
        self,
        parts: ServiceParts,
        streams: StreamSource,
        rules: StreamRules,
        consumer: StreamConsumer[A],
    ) -> None:
        self._parts = parts
        self._streams = streams
        self._rules = rules
        self._consumer = consumer
        self._complaint = Complaint()
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._positions: dict[str, int] = {}
        """Of the records under way, by their sequence numbers."""

    def start(self) -> None:
        """Read the stream from now on."""
        self._reader = asyncio.ensure_future(self._read())

    def stop(self) -> None:
        """Take nothing more; a batch that runs is run again when reading begins again."""
        if self._reader is not None:
            self._reader.cancel()

    async def close(self) -> None:
        """End what runs."""
        self.stop()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        leave = self._streams.on_record(self._rules.source, self._changed.set)
        try:
            while True:
                try:
                    await self._consumer.ready()
                    await self._step()
                except (ServiceError, StorageTrouble) as trouble:
                    self._complaint.say(self._rules.source, trouble)
                    await pause(self._parts, _TROUBLE_MS)
                except Exception:
                    # The position stands where it was: the records are read again.
                    _log.exception("reading %s broke", self._rules.source)
                    await pause(self._parts, _TROUBLE_MS)
        finally:
            leave()

    async def _step(self) -> None:
        """Read what is there, run it, and remember how far that was."""
        self._changed.clear()
        found = await self._gather(self._consumer.position())
        if not found:
            await self._changed.wait()
            return
        records = [{**record, "eventSourceARN": self._rules.source} for _, record in found]
        self._positions = {_number(record): position for position, record in found}
        if self._rules.wanted is not None:
            records = [record for record in records if self._rules.wanted(record)]
        parts = self._divide(records)
        # All of them end before anything is read again: none may run beside its own repetition.
        ended = await asyncio.gather(*map(self._finish, parts), return_exceptions=True)
        for trouble in ended:
            if trouble is not None:
                raise trouble
        await self._move(found[-1][0])

    async def _gather(self, after: int) -> list[tuple[int, dict[str, Any]]]:
        """Records behind a position: a batch for each part, or what came within the window."""
        limit = self._rules.size * self._rules.parallel
        now, source = self._parts.clock.now, self._rules.source
        found = await self._streams.records(source, after=after, limit=limit)
        until = now() + self._rules.window_ms
        while found and len(found) < limit and now() < until:
            await pause(self._parts, until - now(), self._changed)
            self._changed.clear()
            found = await self._streams.records(source, after=after, limit=limit)
        return found

    def _divide(self, records: Records) -> list[Records]:
        if self._rules.parallel == 1:
            parts = [records]
        else:
            parts = [[] for _ in range(self._rules.parallel)]
            for record in records:
                key = hashlib.sha256(encode(record["dynamodb"]["Keys"])).digest()
                parts[key[0] % self._rules.parallel].append(record)
        return [
            part[start : start + self._rules.size]
            for part in parts
            for start in range(0, len(part), self._rules.size)
        ]

    async def _move(self, position: int) -> None:
        if self._consumer.position() >= position:
            return
        with self._parts.ledger.stage() as turn:
            self._consumer.move(turn, position)
        await self._parts.ledger.committed()

    def _passed(self, turn: Turn, records: Sequence[dict[str, Any]]) -> None:
        """Side by side nobody knows whether what comes before is done too."""
        if records and self._rules.parallel == 1:
            self._consumer.move(turn, self._positions[_number(records[-1])])

    async def _finish(self, records: Records) -> None:
        for batch in split_by_size(records):
            await self._insist(batch, 0)

    async def _insist(self, records: Records, attempts: int) -> None:
        """Run records until they are done or given up."""
        pauses = 0
        while records:
            records = await self._drop_old(records)
            if not records:
                return
            try:
                left, last = await self._consumer.consume(records, self._passed)
            except ServiceError as trouble:
                _log.debug("%s waits: %s", self._rules.source, trouble)
                await self._back_off(pauses)
                pauses += 1
                continue
            if not left:
                return
            if len(left) < len(records):
                records, attempts, pauses = left, 0, 0
            attempts += 1
            if 0 <= self._rules.retries < attempts:
                await self._give_up(GivenUp(left, "RetryAttemptsExhausted", attempts, last))
                return
            if self._rules.bisect and len(left) > 1:
                half = len(left) // 2
                await self._insist(left[:half], attempts)
                await self._insist(left[half:], attempts)
                return
            await self._back_off(pauses)
            pauses += 1

    async def _back_off(self, pauses: int) -> None:
        await pause(self._parts, min(_RETRY_FIRST_MS * 2 ** min(pauses, 10), _RETRY_MAX_MS))

    async def _drop_old(self, records: Records) -> Records:
        if self._rules.age_seconds < 0:
            return records
        oldest = self._parts.clock.now() / 1000 - self._rules.age_seconds
        old = [record for record in records if made_at(record) < oldest]
        if old:
            await self._give_up(GivenUp(old, "RecordAgeExceeded", 0, None))
        return [record for record in records if made_at(record) >= oldest]

    async def _give_up(self, given_up: GivenUp[A]) -> None:
        source, records = self._rules.source, given_up.records
        _log.warning("%s: gave up %d records: %s", source, len(records), given_up.condition)
        with self._parts.ledger.stage() as turn:
            self._consumer.give_up(turn, given_up)
            self._passed(turn, records)
        await self._parts.ledger.committed()


def made_at(record: dict[str, Any]) -> float:
    """When a change was made, in epoch seconds."""
    return float(record["dynamodb"].get("ApproximateCreationDateTime", 0))


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
