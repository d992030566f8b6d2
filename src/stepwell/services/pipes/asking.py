"""What a pipe says to whom it asks: its templates filled in, and its name on the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.feeds.batch_info import iso_time
from stepwell.services.pipes.inputs import Item, shape
from stepwell.services.pipes.ports import HttpParts, Parcel, Question
from stepwell.services.pipes.records import PipeRow, pipe_arn, settings_of
from stepwell.services.pipes.registry import Registry
from stepwell.values import JsonObject


class Asking:
    """One pipe, as it is set now."""

    def __init__(self, pipes: Registry, row: PipeRow) -> None:
        self._pipes = pipes
        self._row = row
        self._account, self._region = row.scope.split(":")
        self._enrichment: str = settings_of(row).get("Enrichment") or ""

    def shaped(self, item: Item, parameters: Mapping[str, Any]) -> str:
        """An event by the InputTemplate of these parameters."""
        row = self._row
        return shape(
            item,
            parameters.get("InputTemplate"),
            {
                "aws.pipes.pipe-arn": pipe_arn(row),
                "aws.pipes.pipe-name": row.name,
                "aws.pipes.source-arn": row.source,
                "aws.pipes.enrichment-arn": self._enrichment,
                "aws.pipes.target-arn": row.target,
                "aws.pipes.event.ingestion-time": iso_time(self._pipes.parts.clock.now()),
            },
        )

    async def ask(self, arn: str, body: str, http: HttpParts | None = None) -> bytes:
        """The answer. Raises ServiceError."""
        arn_of_pipe = pipe_arn(self._row)
        question = Question(
            arn, body, self._account, self._region, arn_of_pipe, http or HttpParts()
        )
        return await self._pipes.around.ways.ask(question)

    def parcel(self, request: JsonObject) -> Parcel:
        """A parcel for the target."""
        row = self._row
        return Parcel(row.target, request, self._account, self._region, pipe_arn(row))
