"""Lambda's Runtime API, 2018-06-01, for one process: a listener on loopback of its own.

Official clients take host and port only, so the port tells processes apart. The rules:

- `next` is parked until there is an event; another one on the same process replaces it;
- an answer counts once, and only for the invocation in hand;
- what is not of this API is refused in AWS's shape.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Protocol, cast

import httptools

from stepwell.functions.ports import BODY_BYTES_MAX, HEAD_BYTES_MAX, RESPONSE_BYTES_MAX

_RUNTIME = b"/2018-06-01/runtime/"
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
_ACCEPTED = b'{"status":"OK"}\n'

Reply = Callable[[bytes], None]
"""Sends one whole HTTP answer."""


class Session(Protocol):
    """The process, as its API sees it."""

    def asked_next(self, reply: Reply) -> None:
        """It wants an event."""

    def hung_up(self, reply: Reply) -> None:
        """The connection of that answer is gone."""

    def answered(self, request_id: str, body: bytes, error: str | None) -> bool:
        """It answered an invocation, or failed in it (`error`: the type). Whether that counts."""

    def failed_in_init(self, body: bytes, error: str) -> bool:
        """It could not get ready. Whether that counts."""


def answer(status: int, body: bytes, headers: str = "") -> bytes:
    """One HTTP answer."""
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\n"
        f"Content-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("utf-8", "replace") + body


def _refusal(status: int, kind: str, message: str) -> bytes:
    return answer(status, json.dumps({"errorMessage": message, "errorType": kind}).encode())


class RuntimeApi:
    """The listener of one process."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.address = ""
        """`127.0.0.1:PORT` once open."""

    async def open(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", 0, backlog=16)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Cut every connection."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()

    def _connect(self) -> _Connection:
        return _Connection(self)

    def enter(self, connection: _Connection) -> None:
        """A connection is there."""
        self._connections.add(connection)

    def leave(self, connection: _Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """Reads the process's requests. The parser calls the methods that begin with `on_`."""

    _transport: asyncio.Transport

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._error: str | None = None
        self._parts: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._api.enter(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._api.leave(self)
        self._api.session.hung_up(self._write)

    def abort(self) -> None:
        """Cut it."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abort()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count_head(len(name) + len(value))
        name = name.lower()
        if name == b"lambda-runtime-function-error-type":
            self._error = value.decode("latin-1")
        elif name == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX:
            raise ValueError("the head is too large")

    def on_body(self, part: bytes) -> None:
        self._body_bytes += len(part)
        if self._body_bytes > BODY_BYTES_MAX:
            raise ValueError("the body is too large")
        self._parts.append(part)

    def on_message_complete(self) -> None:
        method, url, error = self._parser.get_method(), self._url, self._error
        body = b"".join(self._parts)
        self._begin()
        self._handle(method, url, body, error)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _handle(self, method: bytes, url: bytes, body: bytes, error: str | None) -> None:
        place = url.partition(b"?")[0]
        if not place.startswith(_RUNTIME):
            self._write(_refusal(404, "NotFound", "Only the Runtime API 2018-06-01 is here."))
            return
        session, parts = self._api.session, place[len(_RUNTIME) :].decode("latin-1").split("/")
        match method, parts:
            case b"GET", ["invocation", "next"]:
                session.asked_next(self._write)
            case b"POST", ["invocation", request_id, "response"]:
                counts = session.answered(request_id, body, error)
                too_large = len(body) > RESPONSE_BYTES_MAX
                self._write(_TOO_LARGE if too_large else _verdict(counts))
            case b"POST", ["invocation", request_id, "error"]:
                self._write(_verdict(session.answered(request_id, body, error or "Unhandled")))
            case b"POST", ["init", "error"]:
                self._write(_verdict(session.failed_in_init(body, error or "Unhandled")))
            case _:
                self._write(_refusal(404, "NotFound", f"No such operation: {place!r}"))


_TOO_LARGE = _refusal(
    413,
    "RequestEntityTooLarge",
    f"Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).",
)


def _verdict(counts: bool) -> bytes:
    if counts:
        return answer(202, _ACCEPTED)
    return _refusal(400, "InvalidRequestID", "Invalid request ID")
