"""The few pages that are not AWS's: health, and what stands at the root."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stepwell import values
from stepwell.gateway.protocols.port import Headers, Response

HEALTH_PATHS = frozenset({"/_stepwell/health", "/_localstack/health", "/health"})
"""Ours, and where wrappers look."""


def health_page(health: Callable[[], Mapping[str, object]]) -> Response:
    """200 while `status` is `ok` or unsaid, else 503."""
    facts = {"status": "ok", **health()}
    return _json(200 if facts["status"] in ("ok", "running") else 503, facts)


def root_page(path: str, request_id: str) -> Response:
    """A friendly word at the root, 404 elsewhere."""
    if path == "/":
        return _json(200, {"name": "stepwell", "health": "/_stepwell/health"})
    return _json(404, {"message": f"There is no page {path[:200]}", "requestId": request_id})


def _json(status: int, value: Mapping[str, object]) -> Response:
    body = values.encode(value)
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    return Response(status, headers, body)
