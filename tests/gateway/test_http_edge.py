"""Bytes on a socket: pages, limits, broken requests, compression, and people who hang up."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator

import pytest

from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request, Response
from stepwell.gateway.server import serve
from stepwell.gateway.settings import GatewaySettings
from stepwell.services.api import Answer, Call, Params
from tests.gateway.served import MACHINE, Fake, Served
from tests.gateway.wire import START, TARGET, Wire, document, post


@pytest.fixture
def wire(server: Served) -> Iterator[Wire]:
    """A connection to the server."""
    connection = Wire(server)
    yield connection
    connection.close()


@pytest.mark.parametrize("path", [b"/_stepwell/health", b"/_localstack/health", b"/health"])
def test_health(wire: Wire, path: bytes) -> None:
    """The health page answers 200 with facts, wherever wrappers look."""
    wire.send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    status, headers, body = wire.answer()
    assert (status, headers["content-type"]) == (200, "application/json")
    assert document(body) == {
        "status": "ok",
        "version": "1.2.3",
        "services": {"sqs": "running"},
    }


def test_the_root_and_other_pages(wire: Wire) -> None:
    """The root says who is there, HEAD has no body, other pages are not found."""
    wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert document(wire.answer()[2])["name"] == "stepwell"
    wire.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.answer(head=True)[0] == 200
    wire.send(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
    status, _, body = wire.answer()
    assert (status, document(body)["message"]) == (404, "There is no page /nothing")


def test_a_post_that_says_nothing(wire: Wire) -> None:
    """A POST without target and action is told what is missing."""
    wire.send(post(b"", target=b""))
    status, _, body = wire.answer()
    assert status == 404
    assert "X-Amz-Target header or an Action field" in document(body)["message"]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (b"AWSStepFunctions.Nonsense", "SFN has no operation 'Nonsense'."),
        (b"DynamoDB_20120810.PutItem", "No service here answers to the target prefix 'DynamoDB_"),
        (b"\xff\x00".replace(b"\x00", b"."), "No service here answers to the target prefix"),
        (b"", "No service here answers to the target prefix ''"),
    ],
)
def test_unknown_targets(wire: Wire, target: bytes, text: str) -> None:
    """Unknown services and operations are refused by name, as JSON, in one answer."""
    wire.send(post(b"{}", target=b"X-Amz-Target: " + target + b"\r\n"))
    status, headers, body = wire.answer()
    assert status == 400
    assert document(body)["__type"] == "com.amazon.coral.service#UnknownOperationException"
    assert text in document(body)["message"]
    assert headers["x-amzn-requestid"]


def test_error_documents_have_their_namespace(server: Served, wire: Wire) -> None:
    """Service errors, constraint violations and unreadable input each have AWS's type."""
    server.fake.answers["StartExecution"] = ServiceError("InvalidArn", "bad")
    wire.send(post(START))
    assert document(wire.answer()[2]) == {
        "__type": "com.amazonaws.swf.service.v2.model#InvalidArn",
        "message": "bad",
    }
    wire.send(post(b"{}"))
    assert document(wire.answer()[2])["__type"] == "com.amazon.coral.validate#ValidationException"
    wire.send(post(b"{"))
    unreadable = document(wire.answer()[2])
    assert unreadable["__type"] == "com.amazon.coral.service#SerializationException"
    assert "not JSON" in unreadable["Message"]
    wire.send(post(b"[]", target=b"X-Amz-Target: AmazonSQS.SendMessage\r\n"))
    _, headers, body = wire.answer()
    assert document(body)["__type"] == "com.amazon.coral.service#SerializationException"
    assert headers["x-amzn-query-error"] == "MalformedInput;Sender"


def test_connections_are_kept(server: Served, wire: Wire) -> None:
    """Several requests go over one connection, one after another and in one piece."""
    for _ in range(3):
        wire.send(post(START))
        assert wire.answer()[0] == 200
    wire.send(post(START) * 3)
    assert [wire.answer()[0] for _ in range(3)] == [200, 200, 200]
    assert len(server.fake.asked) == 6


def test_chunked_bodies(server: Served, wire: Wire) -> None:
    """A body in chunks is put together."""
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" + TARGET + b"\r\n")
    for piece in (START[:7], START[7:]):
        wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    wire.send(b"0\r\n\r\n")
    assert wire.answer()[0] == 200
    assert server.fake.asked[0][2] == {"stateMachineArn": MACHINE}


