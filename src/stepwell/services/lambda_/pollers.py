"""The event source mappings that read now: one reader for each that is enabled."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.queue_reader import QueueReader
from stepwell.services.feeds.stream_reader import StreamReader
from stepwell.services.lambda_.ports import Sources
from stepwell.services.lambda_.queue_mapping import queue_mapping
from stepwell.services.lambda_.records import MappingRow
from stepwell.services.lambda_.stream_mapping import stream_mapping

if TYPE_CHECKING:
    from stepwell.services.lambda_.lambdas import Lambda

_log = logging.getLogger("stepwell.lambda")
ENABLED = "Enabled"
Reader = QueueReader | StreamReader[Any]


class Pollers:
    """Starts and stops readers as mappings come, change and go."""

    def __init__(self, functions: Lambda, sources: Sources) -> None:
        self._functions = functions
        self._sources = sources
        self._readers: dict[str, Reader] = {}
        self._closing = False

    def load(self) -> None:
        """After a start: read what is enabled."""
        for row in self._functions.mappings.everything():
            self._begin(row)

    def changed(self, turn: Turn, row: MappingRow) -> None:
        """A mapping is new or was changed: read by its new rules once that is on disk."""
        turn.after_commit(lambda: self._replace(row))

    def deleted(self, turn: Turn, uuid: str) -> None:
        """A mapping is gone."""
        turn.after_commit(lambda: self._end(uuid))

    def stop(self) -> None:
        """Take nothing more: the server stops."""
        self._closing = True
        for reader in self._readers.values():
            reader.stop()

    async def close(self) -> None:
        """End every batch; what it held comes back."""
        self.stop()
        await asyncio.gather(*[reader.close() for reader in self._readers.values()])

    def _replace(self, row: MappingRow) -> None:
        self._end(row.uuid)
        self._begin(row)

    def _end(self, uuid: str) -> None:
        reader = self._readers.pop(uuid, None)
        if reader is not None:
            reader.stop()

    def _begin(self, row: MappingRow) -> None:
        if self._closing or row.state != ENABLED or row.uuid in self._readers:
            return
        reader = self._reader(row)
        if reader is None:
            _log.error("nothing here reads %s", row.source)
            return
        self._readers[row.uuid] = reader
        reader.start()

    def _reader(self, row: MappingRow) -> Reader | None:
        service = row.source.split(":")[2]
        if service == "sqs" and self._sources.queues is not None:
            return queue_mapping(self._functions, self._sources.queues, row)
        if service == "dynamodb" and self._sources.streams is not None:
            return stream_mapping(self._functions, self._sources.streams, row)
        return None
