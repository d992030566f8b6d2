"""Noticing that a caller has gone while its long poll still waits.

Most polls are answered at once, so the look-out is posted only when one has waited for a moment:
until then it costs a timer and no task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from stepwell.gateway.body import Disconnected, Receive

T = TypeVar("T")

LOOK_OUT_AFTER_SECONDS = 0.1


async def while_connected(work: Awaitable[T], receive: Receive) -> T:
    """The result of the work. When the caller goes away first, the work is cancelled and
    Disconnected raised: a poll that nobody waits for must not take a message or a task."""
    task = asyncio.current_task()
    assert task is not None
    lookout = _Lookout(task, receive)
    timer = asyncio.get_running_loop().call_later(LOOK_OUT_AFTER_SECONDS, lookout.start)
    try:
        return await work
    except asyncio.CancelledError:
        if not lookout.saw_leave:
            raise
        task.uncancel()
        raise Disconnected from None
    finally:
        timer.cancel()
        lookout.stop()


class _Lookout:
    """Waits for the caller to hang up, and cancels the task that works for it."""

    def __init__(self, worker: asyncio.Task[object], receive: Receive) -> None:
        self.saw_leave = False
        self._worker = worker
        self._receive = receive
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to watch."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    def stop(self) -> None:
        """Ends watching."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] == "http.request":
            pass
        self.saw_leave = True
        self._worker.cancel()