def test_expect_continue(wire: Wire) -> None:
    """A caller that asks before sending its body is told to go on."""
    head, _, body = post(START, b"Expect: 100-continue").partition(b"\r\n\r\n")
    wire.send(head + b"\r\n\r\n")
    assert wire.answer()[0] == 100
    wire.send(body)
    assert wire.answer()[0] == 200


def test_compressed_bodies(server: Served, wire: Wire) -> None:
    """gzip is unpacked; what is not gzip, or cut, or packed otherwise, is refused."""
    packed = gzip.compress(START)
    wire.send(post(packed, b"Content-Encoding: gzip"))
    assert wire.answer()[0] == 200
    assert server.fake.asked[0][2] == {"stateMachineArn": MACHINE}
    for body, encoding, status in (
        (START, b"gzip", 400),
        (packed[:-9], b"gzip", 400),
        (packed, b"br", 415),
    ):
        wire.send(post(body, b"Content-Encoding: " + encoding))
        assert wire.answer()[0] == status


@pytest.fixture(scope="module")
def small_server() -> Iterator[Served]:
    """A server that takes bodies of up to 1000 bytes."""
    with Served(Fake(), GatewaySettings(body_bytes_max=1000)) as server:
        yield server


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(b" " * 1001),
        post(gzip.compress(b" " * 100_000), b"Content-Encoding: gzip"),
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        + TARGET
        + b"\r\n"
        + (b"1f4\r\n" + b" " * 500 + b"\r\n") * 3
        + b"0\r\n\r\n",
    ],
    ids=["length", "gzip bomb", "chunked"],
)
def test_large_bodies_are_refused(small_server: Served, request_bytes: bytes) -> None:
    """A body over the limit is a 413 in the protocol's shape."""
    wire = Wire(small_server)
    wire.send(request_bytes)
    status, headers, body = wire.answer()
    assert status == 413
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert document(body)["message"] == "Request size exceeded: the limit is 1000 bytes."
    wire.close()


def test_large_forms_are_refused_as_xml(small_server: Served) -> None:
    """A Query request that is too large gets its answer as XML."""
    wire = Wire(small_server)
    wire.send(post(b"Action=SendMessage&MessageBody=" + b"x" * 1000, target=b""))
    status, headers, _ = wire.answer()
    assert (status, headers["content-type"]) == (413, "text/xml")
    wire.close()


def test_large_heads_are_refused(wire: Wire) -> None:
    """Headers without end are cut off."""
    wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000)
    assert wire.answer()[0] == 431
    assert wire.closed()


def test_many_headers_are_refused(wire: Wire) -> None:
    """More headers than anybody needs are cut off, even short ones."""
    wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 300)
    assert wire.answer()[0] == 431


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(server: Served, wire: Wire, data: bytes) -> None:
    """Broken HTTP is a 400 and a closed connection; the server goes on."""
    wire.send(data)
    assert wire.answer()[0] == 400
    assert wire.closed()
    assert server.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_hanging_up_in_the_middle_of_a_body(server: Served, wire: Wire) -> None:
    """Half a request does nothing and harms nobody."""
    wire.send(post(START)[:-5])
    wire.close()
    assert server.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [name for name, _, _ in server.fake.asked] == ["ListQueues"]


def test_a_long_poll_ends_when_the_caller_hangs_up(server: Served) -> None:
    """A worker that goes away does not get a task that nobody would do."""
    polling, dropped = threading.Event(), threading.Event()

    async def poll(call: Call, params: Params) -> Answer:
        polling.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.set()
            raise
        return None

    server.fake.answers["GetActivityTask"] = poll
    wire = Wire(server)
    target = b"X-Amz-Target: AWSStepFunctions.GetActivityTask\r\n"
    wire.send(post(b'{"activityArn":"a"}', target=target))
    assert polling.wait(10)
    wire.close()
    assert dropped.wait(10)


