"""Bytes into requests: what is understood, what is refused, and that packets change nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stepwell.gateway import http_answers as answers
from stepwell.gateway.http_answers import Refusal
from stepwell.gateway.http_requests import DEAF, IDLE, Incoming, RequestReader
from stepwell.gateway.messages import Request
from stepwell.gateway.settings import HEADER_BYTES_MAX, HEADERS_MAX

LIMIT = 1000


class Read:
    """A reader and all that came out of it."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self.items: list[Incoming] = []
        self.go_ons = 0
        self.reader = RequestReader(
            LIMIT, put=self.items.append, go_on=self._go_on, own_url=lambda: "http://own"
        )
        for piece in pieces:
            self.feed(piece)

    def feed(self, piece: bytes) -> None:
        """More bytes, as long as the reader wants some."""
        if self.reader.phase != DEAF:
            self.reader.feed(piece)

    def _go_on(self) -> None:
        self.go_ons += 1

    @property
    def request(self) -> Request:
        """The only thing that came out, which must be a request."""
        assert len(self.items) == 1
        assert isinstance(self.items[0], Request)
        return self.items[0]

    @property
    def refusal(self) -> Refusal:
        """The only thing that came out, which must be a refusal."""
        assert len(self.items) == 1
        assert isinstance(self.items[0], Refusal)
        assert self.reader.phase == DEAF
        return self.items[0]


def read(*pieces: bytes) -> Read:
    """What comes out of these packets."""
    return Read(pieces)


def test_a_whole_request() -> None:
    """Method, address, headers in small letters, repeated ones kept, and body."""
    request = read(
        b"PUT /a%20b/c?d=e&f HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nX-ONE:  2 \r\nEmpty:\r\n"
        b"Content-Length: 2\r\n\r\nhi"
    ).request
    assert (request.method, request.path, request.query) == ("PUT", "/a%20b/c", b"d=e&f")
    assert request.headers[b"x-one"] == b"2"
    assert list(request.header_list) == [
        (b"host", b"here"),
        (b"x-one", b"1"),
        (b"x-one", b"2"),
        (b"empty", b""),
        (b"content-length", b"2"),
    ]
    assert (request.body, request.signed_body, request.too_large) == (b"hi", b"hi", False)


@pytest.mark.parametrize(
    ("address", "path", "query"),
    [
        (b"/", "/", b""),
        (b"*", "*", b""),
        (b"/?a", "/", b"a"),
        (b"http://elsewhere:1/x?y=z", "/x", b"y=z"),
        (b"http://elsewhere", "/", b""),
        (b"/a//b/../c", "/a//b/../c", b""),
    ],
)
def test_addresses(address: bytes, path: str, query: bytes) -> None:
    """Addresses come in several forms; none of them is resolved here."""
    request = read(b"OPTIONS " + address + b" HTTP/1.1\r\nHost: x\r\n\r\n").request
    assert (request.path, request.query) == (path, query)


