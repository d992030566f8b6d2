"""One change at a time for each key of a bucket, so that what a change reads is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Locks:
    """Locks by name, which exist while somebody uses them."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def hold(self, names: Iterable[tuple[str, str]]) -> AsyncIterator[None]:
        """Hold all of those, always taken in the same order."""
        taken: list[tuple[str, str]] = []
        try:
            for name in sorted(set(names)):
                lock, users = self._held.setdefault(name, (asyncio.Lock(), []))
                users.append(None)
                try:
                    await lock.acquire()
                except BaseException:
                    self._leave(name)
                    raise
                taken.append(name)
            yield
        finally:
            for name in taken:
                self._held[name][0].release()
                self._leave(name)

    def _leave(self, name: tuple[str, str]) -> None:
        _, users = self._held[name]
        users.pop()
        if not users:
            del self._held[name]
