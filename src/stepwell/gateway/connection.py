"""One HTTP connection: a bound on the size of a request's head, and answers sent in one piece.

uvicorn's own parser bounds nothing but bodies in flight; a caller who sends headers for ever
would fill the memory. And it writes the head and the body of an answer one after the other: two
calls to the system here, two wake-ups there, where one would do.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stepwell.gateway.settings import HEADER_BYTES_MAX, HEADERS_MAX

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: 34\r\nconnection: close\r\n\r\n"
    b"The request's headers are too big."
)


GATHERED_BYTES_MAX = 64 * 1024
"""Larger bodies are written by themselves, as copying them costs more than a call."""


class GatheringTransport(asyncio.Transport):
    """Holds a write back until the next one or until the loop's turn ends, and sends both as one.

    What it does not gather goes straight to the transport below.
    """

    def __init__(self, below: asyncio.Transport) -> None:
        super().__init__()
        self._below = below
        self._loop = asyncio.get_running_loop()
        self._held: bytes | None = None

    def write(self, data: Any) -> None:
        """Sends at once with what was held, or holds until the end of the turn."""
        held, self._held = self._held, None
        if held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        elif len(data) > GATHERED_BYTES_MAX:
            self._below.write(held)
            self._below.write(data)
        else:
            self._below.write(held + data)

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._below.write(held)

    def close(self) -> None:
        """Sends what is held, then closes."""
        self._flush()
        self._below.close()

    def abort(self) -> None:
        """Closes without sending."""
        self._held = None
        self._below.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or closing."""
        return self._below.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Facts about the connection."""
        return self._below.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """No more data for now."""
        self._below.pause_reading()

    def resume_reading(self) -> None:
        """Data again."""
        self._below.resume_reading()


class BoundedConnection(HttpToolsProtocol):
    """Counts the bytes of a head that is not complete yet, and hangs up when there are too many."""

    in_body = False
    head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        super().connection_made(GatheringTransport(cast(asyncio.Transport, transport)))

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what has arrived."""
        if not self.in_body:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.in_body:
            self.head_bytes = 0
        if self.head_bytes > HEADER_BYTES_MAX or len(self.headers or ()) > HEADERS_MAX:
            self._hang_up()

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self.in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self.in_body = False
        self.head_bytes = 0
        super().on_message_complete()
