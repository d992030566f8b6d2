"""What a function URL says about other origins, as its Cors settings have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Headers = dict[str, str]
_LISTS = {
    "AllowMethods": "access-control-allow-methods",
    "AllowHeaders": "access-control-allow-headers",
    "ExposeHeaders": "access-control-expose-headers",
}


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks what it may send."""
    return method == "OPTIONS" and "access-control-request-method" in headers


def preflight(cors: Mapping[str, Any], headers: Mapping[str, str]) -> Headers:
    """The answer to such a question; nothing for an origin that is not allowed."""
    found = _origin(cors, headers.get("origin", ""))
    if not found:
        return {}
    for member in ("AllowMethods", "AllowHeaders"):
        if cors.get(member):
            found[_LISTS[member]] = ",".join(cors[member])
    if cors.get("MaxAge"):
        found["access-control-max-age"] = str(cors["MaxAge"])
    return found


def on_answer(cors: Mapping[str, Any], headers: Mapping[str, str]) -> Headers:
    """What is added to the answer to a request from another origin."""
    found = _origin(cors, headers.get("origin", ""))
    if found and cors.get("ExposeHeaders"):
        found[_LISTS["ExposeHeaders"]] = ",".join(cors["ExposeHeaders"])
    return found


def _origin(cors: Mapping[str, Any], origin: str) -> Headers:
    allowed = cors.get("AllowOrigins") or ()
    if not origin or ("*" not in allowed and origin not in allowed):
        return {}
    credentials = bool(cors.get("AllowCredentials"))
    shown = "*" if "*" in allowed and not credentials else origin
    found = {"access-control-allow-origin": shown, "vary": "Origin"}
    if credentials:
        found["access-control-allow-credentials"] = "true"
    return found
