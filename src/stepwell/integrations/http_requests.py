"""The request that an HTTP task makes: what its parameters say, and what its connection adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from stepwell.integrations.connections import Additions, with_query
from stepwell.integrations.endpoints import is_local
from stepwell.integrations.http_forms import form_pairs
from stepwell.values import JsonValue, encode, encode_text

ANSWER_BYTES_MAX = 262_144
JSON = "application/json; charset=UTF-8"
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
_FORBIDDEN_STARTS = ("x-forwarded-", "x-amz-", "x-amzn-")


class Unusable(ValueError):
    """Parameters that no call can be made of."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. `content_type` is that of the body, sent where no header says another one."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    content_type: str | None

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers as they are sent."""
        named = any(name.lower() == "content-type" for name in self.headers)
        if named or self.content_type is None:
            return self.headers
        return {**self.headers, "Content-Type": self.content_type}


def made_request(given: Any, added: Additions, region: str) -> HttpRequest:
    """The request of a task. Raises Unusable."""
    method, url = given.get("Method"), given.get("ApiEndpoint")
    if method not in METHODS:
        raise Unusable(f"The Method {encode_text(method)} is not one that can be used.")
    if not isinstance(url, str) or not (
        url.startswith("https://") or (url.startswith("http://") and is_local(url))
    ):
        raise Unusable("The ApiEndpoint must be an HTTPS URL.")
    fixed = {
        "User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}",
        "Range": f"bytes=0-{ANSWER_BYTES_MAX}",
    }
    theirs = {name.lower() for name in added.headers}
    fixed = {name: value for name, value in fixed.items() if name.lower() not in theirs}
    theirs |= {name.lower() for name in fixed}
    own = {n: v for n, v in _headers(given.get("Headers")).items() if n.lower() not in theirs}
    body, kind = _body(given, added)
    whole = with_query(_with_given(url, given.get("QueryParameters"), added), added.query)
    return HttpRequest(method, whole, {**own, **added.headers, **fixed}, body, kind)


def connection_named(given: Any) -> str:
    """The ARN of the connection that a task names. Raises Unusable."""
    for member in ("InvocationConfig", "Authentication"):
        held = given.get(member)
        if isinstance(held, dict) and isinstance(held.get("ConnectionArn"), str):
            return str(held["ConnectionArn"])
    raise Unusable("The parameter ConnectionArn is required.")


def _headers(given: JsonValue) -> dict[str, str]:
    headers = {}
    for name, value in (given if isinstance(given, dict) else {}).items():
        small = name.lower()
        if small in _FORBIDDEN or small.startswith(_FORBIDDEN_STARTS):
            raise Unusable(f"The header {name} is not allowed in the Headers of an HTTP task.")
        listed = value if isinstance(value, list) else [value]
        headers[name] = ", ".join(v if isinstance(v, str) else encode_text(v) for v in listed)
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
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def _body(given: Any, added: Additions) -> tuple[bytes | None, str | None]:
    """The body and its type. What the connection adds wins."""
    body = given.get("RequestBody")
    if added.body:
        if body is not None and not isinstance(body, dict):
            raise Unusable("The body parameters of the connection need an object as RequestBody.")
        body = {**(body or {}), **added.body}
    if body is None:
        return None, None
    transform = given.get("Transform")
    options = transform if isinstance(transform, dict) else {}
    if options.get("RequestBodyEncoding") == "URL_ENCODED":
        if not isinstance(body, dict):
            raise Unusable("RequestBodyEncoding URL_ENCODED needs an object as RequestBody.")
        how = (options.get("RequestEncodingOptions") or {}).get("ArrayFormat", "INDICES")
        text = urlencode(form_pairs(body, str(how)), quote_via=quote)
        return text.encode(), "application/x-www-form-urlencoded"
    return body.encode() if isinstance(body, str) else encode(body), JSON
