"""Pages of rows. A token names the last row shown."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from stepwell.services.api import Params
from stepwell.services.logs.errors import invalid

R = TypeVar("R")
PAGE = 50


def cut(
    rows: Sequence[R], params: Params, name: Callable[[R], str], *, ordered: bool = True
) -> tuple[list[R], str | None]:
    """The page that `limit` and `nextToken` ask for, and the token of the next one.

    `ordered` says that the rows are in the order of their names.
    """
    after = _read(params["nextToken"]) if params.get("nextToken") else None
    if after is not None and ordered:
        rows = [row for row in rows if name(row) > after]
    elif after is not None:
        names = [name(row) for row in rows]
        rows = rows[names.index(after) + 1 :] if after in names else []
    size = params.get("limit") or PAGE
    page = list(rows[:size])
    token = urlsafe_b64encode(name(page[-1]).encode()).decode() if len(rows) > size else None
    return page, token


def _read(token: str) -> str:
    try:
        return b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
