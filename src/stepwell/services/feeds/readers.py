"""The readers of a service: one for each mapping or pipe that reads now."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from stepwell.services.feeds.queue_reader import QueueReader
from stepwell.services.feeds.stream_reader import StreamReader

K = TypeVar("K", bound=Hashable)
Reader = QueueReader | StreamReader[Any]


class Readers(Generic[K]):
    """See the module. Once it is stopped, nothing begins any more."""

    def __init__(self) -> None:
        self._readers: dict[K, Reader] = {}
        self._closing = False

    def may_begin(self, key: K) -> bool:
        """Whether a reader for that key would be the only one, and welcome."""
        return not self._closing and key not in self._readers

    def begin(self, key: K, reader: Reader) -> None:
        """Read from now on."""
        self._readers[key] = reader
        reader.start()

    def end(self, key: K) -> None:
        """Take nothing more for that key; batches that run end by themselves."""
        reader = self._readers.pop(key, None)
        if reader is not None:
            reader.stop()

    def stop(self) -> None:
        """Take nothing more: the server stops."""
        self._closing = True
        for reader in self._readers.values():
            reader.stop()

    async def close(self) -> None:
        """End every batch; what it held comes back."""
        self.stop()
        await asyncio.gather(*[reader.close() for reader in self._readers.values()])
