"""AWS_PROXY: the events functions get, and what their answers become. Formats 1.0 and 2.0."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from stepwell.services.api import HttpAnswer
from stepwell.services.apigateway.serving.answers import MALFORMED, Headers, Refusal
from stepwell.services.apigateway.serving.context import event_context
from stepwell.services.apigateway.serving.incoming import (
    Incoming,
    all_values,
    last_values,
    media_fits,
)
from stepwell.values import BadJson, JsonValue, decode, encode

_REST_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_TEXT_TYPES = frozenset(
    {"application/json", "application/javascript", "application/xml", "application/graphql"}
)


def is_text(media: str) -> bool:
    """Whether an HTTP API hands a body of that media type on as text."""
    return (
        not media
        or media.startswith("text/")
        or media in _TEXT_TYPES
        or media.endswith(("+json", "+xml"))
    )


def body_of(incoming: Incoming, *, binary: bool) -> tuple[str | None, bool]:
    """The body of an event, and whether it is base 64."""
    body = incoming.request.body
    if not body:
        return None, False
    if binary:
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False


def event_1(incoming: Incoming, *, binary: bool) -> dict[str, Any]:
    """The event of a REST API's method."""
    body, encoded = body_of(incoming, binary=binary)
    query = incoming.query
    return {
        "resource": incoming.resource,
        "path": incoming.path,
        "httpMethod": incoming.request.method,
        "headers": last_values(incoming.headers),
        "multiValueHeaders": all_values(incoming.headers),
        "queryStringParameters": last_values(query) or None,
        "multiValueQueryStringParameters": all_values(query) or None,
        "pathParameters": incoming.path_parameters or None,
        "stageVariables": incoming.variables or None,
        "requestContext": event_context(incoming),
        "body": body,
        "isBase64Encoded": encoded,
    }


def event_1_of_http_api(incoming: Incoming) -> dict[str, Any]:
    """The event of format 1.0 that an HTTP API makes."""
    event = event_1(incoming, binary=not is_text(incoming.content_type))
    context = event["requestContext"]
    context["resourceId"] = incoming.resource
    context["resourcePath"] = incoming.resource
    path = incoming.raw_path
    return {"version": "1.0", **event, "resource": incoming.resource, "path": path}


def event_2(incoming: Incoming) -> dict[str, Any]:
    """The event of format 2.0."""
    body, encoded = body_of(incoming, binary=not is_text(incoming.content_type))
    request = incoming.request
    headers = [(name, value) for name, value in incoming.headers if name != "cookie"]
    cookies = [part for value in incoming.header_values("cookie") for part in value.split("; ")]
    query = {name: ",".join(values) for name, values in all_values(incoming.query).items()}
    joined = {name: ",".join(values) for name, values in all_values(headers).items()}
    context: dict[str, Any] = {
        "accountId": incoming.call.account,
        "apiId": incoming.api,
        "domainName": incoming.domain,
        "domainPrefix": incoming.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": incoming.raw_path,
            "protocol": incoming.protocol,
            "sourceIp": request.source_ip,
            "userAgent": incoming.user_agent,
        },
        "requestId": incoming.extended_id,
        "routeKey": incoming.resource,
        "stage": incoming.stage_name,
        "time": incoming.moment(),
        "timeEpoch": incoming.now_ms,
    }
    if incoming.authorizer is not None:
        context["authorizer"] = {"lambda": incoming.authorizer}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": incoming.resource,
        "rawPath": incoming.raw_path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": joined,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": context,
        **({"pathParameters": incoming.path_parameters} if incoming.path_parameters else {}),
        **({"stageVariables": incoming.variables} if incoming.variables else {}),
        **({} if body is None else {"body": body}),
        "isBase64Encoded": encoded,
    }
    return event


def _malformed(why: str) -> Refusal:
    return Refusal(MALFORMED, why=f"Malformed Lambda proxy response: {why}")


def answer_1(
    payload: bytes, incoming: Incoming, binary_types: Sequence[str], *, strict: bool
) -> HttpAnswer:
    """What an answer of format 1.0 becomes. `strict`: as REST APIs read it. Raises Refusal."""
    try:
        answer = decode(payload)
    except BadJson:
        answer = None
    if not isinstance(answer, dict):
        raise _malformed("no object")
    if strict and (unknown := set(answer) - _REST_KEYS):
        raise _malformed(f"unknown members {sorted(unknown)}")
    headers: Headers = []
    many = answer.get("multiValueHeaders") or {}
    single = answer.get("headers") or {}
    if not isinstance(many, dict) or not isinstance(single, dict):
        raise _malformed("headers")
    for name, values in many.items():
        if not isinstance(values, list):
            raise _malformed("multiValueHeaders")
        headers += [(name, _header(value)) for value in values]
    known = {name.lower() for name in many}
    headers += [(n, _header(v)) for n, v in single.items() if n.lower() not in known]
    body = _body(answer)
    if answer.get("isBase64Encoded") is True:
        accepted = (incoming.header("accept") or "").partition(",")[0].partition(";")[0].strip()
        if not strict or media_fits(accepted, binary_types):
            body = _decoded(body)
    return HttpAnswer(_status(answer), _with_type(headers, strict=strict), body)


def answer_2(payload: bytes) -> HttpAnswer:
    """What an answer of format 2.0 becomes. Raises Refusal."""
    try:
        answer: JsonValue = decode(payload)
    except BadJson:
        answer = payload.decode("utf-8", "replace")
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # Anything without a status is the body of a 200.
        text = answer if isinstance(answer, str) else None
        body = encode(answer) if text is None else text.encode()
        return HttpAnswer(200, [("Content-Type", "application/json")], body)
    single = answer.get("headers") or {}
    cookies = answer.get("cookies") or []
    if not isinstance(single, dict) or not isinstance(cookies, list):
        raise _malformed("headers")
    headers: Headers = [(name, _header(value)) for name, value in single.items()]
    headers += [("Set-Cookie", _header(cookie)) for cookie in cookies]
    body = _body(answer)
    if answer.get("isBase64Encoded") is True:
        body = _decoded(body)
    return HttpAnswer(_status(answer), _with_type(headers, strict=False), body)


def _header(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise _malformed("a header that is no text")
    text = str(value)
    if "\r" in text or "\n" in text:
        raise _malformed("a header of two lines")
    return text


def _status(answer: dict[str, JsonValue]) -> int:
    status = answer.get("statusCode", 200)
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise _malformed("statusCode")
    return status


def _body(answer: dict[str, JsonValue]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise _malformed("a body that is no text")
    return body.encode("utf-8", "surrogatepass")


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body)
    except binascii.Error as error:
        raise _malformed("a body that is no base 64") from error


def _with_type(headers: Headers, *, strict: bool) -> Headers:
    if any(name.lower() == "content-type" for name, _ in headers):
        return headers
    kind = "application/json" if strict else "text/plain; charset=utf-8"
    return [("Content-Type", kind), *headers]
