"""HTTP as functions see it behind their URLs: payload format 2.0, in and out."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from stepwell.services.api import HttpAnswer, HttpRequest
from stepwell.values import JsonObject, decode, encode

_TEXT = re.compile(r"text/.*|application/(?:json|javascript|xml)|application/.*\+(?:json|xml)")


def joined(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; repeated ones joined by commas."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def url_event(
    request: HttpRequest, path: str, identity: str, domain: str, now: int, caller: JsonObject | None
) -> JsonObject:
    """The event of a request. `caller` is who signed it."""
    headers = joined(request.headers)
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    at = datetime.fromtimestamp(now / 1000, UTC)
    context: JsonObject = {
        "accountId": "anonymous" if caller is None else caller["accountId"],
        "apiId": identity,
        "domainName": domain,
        "domainPrefix": identity,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{at:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": now,
    }
    if caller is not None:
        context["authorizer"] = {"iam": caller}
    event: JsonObject = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": dict(headers),
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = list(cookies)
    if request.query:
        event["queryStringParameters"] = _query(request.query)
    return event | _body(request, headers.get("content-type", ""))


def _query(text: str) -> JsonObject:
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return dict(found)


def _body(request: HttpRequest, content_type: str) -> JsonObject:
    if not request.body:
        return {}
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return {"body": request.body.decode()}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}


def url_answer(payload: bytes) -> HttpAnswer:
    """The HTTP answer of what the function returned. Raises ValueError where that cannot be."""
    try:
        returned = decode(payload) if payload else None
    except ValueError:
        returned = None
    if not isinstance(returned, dict) or "statusCode" not in returned:
        return HttpAnswer(200, [("content-type", "application/json")], payload)
    status = int(str(returned["statusCode"]))
    if not 100 <= status <= 599:
        raise ValueError(f"{status} is no status")
    headers = _headers(returned)
    return HttpAnswer(status, headers, _answer_body(returned))


def _headers(returned: dict[str, Any]) -> list[tuple[str, str]]:
    given = returned.get("headers") or {}
    headers = [(str(name).lower(), _text(value)) for name, value in given.items()]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    headers += [("set-cookie", str(cookie)) for cookie in returned.get("cookies") or ()]
    if any("\n" in text or "\r" in text for header in headers for text in header):
        raise ValueError("a header has more than one line")
    return headers


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value).decode()


def _answer_body(returned: dict[str, Any]) -> bytes:
    body = returned.get("body")
    if body is None:
        return b""
    if returned.get("isBase64Encoded") and isinstance(body, str):
        return base64.b64decode(body)
    return body.encode() if isinstance(body, str) else encode(body)
