"""The connection on real sockets, in uvloop and in the standard event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepwell.gateway.messages import Request, Response
from stepwell.gateway.server import run, serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.services.api import Answer, Call, Params
from tests.gateway.served import MACHINE, Fake, Served
from tests.gateway.wire import START, TARGET, Wire, document, post

LIMIT = 100_000
SEND = b"X-Amz-Target: AmazonSQS.SendMessage\r\n"


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def both(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server in either loop."""
    loop = None if request.param == "uvloop" else asyncio.SelectorEventLoop
    with Served(Fake(), GatewaySettings(body_bytes_max=LIMIT), loop=loop) as server:
        yield server


@pytest.fixture
def server(both: Served) -> Served:
    """The server with a fresh fake."""
    both.fake.answers.clear()
    both.fake.asked.clear()
    return both


@pytest.fixture
def wire(server: Served) -> Iterator[Wire]:
    """A connection to the server."""
    connection = Wire(server)
    yield connection
    connection.close()


def test_answers_come_in_order(server: Served, wire: Wire) -> None:
    """A slow request holds up the quick one behind it, and the answers are not mixed up."""
    begun, go = threading.Event(), threading.Event()

    async def slow(call: Call, params: Params) -> Answer:
        begun.set()
        await asyncio.get_running_loop().run_in_executor(None, go.wait)
        return {"executionArn": "slow"}

    server.fake.answers["StartExecution"] = slow
    server.fake.answers["SendMessage"] = {"MessageId": "quick"}
    wire.send(post(START) + post(b'{"QueueUrl":"q"}', target=SEND))
    assert begun.wait(10)
    assert [name for name, _, _ in server.fake.asked] == ["StartExecution"]
    go.set()
    assert document(wire.answer()[2])["executionArn"] == "slow"
    assert document(wire.answer()[2])["MessageId"] == "quick"


def test_many_requests_in_one_go(server: Served, wire: Wire) -> None:
    """A peer may send hundreds of requests before it reads an answer."""
    sender = threading.Thread(target=wire.send, args=(post(START) * 500,))
    sender.start()
    assert [wire.answer()[0] for _ in range(500)] == [200] * 500
    sender.join()
    assert len(server.fake.asked) == 500


def test_large_answers_reach_slow_readers(server: Served, wire: Wire) -> None:
    """Answers larger than all buffers arrive whole, though the peer reads late."""
    server.fake.answers["DescribeExecution"] = {"input": "x" * 1_000_000}
    target = b"X-Amz-Target: AWSStepFunctions.DescribeExecution\r\n"
    body = b'{"executionArn":"%s"}' % MACHINE.encode()
    wire.send(post(body, target=target) * 20)
    for _ in range(20):
        assert len(document(wire.answer()[2])["input"]) == 1_000_000