@pytest.mark.parametrize(
    "headers",
    [
        b"Origin: https://evil.example",
        b"Origin: null",
        b"Sec-Fetch-Site: cross-site",
        b"Sec-Fetch-Site: same-site",
        b"Sec-Fetch-Site: same-origin\r\nHost: evil.example",
        b"Origin: http://evil.example\r\nHost: evil.example",
    ],
)
def test_web_pages_of_others_are_refused(server: Served, wire: Wire, headers: bytes) -> None:
    """A page that a developer happens to open cannot send to the local server."""
    form = b"Action=ListQueues&Version=2012-11-05"
    head = b"POST / HTTP/1.1\r\nHost: localhost:4566\r\n" + headers
    wire.send(head + b"\r\nContent-Length: %d\r\n\r\n" % len(form) + form)
    status, _, body = wire.answer()
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body
    assert server.fake.asked == []


@pytest.mark.parametrize("host", [b"localhost:4566", b"127.0.0.1", b"[::1]:4566", b"a.localhost"])
def test_our_own_pages_may_call(server: Served, wire: Wire, host: bytes) -> None:
    """The console on the same address is let in."""
    origin = b"Origin: http://" + host + b"\r\nSec-Fetch-Site: same-origin\r\n"
    wire.send(b"POST / HTTP/1.1\r\nHost: " + host + b"\r\n" + TARGET + origin)
    wire.send(b"Content-Length: %d\r\n\r\n" % len(START) + START)
    assert wire.answer()[0] == 200


def test_the_health_page_may_fail(server: Served, wire: Wire) -> None:
    """A health check that is not well is 503; one that breaks is a clean 500."""
    wire.send(b"GET /health?status=starting HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.answer()[0] == 200
    server.health["status"] = "starting"
    wire.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wire.answer()[0] == 503
    server.health["status"] = object()
    wire.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    status, _, body = wire.answer()
    assert (status, b"Traceback" in body) == (500, False)
    del server.health["status"]


def test_a_long_poll_is_answered(server: Served) -> None:
    """A poll that finds something answers it, and errors keep their shape."""
    server.fake.answers["GetActivityTask"] = {"taskToken": "t", "input": "{}"}
    client = server.client("stepfunctions")
    assert client.get_activity_task(activityArn="a")["taskToken"] == "t"
    server.fake.answers["GetActivityTask"] = ServiceError("ActivityDoesNotExist", "gone")
    with pytest.raises(client.exceptions.ActivityDoesNotExist):
        client.get_activity_task(activityArn="a")


def test_closing_answers_what_is_in_flight() -> None:
    """On closing, a waiting poll that watches the event is answered, then the server is gone."""
    with Served(Fake()) as server:
        polling = threading.Event()

        async def poll(call: Call, params: Params) -> Answer:
            polling.set()
            await server.closing.wait()
            return {"taskToken": "last"}

        server.fake.answers["GetActivityTask"] = poll
        idle, busy = Wire(server), Wire(server)
        idle.send(post(START))
        assert idle.answer()[0] == 200
        target = b"X-Amz-Target: AWSStepFunctions.GetActivityTask\r\n"
        busy.send(post(b'{"activityArn":"a"}', target=target))
        assert polling.wait(10)
        server.close()
        assert document(busy.answer()[2]) == {"taskToken": "last"}
        server.join()
        assert idle.closed()
        with pytest.raises(ConnectionRefusedError):
            Wire(server)
        idle.close()
        busy.close()


def has_newer_loopback() -> bool:
    """Whether this machine has ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Teapot:
    """Answers everything in one way."""

    body_bytes_max = 1000

    async def __call__(self, request: Request) -> Response:
        """Short and stout."""
        return Response(418, b"", b"")


async def test_localhost_is_both_loopback_addresses() -> None:
    """Clients that resolve localhost to the newer address reach the same server."""
    closing, ready = asyncio.Event(), asyncio.Event()
    ports: list[int] = []

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    serving = asyncio.create_task(
        serve(Teapot(), "localhost", 0, closing=closing, on_ready=on_ready)
    )
    await ready.wait()
    for address in ("127.0.0.1", "::1") if has_newer_loopback() else ("127.0.0.1",):
        reader, writer = await asyncio.open_connection(address, ports[0])
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 418")
        writer.close()
        await writer.wait_closed()
    closing.set()
    await serving


def test_a_taken_port_is_an_os_error(server: Served) -> None:
    """Starting where somebody listens already fails at once."""

    with pytest.raises(OSError, match="in use"):
        asyncio.run(serve(Teapot(), "127.0.0.1", server.port, closing=asyncio.Event()))
