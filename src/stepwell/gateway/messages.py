"""One HTTP request and one HTTP answer, as everything behind the connection sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Headers: TypeAlias = "list[tuple[bytes, bytes]]"


@dataclass(slots=True)
class Request:
    """One HTTP request, its body read whole. Not frozen, for it is made every time."""

    method: str
    path: str
    """The path as sent, percent signs and all."""
    query: bytes
    headers: Mapping[bytes, bytes]
    """By their names in small letters; of a repeated header the last."""
    body: bytes
    """The body; without its Content-Encoding once the gateway has taken it off."""
    signed_body: bytes
    """The body as sent: what the signature covers."""
    base_url: str
    """Scheme, host and port. The connection gives its own address, the gateway the caller's."""
    fields: Mapping[str, str] | None = None
    """The form of a Query request, parsed already."""
    header_list: Sequence[tuple[bytes, bytes]] = ()
    """All headers as they came, repeated ones included; names in small letters."""
    too_large: bool = False
    """The body is over the limit and was not kept; the connection closes after the answer."""
    abandonable: bool = False
    """Set by the handler: when the caller goes away, the work for it is cancelled."""
    gone: bool = False
    """The caller has gone away already."""
    labels: Mapping[str, str] | None = None
    """Of a REST request: the labels in its path, still escaped."""


@dataclass(slots=True)
class Response:
    """One whole HTTP answer. Not frozen, for it is made every time."""

    status: int
    lines: bytes
    """Header lines, each with its end; length, date and connection are the connection's affair."""
    body: bytes
    length: int | None = None
    """What Content-Length says of a body that is not in `body`: in answers to HEAD, of streams."""
    stream: AsyncIterator[bytes] | None = None
    """A body that is sent piece by piece; its `length` must be right."""

    @property
    def headers(self) -> Headers:
        """The lines as names and values."""
        pairs = (line.partition(b": ") for line in self.lines.split(b"\r\n") if line)
        return [(name, value) for name, _, value in pairs]


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header lines of names and values; what would end a line becomes a blank."""
    return b"".join(_line(name, value) for name, value in headers)


def _line(name: str, value: str) -> bytes:
    text = f"{name}: {value}".replace("\r", " ").replace("\n", " ")
    return text.encode("latin-1", "replace") + b"\r\n"


class Disconnected(Exception):
    """The caller went away; there is nobody to answer."""


class App(Protocol):
    """What a server serves: a request in, an answer out."""

    @property
    def body_bytes_max(self) -> int:
        """Longer bodies are not kept: the request says `too_large` instead."""

    def __call__(self, request: Request, /) -> Awaitable[Response]:
        """The answer to a request."""
