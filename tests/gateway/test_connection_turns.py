"""Answers are written at the end of a turn of the loop, and nothing overtakes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from stepwell.gateway.http_connection import Connection, Shared
from tests.gateway.test_connection import GET, App, connect, settled


async def test_the_answers_of_a_turn_are_written_at_its_end() -> None:
    """A reader that wakes up takes time from those who are not answered yet."""
    app = App()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=10)
    ends = [connect(app, shared=shared) for _ in range(3)]
    for connection, _ in ends:
        connection.data_received(GET % 1)
    await asyncio.sleep(0)
    assert (app.paths(), [peer.writes for _, peer in ends]) == (["/1"] * 3, [[], [], []])
    await asyncio.sleep(0)
    assert [peer.statuses() for _, peer in ends] == [[200], [200], [200]]


CONTINUED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"


@pytest.mark.parametrize(
    ("then", "statuses"),
    [
        (lambda connection: connection.eof_received(), [200]),
        (lambda connection: connection.shut_down(), [200]),
        (lambda connection: connection.data_received(CONTINUED), [200, 100]),
        (lambda connection: connection.data_received(b"?"), [200, 400]),
    ],
    ids=["end", "stop", "continue", "refusal"],
)
async def test_an_answer_comes_before_what_follows_it(
    then: Callable[[Connection], object], statuses: list[int]
) -> None:
    """What happens before the end of the turn does not overtake the answer, nor cut it off."""
    connection, peer = connect(App())
    connection.data_received(GET % 1)
    await asyncio.sleep(0)
    assert peer.writes == []
    then(connection)
    await settled()
    assert peer.statuses() == statuses


async def test_one_that_cannot_be_written_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that fails is closed; those behind it are answered."""
    app = App()
    shared = Shared(app, asyncio.get_running_loop(), connections_max=10)
    (first, broken), (second, whole) = (connect(app, shared=shared) for _ in range(2))

    def write(data: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(broken, "write", write)
    first.data_received(GET % 1)
    second.data_received(GET % 2)
    await settled()
    assert broken.done == ["abort"]
    assert whole.statuses() == [200]
    assert "could not be sent" in caplog.text
