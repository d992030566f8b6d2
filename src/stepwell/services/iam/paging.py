"""Pages by MaxItems and Marker. A marker names the last thing shown."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from stepwell.services.api import Params
from stepwell.services.iam.errors import validation

PAGE = 100

T = TypeVar("T")


def page(
    name: str, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], Any], params: Params
) -> dict[str, Any]:
    """The answer of a list: the page under its name, and how to go on."""
    rest = sorted(items, key=key)
    marker = params.get("Marker")
    if marker:
        after = _read(marker)
        rest = [item for item in rest if key(item) > after]
    shown = rest[: params.get("MaxItems") or PAGE]
    answer: dict[str, Any] = {name: [show(item) for item in shown], "IsTruncated": False}
    if len(rest) > len(shown):
        answer["IsTruncated"] = True
        answer["Marker"] = urlsafe_b64encode(key(shown[-1]).encode()).decode()
    return answer


def _read(marker: str) -> str:
    try:
        return b64decode(marker, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise validation("Invalid Marker.") from None
