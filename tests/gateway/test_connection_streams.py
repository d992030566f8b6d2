"""Bodies that are sent piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stepwell.gateway.messages import Request, Response
from tests.gateway.test_connection import GET, App, connect, settled


async def test_a_body_in_pieces_follows_its_head() -> None:
    """Pieces leave as they come; the next request is answered behind them."""
    app = App()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def work(request: Request) -> Response:
        if request.path == "/1":
            return Response(200, b"", b"", 6, pieces())
        return Response(204, b"", b"")

    app.work = work
    connection, peer = connect(app)
    connection.data_received(GET % 1 + GET % 2)
    await settled()
    assert peer.writes[0].endswith(b"content-length: 6\r\n\r\n")
    assert peer.writes[1:3] == [b"one", b"two"]
    assert peer.writes[3].startswith(b"HTTP/1.1 204")


async def test_a_body_that_breaks_off_breaks_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody takes half an object for a whole one."""
    app = App()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError("gone")

    async def work(request: Request) -> Response:
        return Response(200, b"", b"", 6, pieces())

    app.work = work
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    await settled()
    assert peer.writes[-1] == b"one"
    assert peer.done == ["abort"]
    assert "broke off" in caplog.text


async def test_a_slow_peer_gets_the_next_piece_when_it_has_room() -> None:
    """Nothing piles up."""
    app = App()

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two"):
            yield piece

    async def work(request: Request) -> Response:
        connection.pause_writing()
        return Response(200, b"", b"", 6, pieces())

    app.work = work
    connection, peer = connect(app)
    connection.data_received(GET % 1)
    await settled()
    assert peer.writes[-1] == b"one"
    connection.resume_writing()
    await settled()
    assert peer.writes[-1] == b"two"
