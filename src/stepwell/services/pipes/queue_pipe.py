"""A pipe that reads a queue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.filters import compile_filters
from stepwell.services.feeds.ports import QueueSource, Records
from stepwell.services.feeds.queue_reader import QueueReader, QueueRules
from stepwell.services.pipes.carriage import Carriage
from stepwell.services.pipes.records import PipeRow, pipe_arn, settings_of
from stepwell.services.pipes.registry import Registry
from stepwell.services.pipes.settings import QUEUE_MEMBER

_log = logging.getLogger("stepwell.pipes")


def queue_pipe(pipes: Registry, row: PipeRow) -> QueueReader:
    """The reader of a pipe. What it cannot carry comes back to its queue, and in the end goes
    where the queue's own redrive policy says."""
    parameters = settings_of(row)["SourceParameters"]
    own = parameters[QUEUE_MEMBER]
    rules = QueueRules(
        source=row.source,
        size=own["BatchSize"],
        window_ms=(own.get("MaximumBatchingWindowInSeconds") or 0) * 1_000,
        wanted=compile_filters(parameters.get("FilterCriteria")),
    )
    return QueueReader(pipes.parts, pipes.around.queues, rules, _Consumer(pipes, row))


class _Consumer:
    """The pipe (feeds.queue_reader.QueueConsumer)."""

    def __init__(self, pipes: Registry, row: PipeRow) -> None:
        self._pipes = pipes
        self._row = row
        self._origin = _QueueOrigin(pipes.around.queues, row.source)
        self._carriage = Carriage(pipes, row, in_order=row.source.endswith(".fifo"))

    async def ready(self) -> None:
        """Return once pipes can be looked up."""
        await self._pipes.ready()

    def has_room(self, under_way: int) -> bool:
        """Whether enrichment and target can be asked once more: else messages stay, and do not
        count as received."""
        ways = self._pipes.around.ways
        return all(ways.has_room(arn, under_way) for arn in self._carriage.asked())

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """When an invocation ended."""
        return self._pipes.around.ways.on_room(listener)

    async def consume(self, records: Records) -> Records:
        """Carry a batch; what is done is deleted already."""
        arrival = await self._carriage.carry(records, self._origin)
        if arrival.left:
            _log.warning(
                "%s: %d messages come back: %s",
                pipe_arn(self._row),
                len(arrival.left),
                arrival.trouble,
            )
        return []


class _QueueOrigin:
    """Messages are let go by deleting them (pipes.carriage.Origin)."""

    def __init__(self, queues: QueueSource, arn: str) -> None:
        self._queues = queues
        self._arn = arn

    async def reach(self, records: Records) -> None:
        """Have the messages in memory."""
        await self._queues.reach(self._arn, _handles(records))

    def held(self, records: Records) -> Records:
        """Those that nobody else received since."""
        held = self._queues.held(self._arn, _handles(records))
        return [record for record in records if record["receiptHandle"] in held]

    def let_go(self, turn: Turn, records: Records) -> None:
        """Delete them with the turn."""
        if records:
            self._queues.discard(turn, self._arn, _handles(records))

    def identifier(self, record: dict[str, Any]) -> str:
        """The id of the message."""
        return str(record["messageId"])


def _handles(records: Records) -> list[str]:
    return [record["receiptHandle"] for record in records]
