"""The server: listens, counts connections, ticks once a second, and stops in order.

`serve` returns when `closing` is set and what was in flight is answered. Long polls must watch
the same event and answer at once; those that do not are cut off when the grace is over.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any, TypeVar

from stepwell.gateway.http_connection import Connection, Shared
from stepwell.gateway.messages import App

T = TypeVar("T")

log = logging.getLogger("stepwell.gateway")

GRACE_SECONDS = 20
BACKLOG = 2048
CONNECTIONS_MAX = 10_000
"""Open at once; fewer where the operating system grants fewer open files."""
_CUT_SECONDS = 1.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs to the end in a new event loop: uvloop's where there is one."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def serve(
    app: App,
    host: str,
    port: int,
    *,
    closing: asyncio.Event,
    on_ready: Callable[[int], None] | None = None,
    grace_seconds: int = GRACE_SECONDS,
    connections_max: int | None = None,
) -> None:
    """Serves until `closing` is set, then drains. Port 0 takes a free one; `on_ready` is told
    which. `localhost` means both of the machine's loopback addresses. Raises OSError when the
    address is taken."""
    listeners = _listeners(host, port)
    acceptor = _Acceptor(app, connections_max or _connections_max())
    try:
        for listener in listeners:
            await acceptor.listen(listener)
        if on_ready is not None:
            on_ready(listeners[0].getsockname()[1])
        await closing.wait()
    finally:
        await acceptor.close(grace_seconds)
        for listener in listeners:
            listener.close()


class _Acceptor:
    """The connections of one server and their one timer."""

    def __init__(self, app: App, connections_max: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._shared = Shared(app, self._loop, connections_max)
        self._servers: list[asyncio.AbstractServer] = []
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self, listener: socket.socket) -> None:
        """Accepts what connects there."""
        server = await self._loop.create_server(self._connection, sock=listener, backlog=BACKLOG)
        self._servers.append(server)

    def _connection(self) -> Connection:
        if self._timer is None:
            self._arm()
        return Connection(self._shared)

    def _arm(self) -> None:
        self._shared.date = f"date: {formatdate(usegmt=True)}\r\n".encode()
        self._timer = self._loop.call_later(1.0, self._tick)

    def _tick(self) -> None:
        """Runs while there are connections, so that a server without any sleeps."""
        shared, self._timer = self._shared, None
        shared.seconds += 1
        for connection in list(shared.open):
            connection.tick()
        if shared.open:
            self._arm()

    async def close(self, grace_seconds: float) -> None:
        """Accepts no more, closes what is idle, waits for the rest, then cuts it off."""
        shared = self._shared
        for server in self._servers:
            server.close()
        shared.closing = True
        for connection in list(shared.open):
            connection.shut_down()
        if not await self._emptied(grace_seconds):
            log.error("%d connections did not end in time and are cut off", len(shared.open))
            for connection in list(shared.open):
                connection.cut_off()
            await self._emptied(_CUT_SECONDS)
        if self._timer is not None:
            self._timer.cancel()

    async def _emptied(self, seconds: float) -> bool:
        shared = self._shared
        shared.emptied.clear()
        if not shared.open:
            return True
        try:
            await asyncio.wait_for(shared.emptied.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _connections_max() -> int:
    """Some open files are left for the store and for what services open."""
    try:
        import resource
    except ImportError:
        return CONNECTIONS_MAX
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if soft < 0 else max(16, min(CONNECTIONS_MAX, soft * 3 // 4))


def _listeners(host: str, port: int) -> list[socket.socket]:
    """The sockets of a host. Some clients know `localhost` only as ::1, which may not exist."""
    if host.lower() != "localhost":
        return [_listen(host, port)]
    first = _listen("127.0.0.1", port)
    try:
        return [first, _listen("::1", first.getsockname()[1])]
    except OSError:
        return [first]


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