@pytest.mark.parametrize(
    "body", [b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n", b"9;x=y\r\nWikipedia\r\n0\r\n\r\n"]
)
def test_chunks_are_joined(body: bytes) -> None:
    """A chunked body is whole and of bytes, whatever its cuts and extensions."""
    request = read(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n" + body
    ).request
    assert request.body == b"Wikipedia"
    assert type(request.body) is bytes


def test_trailers_change_nothing() -> None:
    """Headers after a body are read and forgotten; the next request is not touched by them."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = read(
        head + b"1\r\nx\r\n0\r\nHost: evil\r\nX-Amz-Target: y\r\n\r\n" + head + b"0\r\n\r\n"
    )
    first, second = found.items
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert first.headers == second.headers == {b"host": b"x", b"transfer-encoding": b"chunked"}


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
        b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\nx\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxyz\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_two_ways_to_read_are_none(data: bytes) -> None:
    """What another reader could cut otherwise is refused, whole or byte by byte."""
    assert read(data).refusal.status == 400
    assert read(*(data[i : i + 1] for i in range(len(data)))).refusal.status == 400


@pytest.mark.parametrize("line", [b"GET / HTTP/2.0\r\n", b"GET /\r\n"])
def test_other_versions(line: bytes) -> None:
    """What is newer or older than HTTP/1 is named as such."""
    assert read(line + b"\r\n").refusal.status == 505


def test_nothing_is_read_after_a_refusal() -> None:
    """A smuggled request behind a broken one does not come out."""
    good = b"GET /secret HTTP/1.1\r\nHost: x\r\n\r\n"
    found = read(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + good, good)
    assert found.refusal == answers.BAD_REQUEST
    assert found.reader.unread


@pytest.mark.parametrize(
    ("head", "stays"),
    [
        (b"HTTP/1.1\r\n", True),
        (b"HTTP/1.1\r\nConnection: keep-alive\r\n", True),
        (b"HTTP/1.1\r\nConnection: close\r\n", False),
        (b"HTTP/1.1\r\nConnection: foo, Close\r\n", False),
        (b"HTTP/1.0\r\n", False),
        (b"HTTP/1.0\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_who_may_stay(head: bytes, stays: bool) -> None:
    """The version and the Connection header say whether another request may come."""
    found = read(b"GET / " + head + b"Host: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(found.items) == (2 if stays else 1)
    assert all(isinstance(item, Request) for item in found.items)


@pytest.mark.parametrize("connection", [b"Upgrade, HTTP2-Settings", b"upgrade, close"])
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_wishes_for_another_protocol_are_passed_over(connection: bytes, step: int) -> None:
    """A client that offers HTTP/2 gets HTTP/1.1, body and next request included."""
    one = (
        b"POST /one HTTP/1.1\r\nHost: x\r\nConnection: %b\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nContent-Length: 4\r\n\r\nbody"
    ) % connection
    data = one + one
    found = read(*(data[i : i + step] for i in range(0, len(data), step)))
    assert len(found.items) == (1 if b"close" in connection else 2)
    for item in found.items:
        assert isinstance(item, Request)
        assert (item.path, item.body, item.headers[b"host"]) == ("/one", b"body", b"x")


@pytest.mark.parametrize(
    ("headers", "count", "status"),
    [
        (b"Expect: 100-continue\r\n", 1, None),
        (b"expect: 100-Continue\r\n", 1, None),
        (b"Expect: miracles\r\n", 0, 417),
    ],
)
def test_expectations(headers: bytes, count: int, status: int | None) -> None:
    """Whoever asks is told to go on, before the body; other wishes are refused."""
    found = read(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n" + headers + b"\r\n")
    assert found.go_ons == count
    assert [item.status for item in found.items if isinstance(item, Refusal)] == (
        [status] if status else []
    )


def test_old_clients_expect_nothing() -> None:
    """HTTP/1.0 knows no 100; the header means nothing there."""
    assert read(b"POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").go_ons == 0


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_a_length_over_the_limit(expect: bytes) -> None:
    """It is known from the head: nothing of the body is waited for, and nobody is told to go on."""
    found = read(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n" + expect + b"\r\n")
    assert (found.request.too_large, found.request.body) == (True, b"")
    assert (found.reader.phase, found.reader.unread, found.go_ons) == (DEAF, True, 0)
    assert not read(
        b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    ).request.too_large


def test_chunks_over_the_limit() -> None:
    """A chunked body is cut off where it passes the limit."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    assert read(head, chunk, chunk).items == []
    found = read(head, chunk, chunk, b"1\r\nx")
    assert found.request.too_large


def test_frames_without_end() -> None:
    """Chunk extensions and trailers are bounded, though nobody keeps them."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = read(head, b"1;", *[b"x" * 10_000] * 20)
    assert found.refusal == answers.TOO_MUCH_FRAMING
    found = read(head, b"0\r\n", *[b"a: b\r\n" * 100] * 3)
    assert found.refusal == answers.TOO_LARGE_HEAD
    found = read(head, b"0\r\na: ", *[b"x" * 10_000] * 20)
    assert found.refusal == answers.TOO_MUCH_FRAMING


def test_small_chunks_are_no_offence() -> None:
    """A body byte by byte is slow, not wrong."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read(head, b"1\r\nx\r\n" * LIMIT, b"0\r\n\r\n").request.body == b"x" * LIMIT


@pytest.mark.parametrize("step", [1000, 10_000, 200_000])
@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * HEADER_BYTES_MAX,
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * HEADER_BYTES_MAX + b"\r\n\r\n",
        b"GET /" + b"x" * HEADER_BYTES_MAX + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (HEADERS_MAX + 2),
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (HEADERS_MAX + 1) + b"\r\n",
    ],
    ids=["value", "whole", "address", "many", "many, whole"],
)
def test_heads_over_the_limit(head: bytes, step: int) -> None:
    """A head that is too long is refused before or when it is whole."""
    pieces = [head[i : i + step] for i in range(0, len(head), step)]
    assert read(*pieces).refusal == answers.TOO_LARGE_HEAD


