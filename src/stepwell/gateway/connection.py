"""One HTTP connection, with a bound on the size of a request's head.

uvicorn's own parser bounds nothing but bodies in flight; a caller who sends headers for ever
would fill the memory.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stepwell.gateway.settings import HEADER_BYTES_MAX, HEADERS_MAX

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: 34\r\nconnection: close\r\n\r\n"
    b"The request's headers are too big."
)


class BoundedConnection(HttpToolsProtocol):
    """Counts the bytes of a head that is not complete yet, and hangs up when there are too many."""

    in_body = False
    head_bytes = 0

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
