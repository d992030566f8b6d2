"""The few pages that are not AWS's: health, the root, and what is plugged in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from stepwell import values
from stepwell.errors import ServiceError
from stepwell.gateway.messages import Response, header_lines
from stepwell.services.api import Call

HEALTH_PATHS = frozenset({"/_stepwell/health", "/_localstack/health", "/health"})
"""Ours, and where wrappers look."""

Page: TypeAlias = Callable[[Call, Mapping[str, str]], Awaitable[Mapping[str, object]]]
"""A page of our own: the call and the address's query in, a JSON object out."""
PAGES_SIGNING_NAME = "states"
"""The service that requests for pages are signed for, when credentials are configured."""
_QUERY_FIELDS_MAX = 50


def health_page(health: Callable[[], Mapping[str, object]]) -> Response:
    """200 while `status` is `ok` or unsaid, else 503."""
    facts = {"status": "ok", **health()}
    return _json(200 if facts["status"] in ("ok", "running") else 503, facts)


def root_page(path: str, request_id: str) -> Response:
    """A friendly word at the root, 404 elsewhere."""
    if path == "/":
        return _json(200, {"name": "stepwell", "health": "/_stepwell/health"})
    return _json(404, {"message": f"There is no page {path[:200]}", "requestId": request_id})


def page_query(query: bytes) -> dict[str, str]:
    """The fields of an address's query. Raises ServiceError MalformedQueryString."""
    try:
        fields = parse_qsl(
            query.decode(),
            keep_blank_values=True,
            max_num_fields=_QUERY_FIELDS_MAX,
            errors="strict",
        )
    except ValueError as error:
        raise ServiceError("MalformedQueryString", f"The query cannot be read: {error}") from error
    return dict(fields)


def json_page(status: int, value: Mapping[str, object], request_id: str) -> Response:
    """A JSON answer with its request id; nobody may keep a copy."""
    extra = header_lines([("x-amzn-requestid", request_id), ("cache-control", "no-store")])
    return _json(status, value, extra)


def _json(status: int, value: Mapping[str, object], extra: bytes = b"") -> Response:
    lines = b"content-type: application/json\r\n" + extra
    return Response(status, lines, values.encode(value))
