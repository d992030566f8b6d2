"""The bytes of HTTP answers: status lines, heads, and the refusals of the connection itself."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from stepwell.gateway.messages import Response

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
KEEP = b"connection: keep-alive\r\n"


def answer_bytes(response: Response, date: bytes, connection: bytes, *, head_only: bool) -> bytes:
    """Head and body in one piece. `date` and `connection` are header lines or nothing."""
    body = response.body
    return b"%b%b%b%bcontent-length: %d\r\n\r\n%b" % (
        _STATUS_LINES.get(response.status) or b"HTTP/1.1 %d Unknown\r\n" % response.status,
        date,
        response.lines,
        connection,
        len(body) if response.length is None else response.length,
        b"" if head_only else body,
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection does not go on."""

    status: int
    text: str

    def response(self) -> Response:
        """A sentence for whoever reads the wire."""
        lines = b"content-type: text/plain; charset=utf-8\r\n"
        return Response(self.status, lines, self.text.encode())


BAD_REQUEST = Refusal(400, "This is not an HTTP/1.1 request.")
BAD_TARGET = Refusal(400, "The request's address cannot be read.")
BAD_FRAMING = Refusal(400, "The only Transfer-Encoding here is chunked, in HTTP/1.1, alone.")
TOO_SLOW = Refusal(408, "The request took too long to arrive.")
BAD_EXPECTATION = Refusal(417, "The only expectation here is 100-continue.")
TOO_LARGE_HEAD = Refusal(431, "The request's headers are too big.")
TOO_MUCH_FRAMING = Refusal(400, "The body's chunks are more frame than body.")
BROKEN = Refusal(500, "Something went wrong inside Stepwell; its log says what.")
BAD_VERSION = Refusal(505, "The versions spoken here are HTTP/1.1 and HTTP/1.0.")
TOO_MUCH = Refusal(503, "Too much of unfinished requests is held already; try again later.")
TOO_MANY = Refusal(503, "Too many connections are open on this server; try again later.")
