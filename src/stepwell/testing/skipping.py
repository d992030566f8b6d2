"""A real server in this process whose clock can be put forward.

    with SkippingServer(tmp_path / "data") as server:
        client = boto3.client("stepfunctions", endpoint_url=server.endpoint, ...)
        server.skip(days=30)      # timeouts, waits, retries and delays of a month are due now

Everything else is as it is in production: real sockets, a real store, real functions. The server
has an event loop in a thread of its own; clients are used from the test's.
"""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from stepwell.gateway.server import run
from stepwell.runtime.clock import SystemClock
from stepwell.server import Server, ServerSettings

READY_TIMEOUT_SECONDS = 60.0
_LOOK_SECONDS_MAX = 3600.0


class SkippingClock:
    """The machine's clock and its alarms, put forward as often as wanted."""

    def __init__(self, ahead_seconds: float = 0) -> None:
        self._system = SystemClock()
        self._skipped_ms = int(ahead_seconds * 1000)
        self._alarms: list[tuple[int, int, list[Callable[[], None]]]] = []
        self._count = 0
        self._handle: asyncio.TimerHandle | None = None

    def now(self) -> int:
        """Epoch milliseconds, with what was skipped."""
        return self._system.now() + self._skipped_ms

    def call_at(self, at: int, action: Callable[[], None]) -> Callable[[], None]:
        """Call `action` when the clock gets there. The answer calls it off."""
        self._count += 1
        holder = [action]
        heapq.heappush(self._alarms, (at, self._count, holder))
        self._arm()
        return holder.clear

    def skip(self, until: int) -> bool:
        """Put the clock forward to what is due next, at most until then; whether it got there."""
        at = self._next()
        target = until if at is None else min(at, until)
        self._skipped_ms += max(0, target - self.now())
        self._ring()
        self._arm()
        return target == until

    def _next(self) -> int | None:
        while self._alarms and not self._alarms[0][2]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _ring(self) -> None:
        now = self.now()
        while (at := self._next()) is not None and at <= now:
            for action in tuple(heapq.heappop(self._alarms)[2]):
                action()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        at = self._next()
        if at is not None:
            seconds = min(max(0, at - self.now()) / 1000, _LOOK_SECONDS_MAX)
            self._handle = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._handle = None
        self._ring()
        self._arm()


class SkippingServer:
    """A server in a thread. See the module."""

    def __init__(
        self, data: Path, *, settings: ServerSettings | None = None, ahead_seconds: float = 0
    ) -> None:
        self.settings = settings or ServerSettings(store=data, port=0)
        self.clock = SkippingClock(ahead_seconds)
        self.port = 0
        self._ready = threading.Event()
        self._trouble: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._main, name="stepwell", daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL that clients use."""
        return f"http://127.0.0.1:{self.port}"

    def skip(self, *, seconds: float = 0, hours: float = 0, days: float = 0) -> None:
        """Put the clock forward; returns when what was due has been rung."""
        total = seconds + 3600 * hours + 86_400 * days
        assert self._loop is not None
        done = asyncio.run_coroutine_threadsafe(self._skip(int(total * 1000)), self._loop)
        done.result(READY_TIMEOUT_SECONDS)

    async def _skip(self, milliseconds: int) -> None:
        """What is due on the way happens at its time, and is on disk before time goes on."""
        assert self._server is not None
        until = self.clock.now() + milliseconds
        while not self.clock.skip(until):
            await self._server.core.ledger.committed()
            await asyncio.sleep(0)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(READY_TIMEOUT_SECONDS) or self._trouble is not None:
            raise RuntimeError("the server did not start") from self._trouble
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._server is not None:
            self._loop.call_soon_threadsafe(self._server.closing.set)
        self._thread.join(READY_TIMEOUT_SECONDS)

    def _main(self) -> None:
        try:
            run(self._serve())
        except BaseException as trouble:
            self._trouble = trouble
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = Server(self.settings, clock=self.clock, alarm=self.clock)
        async with self._server as server:
            await server.serve(on_ready=self._listening)

    def _listening(self, port: int) -> None:
        self.port = port
        self._ready.set()
