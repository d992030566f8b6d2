"""The Runtime API on the wire: what official clients send, and what nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from stepwell.functions.ports import BODY_BYTES_MAX, HEAD_BYTES_MAX, RESPONSE_BYTES_MAX
from stepwell.functions.runtime_api import Reply, RuntimeApi, answer


@dataclass
class Session:
    """Remembers what came."""

    parked: list[Reply] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[tuple[str, bytes, str | None]] = field(default_factory=list)

    def asked_next(self, reply: Reply) -> None:
        """It wants an event."""
        self.parked.append(reply)
        self.asked.set()

    def hung_up(self, reply: Reply) -> None:
        """A connection is gone."""
        if reply in self.parked:
            self.parked.remove(reply)
            self.left.set()

    def answered(self, request_id: str, body: bytes, error: str | None) -> bool:
        """It answered."""
        self.seen.append((request_id, body, error))
        return request_id == "r1"

    def failed_in_init(self, body: bytes, error: str) -> bool:
        """It failed."""
        self.seen.append(("init", body, error))
        return True


@dataclass
class Wire:
    """A listener and one connection to it."""

    session: Session
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> bytes:
        """Send bytes; the answer's head and body."""
        self.writer.write(data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return head + await self.reader.readexactly(size)


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    """A connection to a fresh API."""
    session = Session()
    api = RuntimeApi(session)
    await api.open()
    host, _, port = api.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield Wire(session, reader, writer)
    api.close()
    writer.close()


def post(place: str, body: bytes, headers: str = "") -> bytes:
    """A request with a body."""
    head = f"POST /2018-06-01/runtime/{place} HTTP/1.1\r\nHost: x\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_next_waits_for_its_event(wire: Wire) -> None:
    """The connection stays open without an answer until there is an event."""
    wire.writer.write(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(wire.session.asked.wait(), 10)
    wire.session.parked[0](answer(200, b"event", "Lambda-Runtime-Aws-Request-Id: r1\r\n"))
    head = await wire.reader.readuntil(b"\r\n\r\n")
    assert b"Lambda-Runtime-Aws-Request-Id: r1\r\n" in head
    assert await wire.reader.readexactly(5) == b"event"


async def test_a_caller_of_next_that_hangs_up_is_forgotten(wire: Wire) -> None:
    """A parked request goes with its connection."""
    wire.writer.write(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(wire.session.asked.wait(), 10)
    wire.writer.close()
    await asyncio.wait_for(wire.session.left.wait(), 10)
    assert wire.session.parked == []


async def test_an_answer_is_accepted_once_it_counts(wire: Wire) -> None:
    """202 for the invocation in hand, 400 for any other."""
    found = await wire.send(post("invocation/r1/response", b"[1]"))
    assert found.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert found.endswith(b'{"status":"OK"}\n')
    found = await wire.send(post("invocation/r2/response", b"[1]"))
    assert found.startswith(b"HTTP/1.1 400 ")
    assert b'"errorType": "InvalidRequestID"' in found
    assert wire.session.seen == [("r1", b"[1]", None), ("r2", b"[1]", None)]


async def test_an_answer_in_chunks_and_one_that_asks_first(wire: Wire) -> None:
    """Transfer-Encoding: chunked as Rust and Go send it, Expect: 100-continue as curl does."""
    chunked = b"POST /2018-06-01/runtime/invocation/r1/response HTTP/1.1\r\nHost: x\r\n"
    chunked += b"Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n"
    assert (await wire.send(chunked)).startswith(b"HTTP/1.1 202 ")
    asking = post("invocation/r1/response", b"[2]", "Expect: 100-continue\r\n")
    wire.writer.write(asking[:-3])
    assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await wire.send(asking[-3:])).startswith(b"HTTP/1.1 202 ")
    assert [body for _, body, _ in wire.session.seen] == [b"[1]", b"[2]"]


async def test_errors_carry_their_type(wire: Wire) -> None:
    """Of an invocation and of the beginning; without a header they are unhandled."""
    kind = "Lambda-Runtime-Function-Error-Type: Runtime.Own\r\n"
    await wire.send(post("invocation/r1/error", b"{}", kind))
    await wire.send(post("invocation/r1/error", b"{}"))
    await wire.send(post("init/error", b"{}", kind))
    assert [error for _, _, error in wire.session.seen] == [
        "Runtime.Own",
        "Unhandled",
        "Runtime.Own",
    ]


async def test_an_answer_that_is_too_large_is_told_so(wire: Wire) -> None:
    """413 with AWS's type, and the connection goes on."""
    found = await wire.send(post("invocation/r1/response", b"x" * (RESPONSE_BYTES_MAX + 1)))
    assert found.startswith(b"HTTP/1.1 413 ")
    assert b'"errorType": "RequestEntityTooLarge"' in found
    assert (await wire.send(post("invocation/r1/response", b"1"))).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"GET /2018-06-01/runtime/invocation HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_is_not_of_this_api_is_refused(wire: Wire, request_bytes: bytes) -> None:
    """404 in AWS's shape: extensions, other paths, other methods."""
    found = await wire.send(request_bytes)
    assert found.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b'"errorType": "NotFound"' in found


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"this is no HTTP\r\n\r\n",
        b"GET /" + b"x" * HEAD_BYTES_MAX + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * HEAD_BYTES_MAX + b"\r\n\r\n",
        post("invocation/r1/response", b"x" * (BODY_BYTES_MAX + 1)),
    ],
)
async def test_nonsense_and_excess_cut_the_connection(wire: Wire, request_bytes: bytes) -> None:
    """No HTTP, a head or a body without end: the connection is gone, nothing counts."""
    wire.writer.write(request_bytes)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await wire.reader.readexactly(1)
    assert wire.session.seen == []
