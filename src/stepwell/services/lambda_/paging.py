"""Pages of lists: a marker names the last thing that was shown."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from stepwell.services.api import Params
from stepwell.services.lambda_.errors import invalid

T = TypeVar("T")


def page(
    rows: Sequence[T], params: Params, name_of: Callable[[T], str], limit: int = 50
) -> tuple[list[T], dict[str, Any]]:
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
        text = base64.urlsafe_b64encode(name_of(shown[-1]).encode()).decode()
        return shown, {"NextMarker": text}
    return shown, {}


def _read(marker: str) -> str:
    try:
        return base64.urlsafe_b64decode(marker.encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid marker") from error
