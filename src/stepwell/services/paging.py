"""Pages of rows that are ordered by a name. A token names the last row shown.

So a page goes on where the last one ended whatever was made or removed between the two. Each
service says in its own words that a token is none.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import TypeVar

R = TypeVar("R")


def page_after(
    rows: Iterable[R], token: str | None, size: int, name_of: Callable[[R], str]
) -> tuple[list[R], str | None]:
    """The page of rows after the one a token names, and the token of the next page.

    Raises ValueError for a token that is none.
    """
    after = name_in(token) if token else ""
    left = [row for row in rows if name_of(row) > after]
    page = left[:size]
    return page, token_of(name_of(page[-1])) if len(left) > len(page) else None


def token_of(name: str) -> str:
    """The token that continues after a name."""
    return urlsafe_b64encode(name.encode()).decode()


def name_in(token: str) -> str:
    """The name after which a token continues. Raises ValueError if it is none."""
    return b64decode(token, altchars=b"-_", validate=True).decode()
