"""What a pipe writes into its log group: the steps of each execution, that is of each batch.

Which steps are written the Level decides; what was carried stands there only when the pipe says so
(IncludeExecutionData). A line is a line: nothing is held up by one that cannot be written.
"""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.services.deliveries.delivery import Delivery
from stepwell.services.feeds.ports import Records
from stepwell.services.pipes.records import PipeRow, pipe_arn, settings_of
from stepwell.services.pipes.registry import Registry
from stepwell.values import JsonObject, encode_text

_LEVELS = ("ERROR", "INFO", "TRACE")
_FIELD_BYTES_MAX = 100_000
"""A longer payload is cut, and named among the truncated fields."""


class Journal:
    """The log of one pipe, as it is set now."""

    def __init__(self, pipes: Registry, row: PipeRow) -> None:
        self._pipes = pipes
        self._row = row
        given: dict[str, Any] = settings_of(row).get("LogConfiguration") or {}
        level = given.get("Level")
        self._levels = _LEVELS[: _LEVELS.index(level) + 1] if level in _LEVELS else ()
        destination = given.get("CloudwatchLogsLogDestination") or {}
        self._group: str = destination.get("LogGroupArn") or ""
        self._with_data = "ALL" in (given.get("IncludeExecutionData") or ())

    def begin(self) -> Execution:
        """The lines of one batch."""
        return Execution(self, self._pipes.parts.ids.uuid() if self._levels else "")

    def write(
        self,
        execution: str,
        step: str,
        level: str,
        records: Records | None,
        trouble: ServiceError | StorageTrouble | None,
    ) -> None:
        """A line, if the pipe wants those of that level."""
        if level not in self._levels:
            return
        pipes, arn = self._pipes, pipe_arn(self._row)
        line: JsonObject = {
            "resourceArn": arn,
            "timestamp": pipes.parts.clock.now(),
            "executionId": execution,
            "messageType": step,
            "logLevel": level,
        }
        if records is not None and self._with_data:
            payload = encode_text(records)
            line["payload"] = payload[:_FIELD_BYTES_MAX]
            if len(payload) > _FIELD_BYTES_MAX:
                line["truncatedFields"] = ["payload"]
        if trouble is not None:
            line["error"] = _told(trouble)
        account, region = self._row.scope.split(":")
        request: JsonObject = {"Message": encode_text(line), "LogStreamName": self._row.name}
        with pipes.parts.ledger.stage() as turn:
            pipes.parts.deliveries.send(turn, Delivery(self._group, request, account, region, arn))


class Execution:
    """One batch on its way."""

    def __init__(self, journal: Journal, number: str) -> None:
        self._journal = journal
        self._number = number

    def info(self, step: str, records: Records | None = None) -> None:
        """A step, of the level INFO."""
        self._journal.write(self._number, step, "INFO", records, None)

    def error(self, step: str, records: Records, trouble: ServiceError | StorageTrouble) -> None:
        """A step that failed, for these records."""
        self._journal.write(self._number, step, "ERROR", records, trouble)


def _told(trouble: ServiceError | StorageTrouble) -> JsonObject:
    if isinstance(trouble, StorageTrouble):
        return {"httpStatusCode": 503, "message": str(trouble)}
    return {"httpStatusCode": trouble.status, "message": trouble.message, "details": trouble.code}
