"""Pages of lists, as HTTP APIs answer them."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Params
from stepwell.services.apigateway.errors import bad_request

PAGE_DEFAULT = 100
PAGE_MAX = 500


def listed(items: list[Any], params: Params) -> dict[str, Any]:
    """A page of a list."""
    try:
        start = int(params.get("NextToken") or 0)
        size = min(int(params.get("MaxResults") or PAGE_DEFAULT), PAGE_MAX)
    except ValueError:
        raise bad_request("Invalid NextToken or MaxResults specified") from None
    if size < 1 or start < 0:
        raise bad_request("Invalid NextToken or MaxResults specified")
    found: dict[str, Any] = {"Items": items[start : start + size]}
    if start + size < len(items):
        found["NextToken"] = str(start + size)
    return found
