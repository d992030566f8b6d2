"""Pages that go on after a name."""

from __future__ import annotations

import pytest

from stepwell.services.paging import name_in, page_after, token_of


def test_pages_hold_every_row_once() -> None:
    """Following the tokens shows all rows in order, and the last page has no token."""
    rows = [f"name-{number:02}" for number in range(7)]
    seen: list[str] = []
    token: str | None = None
    for _ in range(3):
        page, token = page_after(rows, token, 3, str)
        seen += page
    assert (seen, token) == (rows, None)


def test_a_page_that_ends_with_the_rows_is_the_last() -> None:
    """There is no token to an empty page."""
    assert page_after(["a", "b"], None, 2, str) == (["a", "b"], None)


def test_a_row_that_goes_between_two_pages_takes_none_with_it() -> None:
    """The page after a removed row begins with the one that followed it."""
    _, token = page_after(["a", "b", "c"], None, 2, str)
    assert page_after(["a", "c"], token, 2, str) == (["c"], None)


@pytest.mark.parametrize("name", ["a", "Straße/é", "?>~" * 9])
def test_a_token_holds_its_name(name: str) -> None:
    """What a token was made of comes out of it, and it needs no quoting in an address."""
    token = token_of(name)
    assert name_in(token) == name
    assert not set(token) & set("+/&?")


@pytest.mark.parametrize("token", ["!", "abc", "é", "_w=="])
def test_what_is_no_token_is_refused(token: str) -> None:
    """Letters that no base 64 has, cut ones, and bytes that are no text are ValueErrors."""
    with pytest.raises(ValueError):
        page_after(["a"], token, 1, str)