def test_trailers(server: Served, wire: Wire) -> None:
    """A chunked body with trailers is one request; the next one follows."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + TARGET + b"\r\n"
    wire.send(head + b"%x\r\n%b\r\n0\r\nX-Checksum: abc\r\n\r\n" % (len(START), START))
    wire.send(post(START))
    assert [wire.answer()[0], wire.answer()[0]] == [200, 200]


def test_a_large_body_is_refused_before_it_comes(wire: Wire) -> None:
    """The head says how long it is; the refusal does not wait for the rest, nor is it lost."""
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n" + TARGET + b"\r\n")
    status, headers, body = wire.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert document(body)["message"] == f"Request size exceeded: the limit is {LIMIT} bytes."
    wire.send(b"x" * 500_000)
    assert wire.closed()


@pytest.mark.parametrize(
    ("request_bytes", "connection"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "close"),
        (b"GET /health HTTP/1.0\r\n\r\n", "close"),
        (b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
        (b"GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (
            b"GET /%68ealth HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
            "keep-alive",
        ),
    ],
)
def test_who_stays_connected(wire: Wire, request_bytes: bytes, connection: str | None) -> None:
    """Each version and wish gets the answer, and the connection it asked for."""
    wire.send(request_bytes)
    status, headers, _ = wire.answer()
    assert (status, headers.get("connection")) == (200, connection)
    assert headers["date"].endswith("GMT")
    if connection == "close":
        assert wire.closed()
    else:
        wire.send(request_bytes)
        assert wire.answer()[0] == 200


def test_heads_only(wire: Wire) -> None:
    """HEAD says how long the body would be and sends none."""
    wire.send(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    _, told, _ = wire.answer(head=True)
    _, headers, body = wire.answer()
    assert int(told["content-length"]) == int(headers["content-length"]) == len(body) > 0


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Transfer-Encoding: gzip, chunked",
    ],
)
def test_smugglers_are_refused(server: Served, wire: Wire, headers: bytes) -> None:
    """What could be cut in two ways is cut in none, and the connection ends."""
    wire.send(
        b"POST / HTTP/1.1\r\nHost: x\r\n" + TARGET + headers + b"\r\n\r\n0\r\n\r\n" + post(START)
    )
    assert wire.answer()[0] == 400
    assert wire.closed()
    assert server.fake.asked == []


def test_continue_waits_for_former_answers(server: Served, wire: Wire) -> None:
    """A 100 before the answer to an earlier request would be taken for that answer."""
    begun, go = threading.Event(), threading.Event()

    async def slow(call: Call, params: Params) -> Answer:
        begun.set()
        await asyncio.get_running_loop().run_in_executor(None, go.wait)
        return {"executionArn": "slow"}

    server.fake.answers["StartExecution"] = slow
    head, _, body = post(b'{"QueueUrl":"q"}', b"Expect: 100-continue", target=SEND).partition(
        b"\r\n\r\n"
    )
    wire.send(post(START) + head + b"\r\n\r\n")
    assert begun.wait(10)
    go.set()
    assert document(wire.answer()[2])["executionArn"] == "slow"
    assert wire.answer()[0] == 100
    wire.send(body)
    assert wire.answer()[0] == 200


def test_half_a_close_is_answered(wire: Wire) -> None:
    """Who stops sending may still listen."""
    wire.send(post(START))
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.answer()[0] == 200
    assert wire.closed()


def test_a_reset_harms_nobody(server: Served, caplog: pytest.LogCaptureFixture) -> None:
    """A peer that resets its connection in the middle of an answer leaves no trace."""
    begun, go = threading.Event(), threading.Event()

    async def slow(call: Call, params: Params) -> Answer:
        begun.set()
        await asyncio.get_running_loop().run_in_executor(None, go.wait)
        return {"executionArn": "slow"}

    server.fake.answers["StartExecution"] = slow
    wire = Wire(server)
    wire.send(post(START) * 3)
    assert begun.wait(10)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wire.close()
    go.set()
    assert server.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert caplog.records == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.lists(
        st.one_of(
            st.sampled_from([post(START), post(b"{"), b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"]),
            st.binary(max_size=30),
        ),
        max_size=6,
    ).map(b"".join),
    places=st.lists(st.integers(0, 2000), max_size=5),
)
def test_any_bytes_on_a_socket(server: Served, data: bytes, places: list[int]) -> None:
    """Any bytes, in any packets, and then an end: whole answers come, and then the end."""
    ends = sorted(place % (len(data) + 1) for place in places)
    wire = Wire(server)
    try:
        for begin, end in zip([0, *ends], [*ends, len(data)], strict=True):
            wire.send(data[begin:end])
        wire.socket.shutdown(socket.SHUT_WR)
        while not wire.closed():
            assert wire.answer()[0] in (200, 400, 404, 408, 505)
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        wire.close()


class Endless:
    """Answers nothing, ever."""

    body_bytes_max = 1000

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False

    async def __call__(self, request: Request) -> Response:
        """Waits until it is cut off."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError


@pytest.mark.parametrize("runner", [run, asyncio.run], ids=["uvloop", "asyncio"])
def test_grace_ends(runner: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What does not end in time is cut off, and that is said."""

    async def main() -> bool:
        app, closing = Endless(), asyncio.Event()
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(app, "127.0.0.1", 0, closing=closing, on_ready=port.set_result, grace_seconds=0)
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", await port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await app.begun.wait()
        closing.set()
        await serving
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        return app.cancelled

    with caplog.at_level(logging.ERROR):
        assert runner(main())
    assert "1 connections did not end in time" in caplog.text
