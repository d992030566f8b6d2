"""A connection and a peer that is made of lists: order, bounds, patience, and who leaves first."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stepwell.gateway import http_connection as connections
from stepwell.gateway.http_connection import Connection, Shared
from stepwell.gateway.http_requests import IDLE
from stepwell.gateway.messages import Request, Response

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"


class Peer(asyncio.Transport):
    """The other end: what was written, and what was done to the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.done: list[str] = []
        self.connection: Connection

    def write(self, data: Any) -> None:
        """Remembers the bytes."""
        self.writes.append(bytes(data))

    def write_eof(self) -> None:
        """Remembers the end."""
        self.done.append("eof")

    def can_write_eof(self) -> bool:
        """As sockets can."""
        return True

    def pause_reading(self) -> None:
        """Remembers that."""
        self.done.append("pause")

    def resume_reading(self) -> None:
        """Remembers that."""
        self.done.append("resume")

    def close(self) -> None:
        """Closes at once."""
        self._lose("close")

    def abort(self) -> None:
        """Closes at once."""
        self._lose("abort")

    def is_closing(self) -> bool:
        """Whether one of the two ends has closed."""
        return "close" in self.done or "abort" in self.done

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Our own address."""
        return ("::1", 4566) if name == "sockname" else default

    def _lose(self, how: str) -> None:
        if not self.is_closing():
            self.done.append(how)
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)

    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(data.split()[1]) for data in self.writes]


class Marker(dict[str, str]):
    """Something in a request whose end can be seen."""


class App:
    """Answers with the path; a path in `held` waits for its turn."""

    body_bytes_max = 100

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.ended: list[str] = []
        self.held: dict[str, asyncio.Event] = {}
        self.abandonable = False
        self.work: Callable[[Request], Awaitable[Response]] | None = None

    async def __call__(self, request: Request) -> Response:
        """The answer."""
        self.asked.append(request)
        request.abandonable = self.abandonable
        if self.work is not None:
            return await self.work(request)
        if request.path in self.held:
            await self.held[request.path].wait()
        self.ended.append(request.path)
        return Response(413 if request.too_large else 200, b"", request.path.encode())

    def paths(self) -> list[str]:
        """What was asked."""
        return [request.path for request in self.asked]


def connect(app: App, *, shared: Shared | None = None) -> tuple[Connection, Peer]:
    """A connection of that server with its peer."""
    shared = shared or Shared(app, asyncio.get_running_loop(), connections_max=10)
    connection, peer = Connection(shared), Peer()
    peer.connection = connection
    connection.connection_made(peer)
    return connection, peer


async def settled() -> None:
    """Lets the loop run until nothing moves any more."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_answer_is_one_write() -> None:
    """Head and body leave together, the Date line with them, and the connection stays."""
    app = App()
    connection, peer = connect(app)
    connection._shared.date = b"date: today\r\n"
    connection.data_received(GET % 1)
    await settled()
    assert peer.writes == [b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\n/1"]
    assert peer.done == []


async def test_pipelined_requests_wait_for_their_turn() -> None:
    """The second is not begun before the first is answered; answers come in order."""
    app = App()
    app.held["/1"] = asyncio.Event()
    connection, peer = connect(app)
    connection.data_received(GET % 1 + GET % 2)
    await settled()
    assert app.paths() == ["/1"]
    app.held["/1"].set()
    await settled()
    assert app.paths() == ["/1", "/2"]
    assert [data[-2:] for data in peer.writes] == [b"/1", b"/2"]


async def test_reading_stops_while_much_waits() -> None:
    """A peer that sends without listening is not read from until its queue is short again."""
    app = App()
    app.held["/0"] = asyncio.Event()
    connection, peer = connect(app)
    for number in range(connections.WAITING_MAX + 1):
        connection.data_received(GET % number)
        await settled()
    assert peer.done == ["pause"]
    app.held["/0"].set()
    await settled()
    assert peer.done == ["pause", "resume"]
    assert len(peer.writes) == connections.WAITING_MAX + 1


async def test_a_peer_that_does_not_read_gets_no_more() -> None:
    """While the peer's buffer is full the next request waits; after a minute it is given up."""
    app = App()
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    await settled()
    connection.pause_writing()
    connection.data_received(GET % 2)
    await settled()
    assert app.paths() == ["/1"]
    connection.resume_writing()
    await settled()
    assert app.paths() == ["/1", "/2"]
    connection.pause_writing()
    connection._shared.seconds = connections.STALL_SECONDS
    connection.tick()
    assert peer.done == []
    connection._shared.seconds += 1
    connection.tick()
    assert peer.done == ["abort"]


async def test_a_lost_peer_wakes_who_waits_for_it() -> None:
    """Nothing is left behind when a peer goes while its answer could not be sent."""
    app = App()
    connection, peer = connect(app)
    connection.pause_writing()
    connection.data_received(GET % 1)
    await settled()
    peer.abort()
    await settled()
    assert connection._shared.open == set()
    assert connection._shared.emptied.is_set()


@pytest.mark.parametrize(
    ("sent", "patience", "statuses", "end"),
    [
        (b"", connections.IDLE_SECONDS, [], "close"),
        (GET % 1, connections.IDLE_SECONDS, [200], "close"),
        (b"GET / HTTP/1.1\r\nHost:", connections.HEAD_SECONDS, [408], "eof"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
            connections.STALL_SECONDS,
            [408],
            "eof",
        ),
    ],
    ids=["silent", "idle", "head", "body"],
)
async def test_patience_ends(sent: bytes, patience: int, statuses: list[int], end: str) -> None:
    """Silence, a slow head and a body that stands still each have their time, and no more."""
    connection, peer = connect(App())
    if sent:
        connection.data_received(sent)
    await settled()
    connection._shared.seconds = patience
    connection.tick()
    await settled()
    assert peer.done == []
    connection._shared.seconds += 1
    connection.tick()
    await settled()
    assert (peer.statuses(), peer.done) == (statuses, [end])


async def test_a_slow_head_is_not_saved_by_more_of_it() -> None:
    """Header after header does not extend the time for a head."""
    connection, peer = connect(App())
    connection.data_received(b"GET / HTTP/1.1\r\n")
    connection._shared.seconds = connections.HEAD_SECONDS + 1
    connection.data_received(b"a: b\r\n")
    connection.tick()
    await settled()
    assert peer.statuses() == [408]


async def test_a_body_that_grows_may_take_its_time() -> None:
    """Only standing still counts against a body."""
    connection, peer = connect(App())
    connection.data_received(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n")
    for _ in range(3):
        connection._shared.seconds += connections.STALL_SECONDS
        connection.tick()
        connection.data_received(b"x")
    await settled()
    assert peer.statuses() == [200]


async def test_work_may_take_as_long_as_it_takes() -> None:
    """While a request is worked on, nobody is impatient."""
    app = App()
    app.held["/1"] = asyncio.Event()
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    await settled()
    connection._shared.seconds = 10_000
    connection.tick()
    app.held["/1"].set()
    await settled()
    assert (peer.statuses(), peer.done) == ([200], [])


async def test_a_refusal_lingers_for_a_moment_only() -> None:
    """After a refusal what still comes is thrown away, then the connection is cut."""
    connection, peer = connect(App())
    connection.data_received(b"nonsense\r\n\r\n")
    await settled()
    connection.data_received(GET % 1)
    await settled()
    assert (peer.statuses(), peer.done) == ([400], ["eof"])
    connection._shared.seconds = connections.LINGER_SECONDS + 1
    connection.tick()
    assert peer.done == ["eof", "abort"]


async def test_what_is_thrown_away_is_bounded() -> None:
    """Nobody may keep us busy with bytes that are not read."""
    connection, peer = connect(App())
    connection.data_received(b"nonsense\r\n\r\n")
    await settled()
    for _ in range(connections.DISCARDED_BYTES_MAX // 2**20):
        connection.data_received(bytes(2**20))
    assert peer.done == ["eof"]
    connection.data_received(b"x")
    assert peer.done == ["eof", "abort"]


async def test_a_refusal_waits_for_the_answers_before_it() -> None:
    """A good request followed by nonsense is answered, then the nonsense is refused."""
    app = App()
    connection, peer = connect(app)
    connection.data_received(GET % 1 + b"nonsense\r\n\r\n")
    await settled()
    assert peer.statuses() == [200, 400]
    assert b"connection" not in peer.writes[0]
    assert b"connection: close\r\n" in peer.writes[1]


async def test_work_ends_though_the_peer_is_gone() -> None:
    """A request that was accepted is carried out, answered or not."""
    app = App()
    app.held["/1"] = asyncio.Event()
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    await settled()
    connection.connection_lost(None)
    app.held["/1"].set()
    await settled()
    assert app.ended == ["/1"]
    assert peer.writes == []
    assert connection._shared.open == set()


async def test_abandonable_work_ends_with_the_peer() -> None:
    """A poll that nobody waits for is cancelled."""
    app = App()
    app.abandonable = True
    app.held["/1"] = asyncio.Event()
    connection, _ = connect(app)
    connection.data_received(GET % 1)
    await settled()
    assert connection.eof_received() is False
    connection.connection_lost(None)
    await settled()
    assert app.ended == []
    assert connection._shared.open == set()


async def test_requests_of_a_peer_that_has_left_know_it() -> None:
    """What begins after the peer has gone can see that nobody waits."""
    app = App()
    connection, _ = connect(app)
    connection.data_received(GET % 1)
    connection.connection_lost(None)
    await settled()
    assert [request.gone for request in app.asked] == [True]


async def test_a_peer_that_only_stops_sending_is_answered() -> None:
    """Half a close is no hanging up: the answer comes, then the end."""
    app = App()
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    assert connection.eof_received() is True
    await settled()
    assert (peer.statuses(), peer.done) == ([200], ["close"])
    idle, _ = connect(app)
    assert idle.eof_received() is False


async def test_what_is_over_is_not_kept() -> None:
    """An idle connection holds no request, and a lost one is gone without a garbage collection."""
    app = App()
    connection, peer = connect(app)
    connection.data_received(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
    await settled()
    marker = app.asked[0].fields = Marker()
    request, gone = weakref.ref(marker), weakref.ref(connection._waiting)
    del marker
    gc.disable()
    try:
        app.asked.clear()
        assert request() is None
        connection.connection_lost(None)
        await settled()
        del connection, peer.connection
        assert gone() is None
    finally:
        gc.enable()


async def test_too_many_connections_are_told() -> None:
    """Beyond the bound requests get a clear 503; far beyond, connections are cut."""
    app = App()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=1)
    connect(app, shared=shared)
    second, told = connect(app, shared=shared)
    second.data_received(GET % 1)
    await settled()
    assert told.statuses() == [503]
    assert b"Too many connections" in told.writes[0]
    assert app.asked == []
    for _ in range(connections.UNWANTED_MAX - 1):
        _, peer = connect(app, shared=shared)
        assert peer.done == []
    _, cut = connect(app, shared=shared)
    assert cut.done == ["abort"]


async def test_unfinished_requests_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many bodies that never end fill a common measure, not the memory; whole ones empty it."""
    monkeypatch.setattr(connections, "UNFINISHED_BYTES_MAX", 150)
    app = App()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=10)
    (one, first), (two, second), (three, third) = (connect(app, shared=shared) for _ in range(3))
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nx"
    three.data_received(b"GET / HTTP/1.1\r\n")
    one.data_received(begun)
    two.data_received(begun)
    await settled()
    assert (first.statuses(), second.statuses()) == ([], [])
    three.data_received(b"X: " + b"x" * 50)
    await settled()
    assert third.statuses() == [503]
    one.data_received(b"x")
    two.connection_lost(None)
    await settled()
    assert first.statuses() == [200]
    assert shared.unfinished_bytes == 0


async def test_a_connection_nobody_wants_must_hurry() -> None:
    """Beyond the bound silence ends soon."""
    app = App()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=0)
    connection, peer = connect(app, shared=shared)
    shared.seconds = connections.LINGER_SECONDS + 1
    connection.tick()
    assert peer.done == ["close"]


async def test_shutting_down() -> None:
    """Idle connections and half heads close at once; what has begun is answered and closed."""
    app = App()
    app.held["/1"] = asyncio.Event()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=10)
    idle, half, busy, body = (connect(app, shared=shared) for _ in range(4))
    half[0].data_received(b"GET / HT")
    busy[0].data_received(GET % 1)
    body[0].data_received(b"POST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nx")
    await settled()
    shared.closing = True
    for connection, _ in (idle, half, busy, body):
        connection.shut_down()
    await settled()
    assert [peer.done for _, peer in (idle, half, busy, body)] == [["close"], ["close"], [], []]
    app.held["/1"].set()
    body[0].data_received(b"x")
    await settled()
    for _, peer in (busy, body):
        assert (peer.statuses(), peer.done) == ([200], ["close"])
        assert b"connection: close\r\n" in peer.writes[0]
    assert shared.emptied.is_set()
    _, late = connect(app, shared=shared)
    assert late.done == ["abort"]


async def test_broken_work_is_a_clean_500(caplog: pytest.LogCaptureFixture) -> None:
    """An application that raises is logged; the peer gets no traceback and the connection lives."""
    app = App()

    async def broken(request: Request) -> Response:
        raise RuntimeError("secret")

    app.work = broken
    connection, peer = connect(app)
    with caplog.at_level(logging.ERROR):
        connection.data_received(GET % 1)
        await settled()
    assert "secret" in caplog.text
    assert peer.statuses() == [500]
    assert b"secret" not in peer.writes[0]
    assert connection._reader.phase == IDLE


async def test_a_request_without_host_gets_our_own_address() -> None:
    """Old callers say no Host; they mean the address they have connected to."""
    app = App()
    connection, _ = connect(app)
    connection.data_received(b"GET / HTTP/1.0\r\n\r\n")
    await settled()
    assert app.asked[0].base_url == "http://[::1]:4566"
