"""Gives the changes of one stream to one function, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.batch_info import batch_info, iso_time
from stepwell.services.feeds.batches import failed_items
from stepwell.services.feeds.ports import Records, StreamSource
from stepwell.services.feeds.stream_reader import GivenUp, Passed, StreamReader, StreamRules
from stepwell.services.lambda_.batches import run_batch, target, wanted_by
from stepwell.services.lambda_.names import LATEST, function_arn
from stepwell.services.lambda_.ports import Outcome
from stepwell.services.lambda_.records import MappingRow, PositionRow
from stepwell.services.lambda_.results import send
from stepwell.services.lambda_.running import Running
from stepwell.values import JsonObject, decode

SHARD = "0"


@dataclass(frozen=True, slots=True)
class _Attempt:
    outcome: Outcome
    request_id: str
    version: str


def stream_mapping(
    running: Running, streams: StreamSource, row: MappingRow
) -> StreamReader[_Attempt]:
    """The reader of a mapping."""
    members = cast("dict[str, Any]", decode(row.configuration))
    rules = StreamRules(
        source=row.source,
        size=members["BatchSize"],
        window_ms=members.get("MaximumBatchingWindowInSeconds", 0) * 1_000,
        parallel=members.get("ParallelizationFactor", 1),
        retries=members.get("MaximumRetryAttempts", -1),
        age_seconds=members.get("MaximumRecordAgeInSeconds", -1),
        bisect=bool(members.get("BisectBatchOnFunctionError")),
        wanted=wanted_by(members.get("FilterCriteria")),
    )
    return StreamReader(running.registry.parts, streams, rules, _Consumer(running, row, members))


class _Consumer:
    """The function (feeds.stream_reader.StreamConsumer)."""

    def __init__(self, running: Running, row: MappingRow, members: dict[str, Any]) -> None:
        self._running = running
        self._functions = running.registry
        self._row = row
        destination = (members.get("DestinationConfig") or {}).get("OnFailure") or {}
        self._on_failure: str | None = destination.get("Destination")
        self._is_partial = "ReportBatchItemFailures" in members.get("FunctionResponseTypes", ())

    async def ready(self) -> None:
        """Return once functions can be looked up."""
        await self._functions.ready()

    def position(self) -> int:
        """The position of the mapping."""
        row = self._functions.positions.get(self._row.uuid, SHARD)
        return int(row.sequence) if row is not None else 0

    def move(self, turn: Turn, position: int) -> None:
        """Remember how far it is."""
        row = PositionRow(self._row.uuid, SHARD, str(position))
        self._functions.positions.put(turn, row)

    async def consume(self, records: Records, passed: Passed) -> tuple[Records, _Attempt]:
        """Run the function; what is not done: from the first record that it reports, or all."""
        attempt = _Attempt(*await run_batch(self._running, self._row, records))
        return self._left(attempt.outcome, records), attempt

    def _left(self, outcome: Outcome, records: Records) -> Records:
        if outcome.error is not None:
            return records
        if not self._is_partial:
            return []
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(outcome.payload, numbers)
        if failed is None:
            return records
        first = min((numbers.index(number) for number in failed), default=len(records))
        return records[first:]

    def give_up(self, turn: Turn, given_up: GivenUp[_Attempt]) -> None:
        """Tell the destination which records the function never took."""
        if self._on_failure is None:
            return
        functions, row, last = self._functions, self._row, given_up.last
        context: JsonObject = {
            "requestId": functions.parts.ids.uuid() if last is None else last.request_id,
            "functionArn": function_arn(row.function, row.qualifier or LATEST),
            "condition": given_up.condition,
            "approximateInvokeCount": given_up.attempts,
        }
        document: JsonObject = {"requestContext": context}
        if last is not None:
            document["responseContext"] = {
                "statusCode": 200,
                "executedVersion": last.version,
                "functionError": last.outcome.error,
            }
        document |= {
            "version": "1.0",
            "timestamp": iso_time(functions.parts.clock.now()),
            "DDBStreamBatchInfo": batch_info(given_up.records, row.source),
        }
        found = target(functions, row)
        send(functions, turn, self._on_failure, document, found, row.source, "Failure")
