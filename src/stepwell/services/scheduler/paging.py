"""Lists in pages: the token says which one came last."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from stepwell.services.api import Params
from stepwell.services.scheduler.names import invalid

R = TypeVar("R")
PAGE_MAX = 100


def page(
    rows: Sequence[R], params: Params, name_of: Callable[[R], str]
) -> tuple[Sequence[R], dict[str, Any]]:
    """The page that is asked for, and the member NextToken if there are more. Rows are sorted."""
    after = _read(params.get("NextToken"))
    left = [row for row in rows if after is None or name_of(row) > after]
    limit = params.get("MaxResults") or PAGE_MAX
    shown = left[:limit]
    if len(left) <= limit:
        return shown, {}
    token = base64.urlsafe_b64encode(name_of(shown[-1]).encode()).decode()
    return shown, {"NextToken": token}


def _read(token: str | None) -> str | None:
    if not token:
        return None
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise invalid("Invalid pagination token.") from None
