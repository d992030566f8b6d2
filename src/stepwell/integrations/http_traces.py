"""HTTP requests and answers as TestState shows them at the level TRACE.

Headers are one text, in the order in which they are sent: `[name: value, name: value]`.
"""

from __future__ import annotations

from collections.abc import Iterable

from stepwell.integrations.http_calls import HttpReply
from stepwell.integrations.http_requests import ANSWER_BYTES_MAX, HttpRequest
from stepwell.values import JsonObject


def shown_request(request: HttpRequest) -> JsonObject:
    """`inspectionData.request`."""
    shown: JsonObject = {
        "protocol": _protocol(request.url),
        "method": request.method,
        "url": request.url,
        "headers": _headers(request.headers.items()),
    }
    if request.body is not None:
        shown["body"] = request.body.decode("utf-8", "replace")
    return shown


def shown_reply(reply: HttpReply, url: str) -> JsonObject:
    """`inspectionData.response`, of an answer from that URL."""
    return {
        "protocol": _protocol(url),
        "statusCode": str(reply.status),
        "statusMessage": reply.reason,
        "headers": _headers(reply.headers),
        "body": reply.body[:ANSWER_BYTES_MAX].decode("utf-8", "replace"),
    }


def _protocol(url: str) -> str:
    return url.partition(":")[0].lower()


def _headers(pairs: Iterable[tuple[str, str]]) -> str:
    return "[" + ", ".join(f"{name}: {value}" for name, value in pairs) + "]"
