"""Pages of rows. A token names the last row shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from stepwell.services.api import Params
from stepwell.services.logs.errors import invalid
from stepwell.services.paging import name_in, token_of

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
    return page, token_of(name(page[-1])) if len(rows) > size else None


def _read(token: str) -> str:
    try:
        return name_in(token)
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
