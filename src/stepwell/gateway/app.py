"""The gateway as a bare ASGI application.

A request with `X-Amz-Target` is JSON, a form with `Action` is Query, GETs of a few fixed paths are
the health page. The way of a good request is short: headers into a dict, one look for the route,
the body decoded once, the operation, the answer encoded once. Everything that goes wrong becomes
an error document of the request's own protocol; a traceback never leaves the house.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl

from stepwell.errors import ServiceError, StorageTrouble, StoreFull
from stepwell.gateway import routes as ways
from stepwell.gateway.body import (
    Disconnected,
    Receive,
    decompressed,
    read_body,
)
from stepwell.gateway.browsers import refuse_foreign_pages
from stepwell.gateway.canonical import SignedRequest
from stepwell.gateway.identity import Caller, caller, named
from stepwell.gateway.pages import (
    HEALTH_PATHS,
    PAGES_SIGNING_NAME,
    Page,
    health_page,
    json_page,
    page_query,
    root_page,
)
from stepwell.gateway.presence import while_connected
from stepwell.gateway.protocols.port import Request, Response
from stepwell.gateway.routes import Refusal, Route, Routes
from stepwell.gateway.settings import GatewaySettings
from stepwell.gateway.sigv4 import Verifier
from stepwell.gateway.temporary import TemporaryKeys
from stepwell.services.api import Call, Service

log = logging.getLogger("stepwell.gateway")

Send: TypeAlias = Callable[[Any], Awaitable[None]]
Scope: TypeAlias = "Mapping[str, Any]"
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
Health: TypeAlias = Callable[[], Mapping[str, object]]

FORM_FIELDS_MAX = 20_000
JSON = ways.JSON_PROTOCOLS["1.0"]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Epoch milliseconds."""


class Ids(Protocol):
    """Where chance comes from."""

    def secret(self, size: int) -> bytes:
        """That many bytes nobody can guess."""


def create_app(
    services: Sequence[Service],
    *,
    settings: GatewaySettings,
    health: Health,
    clock: Clock,
    ids: Ids,
    temporary: TemporaryKeys | None = None,
    pages: Mapping[str, Page] | None = None,
) -> App:
    """The ASGI application that serves these services.

    `health` gives facts for the health page; `ids` makes request ids; `clock` judges signatures.
    `temporary` knows the temporary credentials that STS hands out. `pages` are further pages of
    our own, by their path.
    """
    verifier = None
    if settings.credentials:
        verifier = Verifier(settings.credentials, temporary, clock.now)
    return Gateway(Routes(services), settings, health, verifier, ids, pages or {})


