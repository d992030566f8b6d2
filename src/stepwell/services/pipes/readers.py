"""The pipes that read now: one reader for each that runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.queue_reader import QueueReader
from stepwell.services.feeds.stream_reader import StreamReader
from stepwell.services.pipes.queue_pipe import queue_pipe
from stepwell.services.pipes.records import RUNNING, PipeRow
from stepwell.services.pipes.settings import source_service
from stepwell.services.pipes.stream_pipe import stream_pipe

if TYPE_CHECKING:
    from stepwell.services.pipes.pipes import Pipes

_Reader = QueueReader | StreamReader[Any]


class Readers:
    """Starts and stops readers as pipes come, change and go."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._readers: dict[int, _Reader] = {}
        self._began = False
        self._closing = False

    def begin(self) -> None:
        """After a start: read for what runs."""
        self._began = True
        for row in self._pipes.pipes.everything():
            self._begin(row)

    def changed(self, turn: Turn, row: PipeRow) -> None:
        """A pipe is new or was changed: it reads by its new rules once that is on disk."""
        turn.after_commit(lambda: self._replace(row))

    def deleted(self, turn: Turn, row: PipeRow) -> None:
        """A pipe is gone."""
        turn.after_commit(lambda: self._end(row))

    def stop(self) -> None:
        """Take nothing more: the server stops."""
        self._closing = True
        for reader in self._readers.values():
            reader.stop()

    async def close(self) -> None:
        """End every batch; what it held comes back."""
        self.stop()
        await asyncio.gather(*[reader.close() for reader in self._readers.values()])

    def _replace(self, row: PipeRow) -> None:
        self._end(row)
        self._begin(row)

    def _end(self, row: PipeRow) -> None:
        reader = self._readers.pop(row.id, None)
        if reader is not None:
            reader.stop()

    def _begin(self, row: PipeRow) -> None:
        if self._closing or not self._began or row.state != RUNNING or row.id in self._readers:
            return
        make = queue_pipe if source_service(row.source) == "sqs" else stream_pipe
        reader: _Reader = make(self._pipes, row)
        self._readers[row.id] = reader
        reader.start()
