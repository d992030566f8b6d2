"""What a door answers, as the connection sends it."""

from __future__ import annotations

import pytest

from stepwell.gateway.doors import out_of_door
from stepwell.services.api import HttpAnswer


@pytest.mark.parametrize("status", [204, 205, 304])
def test_no_body_follows_a_status_that_has_none(status: int) -> None:
    """The bytes of a body would be taken for the next answer of the connection."""
    sent = out_of_door(HttpAnswer(status, [("x", "y")], b"abc"))
    assert (sent.status, sent.lines, sent.body) == (status, b"x: y\r\n", b"")


@pytest.mark.parametrize("status", [100, 101, 199])
def test_an_answer_that_is_not_final_is_an_error(status: int) -> None:
    """A client would wait on, for the final one."""
    sent = out_of_door(HttpAnswer(status, [], b"abc"))
    assert (sent.status, sent.body) == (502, b'{"message":"Internal server error"}')


def test_other_answers_stay_as_they_are() -> None:
    """Status and body go out, the headers of the connection do not."""
    sent = out_of_door(HttpAnswer(404, [("Connection", "x"), ("a", "b")], b"abc"))
    assert (sent.status, sent.lines, sent.body) == (404, b"a: b\r\n", b"abc")
