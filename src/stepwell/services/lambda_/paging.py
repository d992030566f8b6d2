"""Pages of lists: a marker names the last thing that was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from stepwell.services.api import Params
from stepwell.services.lambda_.errors import invalid
from stepwell.services.paging import name_in, token_of

T = TypeVar("T")


def page(
    rows: Sequence[T], params: Params, name_of: Callable[[T], str], limit: int = 50
) -> tuple[list[T], dict[str, str]]:
    """The rows of the page that the request asks for, and `NextMarker` if more follow.

    Raises ServiceError for a marker that is none.
    """
    size = min(params.get("MaxItems") or limit, limit)
    start = 0
    if marker := params.get("Marker"):
        last = _read(marker)
        names = [name_of(row) for row in rows]
        # What was shown last may be gone since.
        before = [number for number, name in enumerate(names) if name == last]
        start = before[0] + 1 if before else sum(1 for name in names if name <= last)
    shown = list(rows[start : start + size])
    if start + size < len(rows):
        return shown, {"NextMarker": token_of(name_of(shown[-1]))}
    return shown, {}


def _read(marker: str) -> str:
    try:
        return name_in(marker)
    except ValueError as error:
        raise invalid("Invalid marker") from error
