"""The event source mappings that read now: one reader for each that is enabled."""

from __future__ import annotations

import logging

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.readers import Reader, Readers
from stepwell.services.lambda_.ports import Sources
from stepwell.services.lambda_.queue_mapping import queue_mapping
from stepwell.services.lambda_.records import MappingRow
from stepwell.services.lambda_.running import Running
from stepwell.services.lambda_.stream_mapping import stream_mapping

_log = logging.getLogger("stepwell.lambda")
ENABLED = "Enabled"


class Pollers:
    """Starts and stops readers as mappings come, change and go."""

    def __init__(self, running: Running, sources: Sources) -> None:
        self._running = running
        self._sources = sources
        self._readers: Readers[str] = Readers()

    def load(self) -> None:
        """After a start: read what is enabled."""
        for row in self._running.registry.mappings.everything():
            self._begin(row)

    def changed(self, turn: Turn, row: MappingRow) -> None:
        """A mapping is new or was changed: read by its new rules once that is on disk."""
        turn.after_commit(lambda: self._replace(row))

    def deleted(self, turn: Turn, uuid: str) -> None:
        """A mapping is gone."""
        turn.after_commit(lambda: self._readers.end(uuid))

    def stop(self) -> None:
        """Take nothing more: the server stops."""
        self._readers.stop()

    async def close(self) -> None:
        """End every batch; what it held comes back."""
        await self._readers.close()

    def _replace(self, row: MappingRow) -> None:
        self._readers.end(row.uuid)
        self._begin(row)

    def _begin(self, row: MappingRow) -> None:
        if row.state != ENABLED or not self._readers.may_begin(row.uuid):
            return
        reader = self._reader(row)
        if reader is None:
            _log.error("nothing here reads %s", row.source)
            return
        self._readers.begin(row.uuid, reader)

    def _reader(self, row: MappingRow) -> Reader | None:
        service = row.source.split(":")[2]
        if service == "sqs" and self._sources.queues is not None:
            return queue_mapping(self._running, self._sources.queues, row)
        if service == "dynamodb" and self._sources.streams is not None:
            return stream_mapping(self._running, self._sources.streams, row)
        return None
