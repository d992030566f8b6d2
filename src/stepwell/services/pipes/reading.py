"""The pipes that read now: one reader for each that runs."""

from __future__ import annotations

from stepwell.runtime.turn import Turn
from stepwell.services.feeds.readers import Reader, Readers
from stepwell.services.pipes.queue_pipe import queue_pipe
from stepwell.services.pipes.records import RUNNING, PipeRow
from stepwell.services.pipes.registry import Registry
from stepwell.services.pipes.settings import source_service
from stepwell.services.pipes.stream_pipe import stream_pipe


class Reading:
    """Starts and stops readers as pipes come, change and go."""

    def __init__(self, pipes: Registry) -> None:
        self._pipes = pipes
        self._readers: Readers[int] = Readers()
        self._began = False

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
        turn.after_commit(lambda: self._readers.end(row.id))

    def stop(self) -> None:
        """Take nothing more: the server stops."""
        self._readers.stop()

    async def close(self) -> None:
        """End every batch; what it held comes back."""
        await self._readers.close()

    def _replace(self, row: PipeRow) -> None:
        self._readers.end(row.id)
        self._begin(row)

    def _begin(self, row: PipeRow) -> None:
        if not self._began or row.state != RUNNING or not self._readers.may_begin(row.id):
            return
        make = queue_pipe if source_service(row.source) == "sqs" else stream_pipe
        reader: Reader = make(self._pipes, row)
        self._readers.begin(row.id, reader)
