"""A pipe that reads the stream of a table, in order."""

from __future__ import annotations

from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.feeds.batch_info import batch_info, iso_time
from stepwell.services.feeds.filters import compile_filters
from stepwell.services.feeds.ports import Records
from stepwell.services.feeds.stream_reader import GivenUp, Passed, StreamReader, StreamRules
from stepwell.services.pipes.arrivals import Arrival
from stepwell.services.pipes.carriage import Carriage
from stepwell.services.pipes.records import SHARD, PipeRow, PositionRow, pipe_arn, settings_of
from stepwell.services.pipes.registry import Registry
from stepwell.services.pipes.settings import STREAM_MEMBER
from stepwell.values import JsonObject, encode_text

_FOR_EVER = -1


def stream_pipe(pipes: Registry, row: PipeRow) -> StreamReader[Arrival]:
    """The reader of a pipe."""
    parameters = settings_of(row)["SourceParameters"]
    own = parameters[STREAM_MEMBER]
    rules = StreamRules(
        source=row.source,
        size=own["BatchSize"],
        window_ms=(own.get("MaximumBatchingWindowInSeconds") or 0) * 1_000,
        parallel=own.get("ParallelizationFactor") or 1,
        retries=own.get("MaximumRetryAttempts", _FOR_EVER),
        age_seconds=own.get("MaximumRecordAgeInSeconds", _FOR_EVER),
        bisect=own.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        wanted=compile_filters(parameters.get("FilterCriteria")),
    )
    dead: str | None = (own.get("DeadLetterConfig") or {}).get("Arn")
    return StreamReader(pipes.parts, pipes.around.streams, rules, _Consumer(pipes, row, dead))


class _Consumer:
    """The pipe (feeds.stream_reader.StreamConsumer)."""

    def __init__(self, pipes: Registry, row: PipeRow, dead: str | None) -> None:
        self._pipes = pipes
        self._row = row
        self._dead = dead
        self._carriage = Carriage(pipes, row, in_order=True)

    async def ready(self) -> None:
        """Return once pipes can be looked up."""
        await self._pipes.ready()

    def position(self) -> int:
        """The position of the pipe."""
        row = self._pipes.positions.get(self._row.id, SHARD)
        return 0 if row is None else row.sequence

    def move(self, turn: Turn, position: int) -> None:
        """Remember how far it is, unless the pipe is gone."""
        current = self._pipes.pipes.get(self._row.scope, self._row.name)
        if current is not None and current.id == self._row.id:
            self._pipes.positions.put(turn, PositionRow(self._row.id, SHARD, position))

    async def consume(self, records: Records, passed: Passed) -> tuple[Records, Arrival]:
        """Carry a batch as far as it goes."""
        arrival = await self._carriage.carry(records, _StreamOrigin(passed))
        return arrival.left, arrival

    def give_up(self, turn: Turn, given_up: GivenUp[Arrival]) -> None:
        """Send a dead letter that says which records the target never took."""
        if self._dead is None:
            return
        row, arn = self._row, pipe_arn(self._row)
        context: JsonObject = {
            "requestId": self._pipes.parts.ids.uuid(),
            "pipeArn": arn,
            "condition": given_up.condition,
            "approximateInvokeCount": given_up.attempts,
        }
        document: JsonObject = {
            "context": context,
            "version": "1.0",
            "timestamp": iso_time(self._pipes.parts.clock.now()),
            "DDBStreamBatchInfo": batch_info(given_up.records, row.source),
        }
        text = encode_text(document)
        member = "MessageBody" if self._dead.split(":")[2] == "sqs" else "Message"
        account, region = row.scope.split(":")
        letter = Delivery(self._dead, {member: text}, account, region, arn)
        self._pipes.parts.deliveries.send(turn, letter)


class _StreamOrigin:
    """Records are let go by moving on (pipes.carriage.Origin)."""

    def __init__(self, passed: Passed) -> None:
        self._passed = passed

    async def reach(self, records: Records) -> None:
        """They stay where they are."""

    def held(self, records: Records) -> Records:
        """All of them: nobody else reads for this pipe."""
        return records

    def let_go(self, turn: Turn, records: Records) -> None:
        """Move on behind them."""
        self._passed(turn, records)

    def identifier(self, record: dict[str, Any]) -> str:
        """The sequence number."""
        return str(record["dynamodb"]["SequenceNumber"])