def test_a_head_beside_a_large_body_is_not_large() -> None:
    """What came in one packet with it does not count against a head."""
    limit = 200_000
    items: list[Incoming] = []
    reader = RequestReader(limit, put=items.append, go_on=lambda: None, own_url=lambda: "")
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65400\r\n\r\n" + b"x" * 65_400
    reader.feed(one * 3)
    assert [isinstance(item, Request) for item in items] == [True] * 3


def test_unwanted_requests() -> None:
    """A connection too many is told so at its first request."""
    found = Read()
    found.reader.unwanted = True
    found.feed(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert found.refusal == answers.TOO_MANY


# Any bytes, in any packets

TOKENS = st.text("abcxyzXYZ-", min_size=1, max_size=8).map(lambda text: b"X-" + text.encode())
VALUES = st.text("abc xyz;=/\t", max_size=12).map(lambda text: text.strip().encode())
BODIES = st.binary(max_size=40)


@st.composite
def one_request(draw: st.DrawFn) -> bytes:
    """A valid request, with a body of either kind or none, sometimes with an upgrade."""
    lines = [b"Host: x"]
    lines += [
        name + b": " + value
        for name, value in draw(st.lists(st.tuples(TOKENS, VALUES), max_size=4))
    ]
    if draw(st.booleans()):
        lines += [b"Connection: Upgrade", b"Upgrade: h2c"]
    body = b""
    match draw(st.sampled_from(["none", "length", "chunks"])):
        case "length":
            body = draw(BODIES)
            lines.append(b"Content-Length: %d" % len(body))
        case "chunks":
            parts = [part for part in draw(st.lists(BODIES, max_size=3)) if part]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
            body += b"0\r\n" + draw(st.sampled_from([b"", b"Trailer: x\r\n"])) + b"\r\n"
            lines.append(b"Transfer-Encoding: chunked")
    target = draw(st.sampled_from([b"/", b"/a/b?c=d", b"http://h/p"]))
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD"]))
    return method + b" " + target + b" HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data in pieces."""
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


PLACES = st.lists(st.integers(0, 5000), max_size=12)


@settings(max_examples=300, deadline=None)
@given(requests=st.lists(one_request(), min_size=1, max_size=4), places=PLACES)
def test_packets_change_nothing(requests: list[bytes], places: list[int]) -> None:
    """However valid requests are cut into packets, the same requests come out, in order."""
    alone = [read(request).request for request in requests]
    found = read(*cut(b"".join(requests), places))
    assert found.items == alone
    assert found.reader.phase == IDLE


SOUP = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.one_of(
            one_request(),
            st.binary(max_size=5),
            st.sampled_from(
                [b"\r\n", b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\n", b"GET / HTTP/1.1\r\n"]
            ),
        ),
        max_size=8,
    ).map(b"".join),
)


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=SOUP, places=PLACES)
@example(data=b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n" * 50, places=[])
def test_any_bytes_end_well(
    data: bytes, places: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """Requests, then perhaps one refusal, and the cuts make no difference; never a traceback."""
    whole, pieces = read(data), read(*cut(data, places))
    assert whole.items == pieces.items
    assert all(isinstance(item, Request) for item in whole.items[:-1])
    assert caplog.text == ""
