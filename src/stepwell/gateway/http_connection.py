"""One HTTP/1.1 connection: requests in, answers out, in order.

A reader cuts the bytes into requests; one worker task per connection answers them one after the
other. The rules:

- the next request is handled when the answer to the former is written and the peer has room for
  it; while several wait, nothing more is read;
- an answer is one write; the answers of one turn of the loop are written together at its end,
  because each of them wakes its reader, which may then take the processor from us;
- after a refusal the rest of what the peer sends is read and thrown away for a moment, so that
  the refusal is not lost in a reset;
- when the peer goes away, work that is marked abandonable is cancelled; all other work ends.

No timers here: the server calls `tick`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

from stepwell.gateway import http_answers as answers
from stepwell.gateway.http_answers import Refusal, answer_bytes
from stepwell.gateway.http_requests import BODY, DEAF, HEAD, IDLE, Incoming, RequestReader
from stepwell.gateway.messages import App, Disconnected, Request

log = logging.getLogger("stepwell.gateway")

WAITING_MAX = 8
"""Requests that wait for their turn before reading stops."""
UNFINISHED_BYTES_MAX = 512 * 1024 * 1024
"""Of all requests together that have begun and are not whole."""
DISCARDED_BYTES_MAX = 16 * 1024 * 1024

IDLE_SECONDS = 75
HEAD_SECONDS = 30
STALL_SECONDS = 60
"""How long a body, or a peer that reads, may stand still."""
UNWANTED_MAX = 64
"""Connections beyond the bound that are told so; the rest is cut."""
LINGER_SECONDS = 3
"""How long a peer may take to notice a refusal."""


@dataclass(eq=False)
class Shared:
    """What all connections of one server have in common."""

    app: App
    loop: asyncio.AbstractEventLoop
    connections_max: int
    open: set[Connection] = field(default_factory=set)
    """Connections that have a peer, or work that must end."""
    emptied: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever the last connection has ended."""
    seconds: int = 0
    """Seconds since the start, counted by the server's one timer."""
    date: bytes = b""
    """The Date header line of this second."""
    closing: bool = False
    unfinished_bytes: int = 0
    """What has come of requests that are not whole yet."""
    unsent: list[Connection] = field(default_factory=list)
    """Connections with an answer that is written at the end of the turn."""

    def send_soon(self, connection: Connection) -> None:
        """Let the connection write what it has not sent, when all others have got on as well."""
        if not self.unsent:
            self.loop.call_soon(self._send_all)
        self.unsent.append(connection)

    def _send_all(self) -> None:
        connections, self.unsent = self.unsent, []
        for connection in connections:
            connection.send_unsent()


