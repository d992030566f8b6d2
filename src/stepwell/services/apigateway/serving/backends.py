"""What integrations call: functions, services, HTTP, nothing (MOCK)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from stepwell.errors import ServiceError
from stepwell.services.apigateway.documents import Document
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.apigateway.ports import BackendAnswer, BackendRequest, Unreachable
from stepwell.services.apigateway.rest.integrations import function_arn, read_uri
from stepwell.services.apigateway.serving.answers import (
    BAD_BODY,
    CONFIGURATION,
    FAILED,
    UNSUPPORTED,
    Refusal,
)
from stepwell.services.apigateway.serving.incoming import Incoming
from stepwell.services.apigateway.serving.mapping import Answered, Mapper, with_variables
from stepwell.services.apigateway.templates import BodyTrouble, TemplateTrouble
from stepwell.services.deliveries.delivery import named
from stepwell.values import BadJson, decode, encode

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "host",
        "expect",
    }
)
_PLACE = re.compile(r"integration\.request\.(header|querystring|path)\.(.+)")
_NAME = re.compile(r"\{([^{}]+?)\+?\}")


class Sent:
    """The request an integration makes: what was mapped into it."""

    def __init__(self, integration: Document, mapper: Mapper | None) -> None:
        self.headers: dict[str, str] = {}
        self.query: list[tuple[str, str]] = []
        self.path: dict[str, str] = {}
        if mapper is None:
            return
        for place, expression in (integration.get("requestParameters") or {}).items():
            found = _PLACE.fullmatch(place)
            value = mapper.value(str(expression))
            if found is None or value is None:
                continue
            values = value if isinstance(value, list) else [value]
            match found[1]:
                case "header":
                    self.headers[found[2]] = ",".join(values)
                case "querystring":
                    self.query += [(found[2], each) for each in values]
                case _:
                    self.path[found[2]] = values[-1]

    def override(self, overrides: Any) -> None:
        """What a template set in `$context.requestOverride`."""
        places = overrides if isinstance(overrides, dict) else {}
        parts = {
            place: found if isinstance(found := places.get(place), dict) else {}
            for place in ("header", "querystring", "path")
        }
        for name, value in parts["header"].items():
            self.headers[str(name)] = str(value)
        for name, value in parts["querystring"].items():
            self.query = [(n, v) for n, v in self.query if n != name] + [(str(name), str(value))]
        for name, value in parts["path"].items():
            self.path[str(name)] = str(value)

    def header(self, name: str) -> str | None:
        """A header that was mapped."""
        wanted = name.lower()
        return next((v for n, v in self.headers.items() if n.lower() == wanted), None)


def integration_body(integration: Document, mapper: Mapper, incoming: Incoming) -> bytes:
    """The body an integration gets: of a template, or as it came. Raises Refusal."""
    templates: Mapping[str, str] = integration.get("requestTemplates") or {}
    media = incoming.content_type or "application/json"
    chosen = templates.get(media)
    if chosen is None:
        chosen = next((t for m, t in templates.items() if _media(m) == media), None)
    if chosen is not None:
        try:
            return mapper.render(chosen, incoming.text_body()).encode("utf-8", "surrogatepass")
        except BodyTrouble as trouble:
            told = f"Could not parse request body into json: {trouble}"
            raise Refusal(BAD_BODY, told) from trouble
        except TemplateTrouble as trouble:
            raise Refusal(FAILED, why=f"the request template: {trouble}") from trouble
    behaviour = integration.get("passthroughBehavior") or "WHEN_NO_MATCH"
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise Refusal(UNSUPPORTED)
    return incoming.request.body


def _media(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def mock(body: bytes) -> Answered:
    """The answer of an integration that is none. Raises Refusal."""
    try:
        told = decode(body) if body.strip() else {}
    except BadJson:
        told = None
    status = (
        told.get("statusCode", 200 if not body.strip() else None)
        if isinstance(told, dict)
        else None
    )
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool):
        raise Refusal(FAILED, why="a MOCK integration needs a statusCode in its request")
    return status, [], b""


async def function(
    gateway: ApiGateway, incoming: Incoming, arn: str, payload: bytes, *, wait: bool = True
) -> tuple[bytes, str | None]:
    """What a function answers, and its error message when it failed. Raises Refusal."""
    try:
        outcome = await gateway.functions.invoke(incoming.call, arn, payload, wait=wait)
    except ServiceError as error:
        raise Refusal(FAILED, why=f"{arn}: {error}") from error
    if outcome.error is None:
        return outcome.payload, None
    try:
        told = decode(outcome.payload)
    except BadJson:
        told = None
    message = told.get("errorMessage") if isinstance(told, dict) else None
    return outcome.payload, str(message or "")


async def aws(
    gateway: ApiGateway, incoming: Incoming, integration: Document, sent: Sent, body: bytes
) -> tuple[Answered, str]:
    """The answer of an AWS integration, and the text that selection patterns are held against."""
    uri = with_variables(str(integration["uri"]), incoming.variables)
    try:
        target = read_uri(uri)
    except ServiceError as error:
        raise Refusal(CONFIGURATION, why=error.message) from error
    arn = function_arn(target)
    if arn is not None:
        wait = (sent.header("X-Amz-Invocation-Type") or "RequestResponse") != "Event"
        payload, failed = await function(gateway, incoming, arn, body or b"{}", wait=wait)
        return (200, [("Content-Type", "application/json")], payload), failed or ""
    path = _NAME.sub(lambda found: sent.path.get(found[1], found[0]), target.path)
    if target.subdomain:
        path = f"{target.subdomain}/{path}"
    request = BackendRequest(
        service=target.service,
        action=target.action,
        path=path,
        method=str(integration.get("httpMethod") or "POST"),
        headers={
            "content-type": incoming.content_type or "application/json",
            **{name.lower(): value for name, value in sent.headers.items()},
        },
        query=sent.query,
        body=body,
    )
    try:
        answer = await gateway.backends.send(incoming.call, request)
    except ServiceError as error:
        raise Refusal(FAILED, why=f"{uri}: {error}") from error
    return (answer.status, list(answer.headers), answer.body), str(answer.status)


async def http(
    gateway: ApiGateway,
    incoming: Incoming,
    integration: Document,
    sent: Sent,
    body: bytes,
    *,
    proxy: bool,
) -> Answered:
    """The answer of a URL. Raises Refusal, TooSlow."""
    url = with_variables(str(integration["uri"]), incoming.variables)
    values = {**incoming.path_parameters, **sent.path} if proxy else sent.path
    url = _NAME.sub(lambda f: quote(values.get(f[1], f[0]), safe="/%:@{}"), url)
    mapped = {name for name, _ in sent.query}
    query = [pair for pair in incoming.query if proxy and pair[0] not in mapped] + sent.query
    if query:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
    headers = (
        []
        if not proxy
        else [
            (name, value)
            for name, value in incoming.headers
            if name.lower() not in HOP_BY_HOP and sent.header(name) is None
        ]
    )
    headers += list(sent.headers.items())
    names = {name.lower() for name, _ in headers}
    if not proxy:
        added = {
            "User-Agent": f"AmazonAPIGateway_{incoming.api}",
            "x-amzn-apigateway-api-id": incoming.api,
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        headers += [(n, v) for n, v in added.items() if n.lower() not in names]
    method = str(integration.get("httpMethod") or "ANY")
    method = incoming.request.method if method == "ANY" else method
    timeout = int(integration.get("timeoutInMillis") or 29_000) / 1000
    try:
        answer = await gateway.outbound.send(method, url, headers, body, timeout)
    except Unreachable as error:
        raise Refusal(FAILED, why=f"{named(url)}: {error}") from error
    return _passed_on(answer)


def _passed_on(answer: BackendAnswer) -> Answered:
    headers = [(n, v) for n, v in answer.headers if n.lower() not in HOP_BY_HOP]
    return answer.status, headers, answer.body


def as_json(value: Any) -> bytes:
    """A payload."""
    return encode(value)
