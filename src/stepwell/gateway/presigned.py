"""Addresses of objects that somebody signed for others: how long they are good.

Their time is checked also where no credentials are configured, so that code which lets an address
expire finds it expired here too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote

from stepwell.errors import ServiceError
from stepwell.gateway.canonical import query_pairs

_STAMP = "%Y%m%dT%H%M%SZ"


def check_expiry(query: bytes, now: int) -> None:
    """Raises ServiceError AccessDenied when the address has expired. `now` in milliseconds."""
    if b"Expires=" not in query:
        return
    pairs = {unquote(name): unquote(value) for name, value in query_pairs(query)}
    ends = _end(pairs)
    if ends is None or now <= ends * 1000:
        return
    fields = {"Expires": _shown(ends), "ServerTime": _shown(now // 1000)}
    if "X-Amz-Expires" in pairs:
        fields = {"X-Amz-Expires": pairs["X-Amz-Expires"], **fields}
    raise ServiceError("AccessDenied", "Request has expired", status=403, fields=fields)


def _end(pairs: dict[str, str]) -> int | None:
    """The last second of an address, None when it says none that can be read."""
    try:
        if "X-Amz-Signature" in pairs:
            begins = datetime.strptime(pairs["X-Amz-Date"], _STAMP).replace(tzinfo=UTC)
            return int(begins.timestamp()) + int(pairs["X-Amz-Expires"])
        if "AWSAccessKeyId" in pairs:
            return int(pairs["Expires"])
    except (KeyError, ValueError):
        pass
    return None


def _shown(seconds: int) -> str:
    moment = datetime.fromtimestamp(min(max(seconds, 0), 32_503_680_000), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
