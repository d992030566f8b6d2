"""`http:invoke`: a call of any HTTP endpoint, with what a connection adds.

It is made after the commit, and again after a crash when nobody saw its answer.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from stepwell.errors import ServiceError
from stepwell.integrations.connections import Additions, Connections, with_query
from stepwell.integrations.endpoints import is_local
from stepwell.integrations.http_calls import TOO_SLOW, HttpCalls, HttpReply
from stepwell.integrations.http_forms import form_pairs
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode, encode_text

TIMEOUT_SECONDS = 60.0
ANSWER_BYTES_MAX = 262_144
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"})
_FORBIDDEN = frozenset(
    [
        "a-im",
        "accept-charset",
        "accept-datetime",
        "accept-encoding",
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-md5",
        "date",
        "expect",
        "forwarded",
        "from",
        "host",
        "http2-settings",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "origin",
        "pragma",
        "proxy-authorization",
        "referer",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "warning",
    ]
)
_BINARY = (
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "image/",
    "audio/",
    "video/",
)
"""Media types of answers that tasks cannot take, or how they begin."""
_FORBIDDEN_STARTS = ("x-forwarded-", "x-amz-", "x-amzn-")


class _Unusable(ValueError):
    """Parameters that no call can be made of."""


class HttpIntegration:
    """Calls endpoints."""

    def __init__(self, connections: Connections, calls: HttpCalls) -> None:
        self._connections = connections
        self._calls = calls

    def call(self, turn: Turn, call: ServiceCall) -> Later:
        """The call, after the commit."""
        return Later(lambda: self._work(call))

    async def _work(self, call: ServiceCall) -> Answered | Refused:
        given: Any = call.parameters if isinstance(call.parameters, dict) else {}
        try:
            row = self._connections.find(_connection(given))
            added = await self._connections.additions(row)
        except _Unusable as error:
            return Refused("States.Runtime", str(error))
        except ServiceError as error:
            return Refused(f"Events.ConnectionResource.{error.code}", error.message)
        try:
            reply = await self._send(given, added, call.region)
        except _Unusable as error:
            return Refused("States.Runtime", str(error))
        except ServiceError as error:
            slow = error.code == TOO_SLOW
            return Refused("States.Timeout" if slow else "States.Http.Socket", error.message)
        if reply.status == 401:
            self._connections.refused(row)
        return _outcome(reply)

    async def _send(self, given: Any, added: Additions, region: str) -> HttpReply:
        method, url = given.get("Method"), given.get("ApiEndpoint")
        if method not in METHODS:
            raise _Unusable(f"The Method {encode_text(method)} is not one that can be used.")
        if not isinstance(url, str) or not (
            url.startswith("https://") or (url.startswith("http://") and is_local(url))
        ):
            raise _Unusable("The ApiEndpoint must be an HTTPS URL.")
        fixed = {
            "User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}",
            "Range": f"bytes=0-{ANSWER_BYTES_MAX}",
            **added.headers,
        }
        theirs = {name.lower() for name in fixed}
        own = _headers(given.get("Headers"))
        headers = {n: v for n, v in own.items() if n.lower() not in theirs} | fixed
        body, kind = _body(given, added)
        if kind and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = kind
        return await self._calls.call(
            method,
            with_query(_with_given(url, given.get("QueryParameters"), added), added.query),
            headers,
            body,
            timeout_seconds=TIMEOUT_SECONDS,
        )


def _connection(given: Any) -> str:
    for member in ("InvocationConfig", "Authentication"):
        held = given.get(member)
        if isinstance(held, dict) and isinstance(held.get("ConnectionArn"), str):
            return str(held["ConnectionArn"])
    raise _Unusable("The parameter ConnectionArn is required.")


def _headers(given: JsonValue) -> dict[str, str]:
    headers = {}
    for name, value in (given if isinstance(given, dict) else {}).items():
        small = name.lower()
        if small in _FORBIDDEN or small.startswith(_FORBIDDEN_STARTS):
            raise _Unusable(f"The header {name} is not allowed in the Headers of an HTTP task.")
        headers[name] = value if isinstance(value, str) else encode_text(value)
    return headers


def _with_given(url: str, given: JsonValue, added: Additions) -> str:
    """The URL with the parameters of the state that the connection does not give."""
    if not isinstance(given, dict):
        return url
    pairs = [
        (name, each if isinstance(each, str) else encode_text(each))
        for name, value in given.items()
        if name not in added.query
        for each in (value if isinstance(value, list) else [value])
    ]
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}"


def _body(given: Any, added: Additions) -> tuple[bytes | None, str | None]:
    """The body and its type. What the connection adds wins."""
    body = given.get("RequestBody")
    if added.body:
        if body is not None and not isinstance(body, dict):
            raise _Unusable("The body parameters of the connection need an object as RequestBody.")
        body = {**(body or {}), **added.body}
    if body is None:
        return None, None
    transform = given.get("Transform")
    options = transform if isinstance(transform, dict) else {}
    if options.get("RequestBodyEncoding") == "URL_ENCODED":
        if not isinstance(body, dict):
            raise _Unusable("RequestBodyEncoding URL_ENCODED needs an object as RequestBody.")
        how = (options.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
        text = urlencode(form_pairs(body, str(how)))
        return text.encode(), "application/x-www-form-urlencoded"
    if isinstance(body, str):
        return body.encode(), "application/json"
    return encode(body), "application/json"


def _outcome(reply: HttpReply) -> Answered | Refused:
    text = reply.body.decode("utf-8", "replace")
    if not 200 <= reply.status < 300:
        return Refused(f"States.Http.StatusCode.{reply.status}", text or reply.reason)
    if len(reply.body) > ANSWER_BYTES_MAX:
        return Refused("States.DataLimitExceeded", "The response is larger than 256 KiB.")
    headers: dict[str, list[str]] = {}
    for name, value in reply.headers:
        headers.setdefault(name, []).append(value)
    if headers.get("content-type", [""])[0].startswith(_BINARY):
        return Refused("States.Runtime", "The response is binary, which HTTP tasks cannot take.")
    result: JsonObject = {
        "Headers": {name: list(values) for name, values in headers.items()},
        "ResponseBody": _parsed(text),
        "StatusCode": reply.status,
        "StatusText": reply.reason,
    }
    return Answered(result)


def _parsed(text: str) -> JsonValue:
    try:
        return decode(text)
    except BadJson:
        return text
