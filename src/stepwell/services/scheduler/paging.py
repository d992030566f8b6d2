"""Lists in pages: the token says which one came last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from stepwell.services.api import Params
from stepwell.services.paging import page_after
from stepwell.services.scheduler.names import invalid

R = TypeVar("R")
PAGE_MAX = 100


def page(
    rows: Sequence[R], params: Params, name_of: Callable[[R], str]
) -> tuple[Sequence[R], dict[str, str]]:
    """The page that is asked for, and the member NextToken if there are more. Rows are sorted."""
    size = params.get("MaxResults") or PAGE_MAX
    try:
        shown, token = page_after(rows, params.get("NextToken"), size, name_of)
    except ValueError:
        raise invalid("Invalid pagination token.") from None
    return shown, {"NextToken": token} if token else {}
