"""Gives the messages of one queue to one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from stepwell.services.feeds.batches import failed_items
from stepwell.services.feeds.ports import QueueSource, Records
from stepwell.services.feeds.queue_reader import BATCHES_MAX, QueueReader, QueueRules
from stepwell.services.lambda_.batches import run_batch, target, wanted_by
from stepwell.services.lambda_.records import MappingRow
from stepwell.services.lambda_.running import Running
from stepwell.values import decode


def queue_mapping(running: Running, queues: QueueSource, row: MappingRow) -> QueueReader:
    """The reader of a mapping."""
    members = cast("dict[str, Any]", decode(row.configuration))
    rules = QueueRules(
        source=row.source,
        size=members["BatchSize"],
        window_ms=members.get("MaximumBatchingWindowInSeconds", 0) * 1_000,
        most=(members.get("ScalingConfig") or {}).get("MaximumConcurrency", BATCHES_MAX),
        wanted=wanted_by(members.get("FilterCriteria")),
    )
    is_partial = "ReportBatchItemFailures" in members.get("FunctionResponseTypes", ())
    return QueueReader(running.registry.parts, queues, rules, _Consumer(running, row, is_partial))


class _Consumer:
    """The function (feeds.queue_reader.QueueConsumer)."""

    def __init__(self, running: Running, row: MappingRow, is_partial: bool) -> None:
        self._running = running
        self._functions = running.registry
        self._row = row
        self._is_partial = is_partial

    async def ready(self) -> None:
        """Return once functions can be looked up."""
        await self._functions.ready()

    def has_room(self, under_way: int) -> bool:
        """Whether the function's concurrency allows one more."""
        function = target(self._functions, self._row).function
        return self._running.has_room(function, under_way)

    def on_room(self, listener: Callable[[], None]) -> Callable[[], None]:
        """When an invocation ended."""
        return self._running.on_room(listener)

    async def consume(self, records: Records) -> Records:
        """Run the function; the records that are done."""
        outcome, _, _ = await run_batch(self._running, self._row, records)
        if outcome.error is not None:
            return []
        if not self._is_partial:
            return records
        failed = failed_items(outcome.payload, [record["messageId"] for record in records])
        if failed is None:
            return []
        return [record for record in records if record["messageId"] not in failed]
