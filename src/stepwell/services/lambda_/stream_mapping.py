"""Reads one stream for one function, in order.

Records behind the position are run in batches; the position moves on with the turn in which a batch
is done, or given up. With a ParallelizationFactor a read is divided by the items' keys, and its
parts run side by side.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.lambda_.batches import (
    Complaint,
    failed_items,
    run_batch,
    split_by_size,
    target,
)
from stepwell.services.lambda_.filters import compile_filters
from stepwell.services.lambda_.names import LATEST, function_arn
from stepwell.services.lambda_.ports import Outcome, StreamSource
from stepwell.services.lambda_.records import MappingRow, PositionRow
from stepwell.services.lambda_.results import iso_time, send
from stepwell.values import JsonObject, decode, encode

if TYPE_CHECKING:
    from stepwell.services.lambda_.lambdas import Lambda

_log = logging.getLogger("stepwell.lambda")
SHARD = "0"
_TROUBLE_MS = 5_000
_RETRY_FIRST_MS = 1_000
_RETRY_MAX_MS = 60_000
_Records = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Rules:
    size: int
    window_ms: int
    parallel: int
    retries: int
    age_seconds: int
    bisect: bool
    partial: bool
    on_failure: str | None


def _rules(members: dict[str, Any]) -> _Rules:
    destination = (members.get("DestinationConfig") or {}).get("OnFailure") or {}
    return _Rules(
        members["BatchSize"],
        members.get("MaximumBatchingWindowInSeconds", 0) * 1_000,
        members.get("ParallelizationFactor", 1),
        members.get("MaximumRetryAttempts", -1),
        members.get("MaximumRecordAgeInSeconds", -1),
        bool(members.get("BisectBatchOnFunctionError")),
        "ReportBatchItemFailures" in members.get("FunctionResponseTypes", ()),
        destination.get("Destination"),
    )


class StreamMapping:
    """See the module. `start` it, `stop` it."""

    def __init__(self, functions: Lambda, streams: StreamSource, row: MappingRow) -> None:
        self._functions = functions
        self._streams = streams
        self._row = row
        members = cast("dict[str, Any]", decode(row.configuration))
        self._rules = _rules(members)
        self._wanted = compile_filters(members.get("FilterCriteria"))
        self._complaint = Complaint()
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Read the stream from now on."""
        self._reader = asyncio.ensure_future(self._read())

    def stop(self) -> None:
        """Take nothing more; a batch that runs is run again when the mapping is enabled again."""
        if self._reader is not None:
            self._reader.cancel()

    async def close(self) -> None:
        """End what runs."""
        self.stop()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        leave = self._streams.on_record(self._row.source, self._changed.set)
        try:
            while True:
                try:
                    await self._functions.ready()
                    await self._step()
                except (ServiceError, StorageTrouble) as trouble:
                    self._complaint.say(self._row.source, trouble)
                    await self._functions.pause(_TROUBLE_MS)
                except Exception:
                    # The position stands where it was: the records are read again.
                    _log.exception("reading %s broke", self._row.source)
                    await self._functions.pause(_TROUBLE_MS)
        finally:
            leave()

    async def _step(self) -> None:
        """Read what is there, run it, and remember how far that was."""
        position = self._functions.positions.get(self._row.uuid, SHARD)
        after = int(position.sequence) if position is not None else 0
        self._changed.clear()
        found = await self._gather(after)
        if not found:
            await self._changed.wait()
            return
        records = [{**record, "eventSourceARN": self._row.source} for _, record in found]
        if self._wanted is not None:
            records = [record for record in records if self._wanted(record)]
        parts = self._divide(records)
        await asyncio.gather(*[self._finish(part) for part in parts])
        await self._move(found[-1][0])

    async def _gather(self, after: int) -> list[tuple[int, dict[str, Any]]]:
        """Records behind a position: a batch for each part, or what came within the window."""
        limit = self._rules.size * self._rules.parallel
        now = self._functions.parts.clock.now
        found = await self._streams.records(self._row.source, after=after, limit=limit)
        until = now() + self._rules.window_ms
        while found and len(found) < limit and now() < until:
            await self._functions.pause(until - now(), self._changed)
            self._changed.clear()
            found = await self._streams.records(self._row.source, after=after, limit=limit)
        return found

    def _divide(self, records: _Records) -> list[_Records]:
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
        with self._functions.parts.ledger.stage() as turn:
            row = PositionRow(self._row.uuid, SHARD, str(position))
            self._functions.positions.put(turn, row)
        await self._functions.parts.ledger.committed()

    async def _finish(self, records: _Records) -> None:
        for batch in split_by_size(records):
            await self._insist(batch, 0)

    async def _insist(self, records: _Records, attempts: int) -> None:
        """Run records until they are done or given up."""
        pauses = 0
        while records:
            records = await self._drop_old(records)
            if not records:
                return
            try:
                outcome, request_id, version = await run_batch(self._functions, self._row, records)
            except ServiceError as trouble:
                _log.debug("%s waits: %s", self._row.source, trouble)
                await self._back_off(pauses)
                pauses += 1
                continue
            left = self._left(outcome, records)
            if not left:
                return
            if len(left) < len(records):
                records, attempts, pauses = left, 0, 0
            attempts += 1
            if 0 <= self._rules.retries < attempts:
                await self._give_up(
                    left, "RetryAttemptsExhausted", attempts, outcome, request_id, version
                )
                return
            if self._rules.bisect and len(left) > 1:
                half = len(left) // 2
                await self._insist(left[:half], attempts)
                await self._insist(left[half:], attempts)
                return
            await self._back_off(pauses)
            pauses += 1

    def _left(self, outcome: Outcome, records: _Records) -> _Records:
        """What is not done: from the first record that the function reports, or all."""
        if outcome.error is not None:
            return records
        if not self._rules.partial:
            return []
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(outcome, numbers)
        if failed is None:
            return records
        first = min((numbers.index(number) for number in failed), default=len(records))
        return records[first:]

    async def _back_off(self, pauses: int) -> None:
        await self._functions.pause(min(_RETRY_FIRST_MS * 2 ** min(pauses, 10), _RETRY_MAX_MS))

    async def _drop_old(self, records: _Records) -> _Records:
        if self._rules.age_seconds < 0:
            return records
        oldest = self._functions.parts.clock.now() / 1000 - self._rules.age_seconds
        old = [record for record in records if _made_at(record) < oldest]
        if old:
            await self._give_up(old, "RecordAgeExceeded", 0, None, "", "")
        return [record for record in records if _made_at(record) >= oldest]

    async def _give_up(
        self,
        records: _Records,
        condition: str,
        attempts: int,
        outcome: Outcome | None,
        request_id: str,
        version: str,
    ) -> None:
        """Tell the destination which records the function never took."""
        _log.warning("%s: gave up %d records: %s", self._row.source, len(records), condition)
        if self._rules.on_failure is None:
            return
        functions, row = self._functions, self._row
        context: JsonObject = {
            "requestId": request_id or functions.parts.ids.uuid(),
            "functionArn": function_arn(row.function, row.qualifier or LATEST),
            "condition": condition,
            "approximateInvokeCount": attempts,
        }
        document: JsonObject = {"requestContext": context}
        if outcome is not None:
            document["responseContext"] = {
                "statusCode": 200,
                "executedVersion": version,
                "functionError": outcome.error,
            }
        document |= {
            "version": "1.0",
            "timestamp": iso_time(functions.parts.clock.now()),
            "DDBStreamBatchInfo": _batch_info(records, row.source),
        }
        found = target(functions, row)
        with functions.parts.ledger.stage() as turn:
            send(functions, turn, self._rules.on_failure, document, found, row.source, "Failure")
        await functions.parts.ledger.committed()


def _made_at(record: dict[str, Any]) -> float:
    return float(record["dynamodb"].get("ApproximateCreationDateTime", 0))


def _batch_info(records: _Records, arn: str) -> JsonObject:
    first, last = records[0], records[-1]
    return {
        "shardId": f"shardId-{int(first['dynamodb']['SequenceNumber']):021d}",
        "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
        "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
        "approximateArrivalOfFirstRecord": iso_time(int(_made_at(first) * 1000)),
        "approximateArrivalOfLastRecord": iso_time(int(_made_at(last) * 1000)),
        "batchSize": len(records),
        "streamArn": arn,
    }
