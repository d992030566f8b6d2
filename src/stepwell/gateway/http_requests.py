"""Bytes into requests: the reading half of one HTTP/1.1 connection, without any I/O.

The parser cuts the bytes; what is whole is handed on. The rules:

- head, trailers, chunk frames and body are bounded; a body over the limit is not kept, but the
  request is handed on, so that the application can say so in its own shape;
- what two parties could read in two ways (two lengths, a length and chunks, odd transfer
  encodings) is refused;
- after a refusal nothing more is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

import httptools

from stepwell.gateway import http_answers as answers
from stepwell.gateway.http_answers import Refusal
from stepwell.gateway.messages import Request
from stepwell.gateway.settings import HEADER_BYTES_MAX, HEADERS_MAX

log = logging.getLogger("stepwell.gateway")

IDLE: Final = 0
"""Between requests."""
HEAD: Final = 1
BODY: Final = 2
DEAF: Final = 3
"""What comes in is thrown away."""

FEED_BYTES = 64 * 1024
"""The most the parser gets at once."""
FRAME_BYTES_PER_BODY_BYTE = 16
"""How much chunk framing a body may bring, beside the room for heads."""

Incoming: TypeAlias = "Request | Refusal"


class _Stop(Exception):
    """Leaves the parser in the middle of its bytes."""


class RequestReader:
    """Reads one peer's requests. The parser calls the methods that begin with `on_`."""

    __slots__ = (
        "_body",
        "_body_bytes_max",
        "_go_on",
        "_headers",
        "_keep_alive",
        "_own_url",
        "_packet_bytes",
        "_pairs",
        "_parser",
        "_path",
        "_put",
        "_query",
        "_trailers",
        "_upgrading",
        "_url",
        "_wire_bytes",
        "phase",
        "unread",
        "unwanted",
    )

    def __init__(
        self,
        body_bytes_max: int,
        *,
        put: Callable[[Incoming], None],
        go_on: Callable[[], None],
        own_url: Callable[[], str],
    ) -> None:
        """`put` gets each request and the refusal that ends them, `go_on` tells a caller to send
        its body, `own_url` is what a request without a Host was sent to."""
        self._put, self._go_on, self._own_url = put, go_on, own_url
        self._body_bytes_max = body_bytes_max
        self._parser = httptools.HttpRequestParser(self)
        self.phase: int = IDLE
        self.unread = False
        """The peer may still be sending what will not be read."""
        self.unwanted = False
        """Every request is refused: there are too many connections."""
        self._url = b""
        self._path = "/"
        self._query = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._trailers = 0
        self._keep_alive = True
        self._upgrading = False
        self._packet_bytes = 0  # Of the packet in hand, as far as it can belong to the request.
        self._wire_bytes = 0  # Of the request so far.

    @property
    def unfinished_bytes(self) -> int:
        """What has come of a request that is not whole yet."""
        return self._wire_bytes if self.phase in (HEAD, BODY) else 0

    def feed(self, data: bytes) -> None:
        """Takes bytes as they came, in pieces of any size."""
        if len(data) <= FEED_BYTES:
            self._feed(data)
            return
        for start in range(0, len(data), FEED_BYTES):
            if self.phase == DEAF:
                return
            self._feed(data[start : start + FEED_BYTES])

    def refuse(self, refusal: Refusal) -> None:
        """Reads no more, because of that."""
        self._body = b""
        self.unread = True
        self.phase = DEAF
        self._put(refusal)

    def close(self) -> None:
        """Reads no more, and lets go of everything, so that no cycle keeps it in memory."""
        self.phase = DEAF
        self._body, self._headers, self._pairs = b"", {}, []
        self._put = self._go_on = _closed
        self._own_url = str
        del self._parser

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
                    self.refuse(answers.BAD_REQUEST)
                    if isinstance(error, httptools.HttpParserCallbackError):
                        log.error("reading a request failed", exc_info=error)
            break
        if self.phase == HEAD:
            if self._wire_bytes > HEADER_BYTES_MAX or len(self._pairs) > HEADERS_MAX:
                self.refuse(answers.TOO_LARGE_HEAD)
        elif self.phase == BODY:
            room = HEADER_BYTES_MAX + FRAME_BYTES_PER_BODY_BYTE * len(self._body) + FEED_BYTES
            if self._wire_bytes > room:
                self.refuse(answers.TOO_MUCH_FRAMING)

    def on_url(self, url: bytes) -> None:
        """A part of the address; the first one begins a request."""
        if self.phase == IDLE:
            self.phase = HEAD
            self._wire_bytes = self._packet_bytes
            self._pairs = []
            self._body = b""
            self._url = url
        else:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Those after a body are counted and forgotten: they change nothing."""
        if self.phase == HEAD:
            self._pairs.append((name.lower(), value.rstrip(b" \t")))
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
        # Asking for the version costs; whoever names a host speaks HTTP/1.
        if b"host" not in headers and self._parser.get_http_version() not in ("1.1", "1.0"):
            self._stop(answers.BAD_VERSION)
        self._keep_alive = self._parser.should_keep_alive()
        if self._url == b"/":
            self._path, self._query = "/", b""
        else:
            self._read_address()
        self.phase = BODY
        if self.unwanted:
            self._stop(answers.TOO_MANY)
        if self._parser.should_upgrade():
            self._upgrading = True
            return
        if b"transfer-encoding" in headers:
            self._trailers = 0
            self._check_chunked()
        else:
            length = headers.get(b"content-length")
            if length is not None and int(length) > self._body_bytes_max:
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
        if len(self._body) > self._body_bytes_max:
            self._give_up_body()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._upgrading:
            return
        body, self._body = self._body, b""
        self._packet_bytes = 0
        self.phase = IDLE if self._keep_alive else DEAF
        self._put(self._request(body if type(body) is bytes else bytes(body)))

    def _request(self, body: bytes) -> Request:
        headers = self._headers
        method = self._parser.get_method().decode()
        own_url = "" if b"host" in headers else self._own_url()
        return Request(
            method, self._path, self._query, headers, body, body, own_url, None, self._pairs
        )

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
        alone = len(codings) == 1 and codings[0].lower() == b"chunked"
        if (
            not alone
            or b"content-length" in self._headers
            or self._parser.get_http_version() != "1.1"
        ):
            self._stop(answers.BAD_FRAMING)

    def _expect(self, expectation: bytes) -> None:
        if self._parser.get_http_version() == "1.0":
            return
        if expectation.lower() != b"100-continue":
            self._stop(answers.BAD_EXPECTATION)
        self._go_on()

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
        self.unread = True
        self.phase = DEAF
        self._put(request)
        raise _Stop

    def _stop(self, refusal: Refusal) -> None:
        """Refuses from inside the parser."""
        self.refuse(refusal)
        raise _Stop


def _closed(*_: object) -> None:
    """Stands for what a closed reader would call."""
    raise RuntimeError("a closed reader reads nothing")
