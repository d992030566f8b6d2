"""One HTTP/1.1 connection: requests in, answers out, in order.

A parser cuts the bytes into requests; one worker task per connection answers them one after the
other. The rules:

- the next request is handled when the answer to the former is written and the peer has room for
  it; while several wait, nothing more is read;
- head, trailers, chunk frames and body are bounded; a body over the limit is not kept, but
  the application still says so in its own shape;
- what two parties could read in two ways (two lengths, a length and chunks, odd transfer
  encodings) is refused, and the connection is closed;
- after a refusal the rest of what the peer sends is read and thrown away for a moment, so that
  the refusal is not lost in a reset;
- when the peer goes away, work that is marked abandonable is cancelled; all other work ends.

No timers here: the server calls `tick`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import httptools

from stepwell.gateway import http_answers as answers
from stepwell.gateway.http_answers import Refusal, answer_bytes
from stepwell.gateway.messages import App, Disconnected, Request
from stepwell.gateway.settings import HEADER_BYTES_MAX, HEADERS_MAX

log = logging.getLogger("stepwell.gateway")

IDLE, HEAD, BODY, DEAF = range(4)
"""Between requests; in a head; in a body; what comes in is thrown away."""

FEED_BYTES = 64 * 1024
"""The most the parser gets at once."""
WAITING_MAX = 8
"""Requests that wait for their turn before reading stops."""
FRAME_BYTES_PER_BODY_BYTE = 16
"""How much chunk framing a body may bring, beside the room for heads."""
DISCARDED_BYTES_MAX = 16 * 1024 * 1024

IDLE_SECONDS = 75
HEAD_SECONDS = 30
STALL_SECONDS = 60
"""How long a body, or a peer that reads, may stand still."""
UNWANTED_MAX = 64
"""Connections beyond the bound that are told so; the rest is cut."""
LINGER_SECONDS = 3
"""How long a peer may take to notice a refusal."""


class _Stop(Exception):
    """Leaves the parser in the middle of its bytes."""


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


_Waiting: TypeAlias = "Request | Refusal"


class Connection(asyncio.Protocol):
    """Reads requests from one peer and writes their answers."""

    __slots__ = (
        "_body",
        "_continue_due",
        "_current",
        "_discarded",
        "_drained",
        "_headers",
        "_keep_alive",
        "_lost",
        "_packet_bytes",
        "_pairs",
        "_parser",
        "_path",
        "_paused",
        "_query",
        "_shared",
        "_since",
        "_stalled_since",
        "_trailers",
        "_transport",
        "_unread",
        "_unwanted",
        "_upgrading",
        "_url",
        "_waiter",
        "_waiting",
        "_wire_bytes",
        "_worker",
        "phase",
    )
    _transport: asyncio.Transport

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._parser = httptools.HttpRequestParser(self)
        self.phase = IDLE
        self._url = b""
        self._path = "/"
        self._query = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._trailers = 0
        self._keep_alive = True
        self._upgrading = False
        self._continue_due = False
        self._packet_bytes = 0  # Of the packet in hand, as far as it can belong to the request.
        self._wire_bytes = 0  # Of the request so far.
        self._since = shared.seconds  # When the phase began, or the body last grew.
        self._waiting: deque[_Waiting] = deque()
        self._current: _Waiting | None = None
        self._worker: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._stalled_since = 0
        self._paused = False
        self._unread = False  # The peer may still be sending what will not be read.
        self._discarded = 0
        self._unwanted = False
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
        self._unwanted = excess >= 0
        shared.open.add(self)
        if shared.closing or excess >= UNWANTED_MAX:
            self.phase = DEAF
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self.phase == DEAF:
            self._discard(len(data))
        elif len(data) <= FEED_BYTES:
            self._feed(data)
        else:
            for start in range(0, len(data), FEED_BYTES):
                if self.phase == DEAF:
                    return
                self._feed(data[start : start + FEED_BYTES])

    def eof_received(self) -> bool:
        """The peer sends no more; it may still want its answers."""
        if not self.busy or self._is_abandonable():
            return False
        self.phase = DEAF
        self._mark_gone()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """The peer is gone."""
        self.phase = DEAF
        self._lost = True
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
        if self.phase == IDLE and age > (LINGER_SECONDS if self._unwanted else IDLE_SECONDS):
            self._transport.close()
        elif self.phase == DEAF and age > LINGER_SECONDS:
            self._transport.abort()
        elif (self.phase == HEAD and age > HEAD_SECONDS) or (
            self.phase == BODY and age > STALL_SECONDS
        ):
            self._refuse(answers.TOO_SLOW)

    def shut_down(self) -> None:
        """Closes at once when idle, else after the requests that have begun."""
        if not self.busy and self.phase != BODY:
            self.phase = DEAF
            self._transport.close()

    def cut_off(self) -> asyncio.Task[None] | None:
        """Ends without waiting for anything. Answers with the work that was cancelled."""
        self._transport.abort()
        if self._worker is not None:
            self._worker.cancel()
        return self._worker

    # Bytes into requests. The parser calls the methods that begin with `on_`.

    def _feed(self, data: bytes) -> None:
        while True:
            self._packet_bytes = len(data)
            if self.phase != IDLE:
                self._wire_bytes += self._packet_bytes
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_upgrade(data[upgrade.args[0] :])
                continue
            except httptools.HttpParserError as error:
                if self.phase != DEAF:
                    self._refuse(answers.BAD_REQUEST)
                    if isinstance(error, httptools.HttpParserCallbackError):
                        log.error("reading a request failed", exc_info=error)
            break
        if self.phase == HEAD:
            if self._wire_bytes > HEADER_BYTES_MAX or len(self._pairs) > HEADERS_MAX:
                self._refuse(answers.TOO_LARGE_HEAD)
        elif self.phase == BODY:
            self._since = self._shared.seconds
            room = HEADER_BYTES_MAX + FRAME_BYTES_PER_BODY_BYTE * len(self._body) + FEED_BYTES
            if self._wire_bytes > room:
                self._refuse(answers.TOO_MUCH_FRAMING)

    def on_url(self, url: bytes) -> None:
        """A part of the address; the first one begins a request."""
        if self.phase == IDLE:
            self.phase = HEAD
            self._since = self._shared.seconds
            self._wire_bytes = self._packet_bytes
            self._pairs = []
            self._body = b""
            self._url = url
        else:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Those after a body are counted and forgotten: they change nothing."""
        if self.phase == HEAD:
            self._pairs.append((name.lower(), value))
            return
        self._trailers += 1
        if self._trailers > HEADERS_MAX:
            self._stop(answers.TOO_LARGE_HEAD)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        pairs = self._pairs
        if len(pairs) > HEADERS_MAX or (
            self._wire_bytes > HEADER_BYTES_MAX and self._head_bytes() > HEADER_BYTES_MAX
        ):
            self._stop(answers.TOO_LARGE_HEAD)
        self._headers = headers = dict(pairs)
        self._keep_alive = self._parser.should_keep_alive()
        if self._url == b"/":
            self._path, self._query = "/", b""
        else:
            self._read_address()
        self.phase = BODY
        if self._unwanted:
            self._stop(answers.TOO_MANY)
        if self._parser.should_upgrade():
            self._upgrading = True
            return
        if b"transfer-encoding" in headers:
            self._trailers = 0
            self._check_chunked()
        else:
            length = headers.get(b"content-length")
            if length is not None and int(length) > self._shared.app.body_bytes_max:
                self._give_up_body()
        if b"expect" in headers:
            self._expect(headers[b"expect"])

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        body = self._body
        if not body:
            self._body = part
        elif type(body) is bytearray:
            body += part
        else:
            self._body = bytearray(body)
            self._body += part
        if len(self._body) > self._shared.app.body_bytes_max:
            self._give_up_body()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._upgrading:
            return
        body = self._body
        self._packet_bytes = 0
        self._continue_due = False
        self.phase = IDLE if self._keep_alive else DEAF
        self._put(self._request(body if type(body) is bytes else bytes(body)))

    def _request(self, body: bytes) -> Request:
        headers = self._headers
        method = self._parser.get_method().decode()
        own_url = "" if b"host" in headers else self._own_url()
        return Request(
            method, self._path, self._query, headers, body, body, own_url, None, self._pairs
        )

    def _own_url(self) -> str:
        address = self._transport.get_extra_info("sockname") or ("localhost", 80)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        return f"http://{host}:{address[1]}"

    def _head_bytes(self) -> int:
        return len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._pairs)

    def _read_address(self) -> None:
        try:
            if not self._url.isascii() or self._parser.get_method() == b"CONNECT":
                raise ValueError
            address = httptools.parse_url(self._url)
        except (ValueError, httptools.HttpParserError):
            if self._url != b"*":
                self._stop(answers.BAD_TARGET)
            self._path, self._query = "*", b""
        else:
            self._path = (address.path or b"/").decode()
            self._query = address.query or b""

    def _check_chunked(self) -> None:
        codings = [value for name, value in self._pairs if name == b"transfer-encoding"]
        alone = len(codings) == 1 and codings[0].strip().lower() == b"chunked"
        if (
            not alone
            or b"content-length" in self._headers
            or self._parser.get_http_version() != "1.1"
        ):
            self._stop(answers.BAD_FRAMING)

    def _expect(self, expectation: bytes) -> None:
        if self._parser.get_http_version() == "1.0":
            return
        if expectation.strip().lower() != b"100-continue":
            self._stop(answers.BAD_EXPECTATION)
        if self.busy:
            self._continue_due = True
        else:
            self._transport.write(answers.CONTINUE)

    def _without_upgrade(self, rest: bytes) -> bytes:
        """The request's bytes again, without its wish for another protocol, as servers may do.

        The parser hands over at such a request; a new one takes the rest.
        """
        method = self._parser.get_method()
        version = self._parser.get_http_version().encode()
        kept = [pair for pair in self._pairs if pair[0] not in (b"upgrade", b"connection")]
        kept.append((b"connection", b"keep-alive" if self._keep_alive else b"close"))
        lines = b"".join(b"%b: %b\r\n" % pair for pair in kept)
        self._parser = httptools.HttpRequestParser(self)
        self._upgrading = False
        self.phase = IDLE
        return b"%b %b HTTP/%b\r\n%b\r\n%b" % (method, self._url, version, lines, rest)

    def _give_up_body(self) -> None:
        """Hands over the request without its body, which is too large to keep."""
        request = self._request(b"")
        request.too_large = True
        self._body = b""
        self._unread = True
        self.phase = DEAF
        self._put(request)
        raise _Stop

    def _stop(self, refusal: Refusal) -> None:
        """Refuses from inside the parser."""
        self._refuse(refusal)
        raise _Stop

    def _refuse(self, refusal: Refusal) -> None:
        self._body = b""
        self._unread = True
        self.phase = DEAF
        self._put(refusal)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > DISCARDED_BYTES_MAX:
            self._transport.abort()

    # Requests into answers

    def _put(self, item: _Waiting) -> None:
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
            self._transport.pause_reading()

    async def _work(self) -> None:
        """Answers one request after the other until the connection ends."""
        waiting, shared = self._waiting, self._shared
        while waiting or not self._lost:
            if not waiting:
                self._waiter = shared.loop.create_future()
                await self._waiter
                continue
            self._current = item = waiting.popleft()
            await self._answer(item)
            self._current = None
            if self.phase == DEAF and not waiting:
                self._end()
                return
            self._since = shared.seconds
            if self._drained is not None:
                await self._drained
            if self._paused and len(waiting) < WAITING_MAX // 2 and not self._lost:
                self._paused = False
                self._transport.resume_reading()
            if self._continue_due and not waiting:
                self._continue_due = False
                self._transport.write(answers.CONTINUE)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        self._worker = self._current = None
        if not worker.cancelled() and (error := worker.exception()) is not None:
            log.error("a connection failed", exc_info=error)
            self._transport.abort()
        if self._lost:
            self._leave()

    async def _answer(self, item: _Waiting) -> None:
        shared = self._shared
        if isinstance(item, Refusal):
            response, head_only = item.response(), False
        else:
            try:
                response, head_only = await shared.app(item), item.method == "HEAD"
            except Disconnected:
                self.phase = DEAF
                return
            except Exception:
                log.exception("%s %s failed", item.method, item.path)
                response, head_only = answers.BROKEN.response(), item.method == "HEAD"
        if self._lost:
            return
        connection = b""
        if not self._waiting and (self.phase == DEAF or (shared.closing and self.phase != BODY)):
            self.phase = DEAF
            connection = answers.CLOSE
        elif isinstance(item, Request) and b"connection" in item.headers:
            connection = answers.KEEP
        self._transport.write(answer_bytes(response, shared.date, connection, head_only=head_only))

    def _end(self) -> None:
        """Closes; lets a peer that may still be sending see the answer first."""
        self._since = self._shared.seconds
        transport = self._transport
        if self._unread and transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def _leave(self) -> None:
        shared = self._shared
        shared.open.discard(self)
        if not shared.open:
            shared.emptied.set()