class Gateway:
    """The application; one instance per server."""

    def __init__(
        self,
        routes: Routes,
        settings: GatewaySettings,
        health: Health,
        verifier: Verifier | None,
        ids: Ids,
        pages: Mapping[str, Page],
    ) -> None:
        self.pages = pages
        self.settings = settings
        self.verifier = verifier
        self.health = health
        self.secret = ids.secret
        self.routes = routes
        self.targets = routes.targets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event stream of ASGI; only HTTP is spoken."""
        if scope["type"] != "http":
            await _other_kinds(scope, receive, send)
            return
        try:
            response = await self._answer(scope, receive)
        except Disconnected:
            return
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            response = _broken()
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": response.headers,
            }
        )
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = _request_id(self.secret(16))
        target = headers.get(b"x-amz-target")
        if target is None:
            return await self._without_target(scope, headers, receive, request_id)
        route = self.targets.get(target)
        if route is None:
            refusal = self.routes.no_target(target, headers.get(b"content-type", b""))
            return _refused(refusal, request_id)
        try:
            request = await self._request(scope, headers, receive)
        except ServiceError as error:
            return route.protocol.failure(route.model, error, request_id.encode())
        return await self._run(route, request, request_id, scope, receive)

    async def _request(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> Request:
        body = await read_body(receive, self.settings.body_bytes_max)
        signed = body
        encoding = headers.get(b"content-encoding")
        if encoding is not None:
            body = decompressed(body, encoding, self.settings.body_bytes_max)
        return Request(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"],
            headers,
            body,
            signed,
            self._base_url(scope, headers),
        )

    async def _run(
        self, route: Route, request: Request, request_id: str, scope: Scope, receive: Receive
    ) -> Response:
        """The operation's answer; every failure becomes the protocol's error document."""
        try:
            who = self._caller(route.model.signing_name, request, scope)
            handler = route.handler
            if handler is None:
                raise ways.not_implemented(route.model, route.operation.name)
            params = route.reader(request)
            agent = request.headers.get(b"user-agent", b"").decode("latin-1")
            call = Call(who.account, who.region, request_id, request.base_url, agent)
            work = handler(call, params)
            if route.long_poll:
                answer = await while_connected(work, receive)
            else:
                answer = await work
            return route.writer(answer, request_id.encode())
        except ServiceError as error:
            trouble = error
        except StorageTrouble as error:
            log.error("storage trouble, request %s: %s", request_id, error)
            trouble = _storage_trouble(error)
        except Disconnected:
            raise
        except Exception:
            log.exception("request %s (%s) failed", request_id, route.operation.name)
            trouble = _our_fault(request_id)
        return route.protocol.failure(route.model, trouble, request_id.encode())

    def _caller(self, signing_name: str, request: Request, scope: Scope) -> Caller:
        """Who calls; verified when credentials are configured."""
        if self.verifier is None:
            refuse_foreign_pages(request.headers)
            return caller(request.headers, request.query, self.settings)
        signed = SignedRequest(
            request.method, request.path, request.query, scope["headers"], request.signed_body
        )
        key, region = self.verifier.verify(signed, signing_name)
        return named(key, region, self.settings.account, self.settings.region)

    async def _page(
        self,
        page: Page,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        request_id: str,
    ) -> Response:
        """The answer of a page of our own: JSON, errors as JSON documents."""
        try:
            request = await self._request(scope, headers, receive)
            who = self._caller(PAGES_SIGNING_NAME, request, scope)
            call = Call(who.account, who.region, request_id, request.base_url)
            return json_page(200, await page(call, page_query(request.query)), request_id)
        except ServiceError as error:
            trouble = error
        except StorageTrouble as error:
            log.error("storage trouble, request %s: %s", request_id, error)
            trouble = _storage_trouble(error)
        except Disconnected:
            raise
        except Exception:
            log.exception("request %s (%s) failed", request_id, scope["path"])
            trouble = _our_fault(request_id)
        document = {"__type": trouble.code, "message": trouble.message, **trouble.fields}
        return json_page(trouble.status, document, request_id)

    async def _without_target(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, request_id: str
    ) -> Response:
        method, path, query = scope["method"], scope["path"], scope["query_string"]
        if method in ("GET", "HEAD") and b"Action=" not in query:
            if path in HEALTH_PATHS:
                return health_page(self.health)
            page = self.pages.get(path)
            if page is not None:
                return await self._page(page, scope, headers, receive, request_id)
            return root_page(path, request_id)
        try:
            request = await self._request(scope, headers, receive)
            fields = _form(request)
        except ServiceError as error:
            return ways.QUERY.failure(None, error, request_id.encode())
        if "Action" not in fields:
            return _refused(_no_way(method, path), request_id)
        found = self.routes.action(fields.get("Version", ""), fields["Action"])
        if isinstance(found, Refusal):
            return _refused(found, request_id)
        request.fields = fields
        return await self._run(found, request, request_id, scope, receive)

    def _base_url(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        scheme: str = scope["scheme"]
        host = headers.get(b"host")
        if self.settings.trust_forwarded:
            scheme = headers.get(b"x-forwarded-proto", scheme.encode()).decode("latin-1")
            host = headers.get(b"x-forwarded-host", host or b"")
        if not host:
            server = scope.get("server") or ("localhost", None)
            return f"{scheme}://{server[0]}" + (f":{server[1]}" if server[1] else "")
        return f"{scheme}://{host.decode('latin-1')}"


def _our_fault(request_id: str) -> ServiceError:
    text = (
        f"Something went wrong inside Stepwell; its log says what, by the request id {request_id}."
    )
    return ServiceError("InternalFailure", text, status=500)


def _broken() -> Response:
    text = "Something went wrong inside Stepwell; its log says what."
    return JSON.failure(None, ServiceError("InternalFailure", text, status=500), b"unknown")


def _request_id(chance: bytes) -> str:
    """Sixteen random bytes as a UUID; quicker than the standard library's class."""
    digits = chance.hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _form(request: Request) -> dict[str, str]:
    """The fields of a Query request: the address's, then the body's."""
    try:
        text = request.query.decode()
        content_type = request.headers.get(b"content-type", b"")
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
        if request.body and b"json" not in content_type:
            body = request.body.decode()
            fields.update(parse_qsl(body, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
    except ValueError as error:
        problem = f"The form cannot be read: {error}"
        raise ServiceError("MalformedQueryString", problem) from error
    return fields


def _refused(refusal: Refusal, request_id: str) -> Response:
    return refusal.protocol.failure(refusal.model, refusal.error, request_id.encode())


def _no_way(method: str, path: str) -> Refusal:
    text = (
        f"Nothing here answers {method} {path[:200]}: AWS requests carry an X-Amz-Target header or "
        "an Action field."
    )
    return Refusal(JSON, None, ServiceError("UnknownOperationException", text, status=404))


def _storage_trouble(error: StorageTrouble) -> ServiceError:
    if isinstance(error, StoreFull):
        text = f"The disk is full, nothing was changed: {error}"
    else:
        text = f"The store could not do this, nothing was changed: {error}"
    return ServiceError("ServiceUnavailable", text, status=503)


async def _other_kinds(scope: Scope, receive: Receive, send: Send) -> None:
    """Lifespan is acknowledged; anything else is closed."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1003})
        return
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