class Connection(asyncio.Protocol):
    """Reads requests from one peer and writes their answers."""

    __slots__ = (
        "_continue_due",
        "_current",
        "_discarded",
        "_drained",
        "_lost",
        "_paused",
        "_reader",
        "_shared",
        "_since",
        "_stalled_since",
        "_transport",
        "_unfinished_bytes",
        "_unsent",
        "_waiter",
        "_waiting",
        "_worker",
    )
    _transport: asyncio.Transport

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._reader = RequestReader(
            shared.app.body_bytes_max, put=self._put, go_on=self._go_on, own_url=self._own_url
        )
        self._since = shared.seconds  # When the phase began, or the body last grew.
        self._waiting: deque[Incoming] = deque()
        self._current: Incoming | None = None
        self._worker: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._stalled_since = 0
        self._paused = False
        self._continue_due = False
        self._unfinished_bytes = 0
        self._unsent = b""
        self._discarded = 0
        self._lost = False

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return self._current is not None or bool(self._waiting)

    # The event loop calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there."""
        # uvloop's transports are no subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        shared = self._shared
        excess = len(shared.open) - shared.connections_max
        self._reader.unwanted = excess >= 0
        shared.open.add(self)
        if shared.closing or excess >= UNWANTED_MAX:
            self._reader.phase = DEAF
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        reader = self._reader
        before = reader.phase
        if before == DEAF:
            self._discard(len(data))
            return
        reader.feed(data)
        if before != HEAD or reader.phase != HEAD:
            self._since = self._shared.seconds
        if reader.phase != IDLE or self._unfinished_bytes:
            self._count_unfinished()

    def _count_unfinished(self) -> None:
        """Keeps the sum over all connections, and refuses what would make it too large."""
        shared, now = self._shared, self._reader.unfinished_bytes
        shared.unfinished_bytes += now - self._unfinished_bytes
        self._unfinished_bytes = now
        if now and shared.unfinished_bytes > UNFINISHED_BYTES_MAX:
            self._reader.refuse(answers.TOO_MUCH)
            self._count_unfinished()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > DISCARDED_BYTES_MAX:
            self._transport.abort()

    def eof_received(self) -> bool:
        """The peer sends no more; it may still want its answers."""
        self.send_unsent()
        if not self.busy or self._is_abandonable():
            return False
        self._reader.phase = DEAF
        self._mark_gone()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """The peer is gone."""
        self._reader.phase = DEAF
        self._lost = True
        self._count_unfinished()
        self._reader.close()
        self._mark_gone()
        if self._worker is None:
            self._leave()
        elif self._is_abandonable():
            self._worker.cancel()
        for future in (self._waiter, self._drained):
            if future is not None and not future.done():
                future.set_result(None)

    def _is_abandonable(self) -> bool:
        return isinstance(self._current, Request) and self._current.abandonable

    def _mark_gone(self) -> None:
        for item in (self._current, *self._waiting):
            if isinstance(item, Request):
                item.gone = True

    def pause_writing(self) -> None:
        """The peer does not read fast enough."""
        self._drained = self._shared.loop.create_future()
        self._stalled_since = self._shared.seconds

    def resume_writing(self) -> None:
        """The peer has caught up."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # The server calls these

    def tick(self) -> None:
        """Called now and then: ends what has taken too long."""
        seconds = self._shared.seconds
        if self._drained is not None:
            if seconds - self._stalled_since > STALL_SECONDS:
                self._transport.abort()
            return
        if self.busy:
            return
        age = seconds - self._since
        if self._reader.phase == IDLE and age > (
            LINGER_SECONDS if self._reader.unwanted else IDLE_SECONDS
        ):
            self._transport.close()
        elif self._reader.phase == DEAF and age > LINGER_SECONDS:
            self._transport.abort()
        elif (self._reader.phase == HEAD and age > HEAD_SECONDS) or (
            self._reader.phase == BODY and age > STALL_SECONDS
        ):
            self._reader.refuse(answers.TOO_SLOW)
            self._count_unfinished()

    def shut_down(self) -> None:
        """Closes at once when idle, else after the requests that have begun."""
        self.send_unsent()
        if not self.busy and self._reader.phase != BODY:
            self._reader.phase = DEAF
            self._transport.close()

    def cut_off(self) -> asyncio.Task[None] | None:
        """Ends without waiting for anything. Answers with the work that was cancelled."""
        self._transport.abort()
        if self._worker is not None:
            self._worker.cancel()
        return self._worker

    # The reader calls these

    def _own_url(self) -> str:
        address = self._transport.get_extra_info("sockname") or ("localhost", 80)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"http://{host}:{address[1]}"

    def _go_on(self) -> None:
        """The caller waits for a word before it sends its body; former answers come first."""
        if self.busy:
            self._continue_due = True
        else:
            self._send(answers.CONTINUE)

    def _put(self, item: Incoming) -> None:
        """The item gets its turn."""
        waiting = self._waiting
        waiting.append(item)
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            if not waiter.done():
                waiter.set_result(None)
        elif self._worker is None:
            self._worker = self._shared.loop.create_task(self._work())
            self._worker.add_done_callback(self._worker_ended)
        elif len(waiting) >= WAITING_MAX and not self._paused:
            self._paused = True
            if not self._transport.is_closing():
                self._transport.pause_reading()

    # Requests into answers

    async def _work(self) -> None:
        """Answers one request after the other until the connection ends."""
        waiting, shared = self._waiting, self._shared
        while waiting or not self._lost:
            if not waiting:
                self._waiter = shared.loop.create_future()
                await self._waiter
                continue
            if self._drained is not None:
                await self._drained
            # In no variable of this frame: an idle connection must not hold its last request.
            self._current = waiting.popleft()
            await self._answer(self._current)
            self._current = None
            if self._reader.phase == DEAF and not waiting:
                self._end()
                return
            self._since = shared.seconds
            if self._paused and len(waiting) < WAITING_MAX // 2:
                self._paused = False
                if not self._transport.is_closing():
                    self._transport.resume_reading()
            if self._continue_due and not waiting:
                self._continue_due = False
                if self._reader.phase == BODY:
                    self._send(answers.CONTINUE)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._worker = self._current = None
        if not worker.cancelled() and (error := worker.exception()) is not None:
            log.error("a connection failed", exc_info=error)
            self._transport.abort()
        if self._lost:
            self._leave()

    async def _answer(self, item: Incoming) -> None:
        shared = self._shared
        if isinstance(item, Refusal):
            response, head_only = item.response(), False
        else:
            try:
                response, head_only = await shared.app(item), item.method == "HEAD"
            except Disconnected:
                self._reader.phase = DEAF
                return
            except Exception:
                log.exception("%s %s failed", item.method, item.path)
                response, head_only = answers.BROKEN.response(), item.method == "HEAD"
        if self._lost:
            return
        connection = b""
        if not self._waiting and (
            self._reader.phase == DEAF or (shared.closing and self._reader.phase != BODY)
        ):
            self._reader.phase = DEAF
            connection = answers.CLOSE
        elif isinstance(item, Request) and b"connection" in item.headers:
            connection = answers.KEEP
        data = answer_bytes(response, shared.date, connection, head_only=head_only)
        if not connection and response.stream is None and not self._waiting:
            self._unsent = data
            shared.send_soon(self)
            return
        self._send(data)
        if response.stream is not None and not head_only:
            await self._stream(response.stream)

    async def _stream(self, pieces: AsyncIterator[bytes]) -> None:
        """Sends a body as fast as the peer takes it. What breaks off breaks the connection."""
        try:
            async for piece in pieces:
                if self._lost:
                    return
                self._send(piece)
                if self._drained is not None:
                    await self._drained
        except Exception:
            log.exception("an answer broke off")
            self._reader.phase = DEAF
            self._transport.abort()

    def send_unsent(self) -> None:
        """Writes the answer that waits for the end of the turn, if there is one."""
        data, self._unsent = self._unsent, b""
        try:
            if data:
                self._send(data)
        except Exception:
            # The answers of other connections come after it.
            log.exception("an answer could not be sent")
            self._transport.abort()

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self.send_unsent()
        # uvloop raises when the connection broke a moment ago and nobody was told yet.
        if not self._transport.is_closing():
            self._transport.write(data)

    def _end(self) -> None:
        """Closes; lets a peer that may still be sending see the answer first."""
        self._since = self._shared.seconds
        transport = self._transport
        if self._reader.unread and not transport.is_closing() and transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def _leave(self) -> None:
        shared = self._shared
        shared.open.discard(self)
        if not shared.open:
            shared.emptied.set()
