"""Pages by MaxItems and Marker. A marker names the last thing shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from stepwell.services.api import Params
from stepwell.services.iam.errors import validation
from stepwell.services.paging import page_after

PAGE = 100

T = TypeVar("T")


def page(
    name: str, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], Any], params: Params
) -> dict[str, Any]:
    """The answer of a list: the page under its name, and how to go on."""
    size = params.get("MaxItems") or PAGE
    try:
        shown, marker = page_after(sorted(items, key=key), params.get("Marker"), size, key)
    except ValueError:
        raise validation("Invalid Marker.") from None
    answer: dict[str, Any] = {name: [show(item) for item in shown], "IsTruncated": bool(marker)}
    return answer | ({"Marker": marker} if marker else {})
