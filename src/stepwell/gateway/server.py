"""uvicorn inside our own event loop, started and stopped by us.

`serve` returns when `closing` is set and what was in flight is answered. Long polls must watch
the same event and answer at once; those that do not are cut off when the grace is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

import uvicorn

from stepwell.gateway.app import App
from stepwell.gateway.connection import BoundedConnection

T = TypeVar("T")

KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 20
BACKLOG = 2048


class _Server(uvicorn.Server):
    """Signals belong to whoever started us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


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
) -> None:
    """Serves until `closing` is set, then drains. Port 0 takes a free one; `on_ready` is told
    which. `localhost` means both of the machine's loopback addresses. Raises OSError when the
    address is taken."""
    listeners = _listeners(host, port)
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,
        backlog=BACKLOG,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=listeners))
    stopping = asyncio.create_task(closing.wait())
    try:
        # The socket listens already: who connects now waits in the backlog, nobody is refused.
        if on_ready is not None:
            on_ready(listeners[0].getsockname()[1])
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await running


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
