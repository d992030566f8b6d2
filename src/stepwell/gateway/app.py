"""The gateway: a request in, an answer out.

A request with `X-Amz-Target` is JSON, a form with `Action` is Query, GETs of a few fixed paths are
the health page. The way of a good request is short: one look for the route, the body decoded
once, the operation, the answer encoded once. Everything that goes wrong becomes an error document
of the request's own protocol; a traceback never leaves the house.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl, unquote

from stepwell.errors import ServiceError, StorageTrouble, StoreFull
from stepwell.gateway import routes as ways
from stepwell.gateway.body import decompressed, too_large
from stepwell.gateway.browsers import refuse_foreign_pages
from stepwell.gateway.canonical import SignedRequest
from stepwell.gateway.chunked import decoded, is_chunked
from stepwell.gateway.doors import Doors, out_of_door, through_door
from stepwell.gateway.identity import Caller, caller, named
from stepwell.gateway.messages import Disconnected, Request, Response
from stepwell.gateway.pages import (
    HEALTH_PATHS,
    PAGES_SIGNING_NAME,
    Page,
    health_page,
    json_page,
    page_query,
    root_page,
)
from stepwell.gateway.presigned import check_expiry
from stepwell.gateway.rest_entry import RestEntry, store_path
from stepwell.gateway.routes import STORE, Refusal, Route, Routes
from stepwell.gateway.settings import FUNCTION_BYTES_MAX, GatewaySettings
from stepwell.gateway.sigv4 import Verifier
from stepwell.gateway.temporary import TemporaryKeys
from stepwell.services.api import Call, Door, Service

log = logging.getLogger("stepwell.gateway")

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
    doors: Sequence[Door] = (),
) -> Gateway:
    """The application that serves these services.

    `health` gives facts for the health page; `ids` makes request ids; `clock` judges signatures.
    `temporary` knows the temporary credentials that STS hands out. `pages` are further pages of
    our own, by their path. `doors` are the ways in for what is no AWS API call.
    """
    verifier = None
    if settings.credentials:
        verifier = Verifier(settings.credentials, temporary, clock.now)
    routes = Routes(services)
    return Gateway(routes, settings, health, verifier, ids, pages or {}, doors, clock)


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
        doors: Sequence[Door],
        clock: Clock,
    ) -> None:
        self.pages = pages
        self.clock = clock
        self.doors = Doors(doors) if doors else None
        self.settings = settings
        self.limits = _limits(routes, settings)
        self.body_bytes_max = max(settings.body_bytes_max, *self.limits.values(), 0)
        self.rest = RestEntry(routes.rest)
        self.verifier = verifier
        self.health = health
        self.routes = routes
        self.targets = routes.targets
        self.request_ids = RequestIds(ids.secret(16))

    async def __call__(self, request: Request) -> Response:
        """The answer to any request. Raises Disconnected when nobody wants it."""
        request_id = self.request_ids.next()
        try:
            target = request.headers.get(b"x-amz-target")
            route = None if target is None else self.targets.get(target)
            if route is not None and request.path == "/":
                # What nearly every request is, so nothing else is looked at first.
                return await self._run(route, request, request_id)
            if self.doors is not None:
                answer = await self._through_door(self.doors, request, request_id)
                if answer is not None:
                    return answer
            if target is None:
                return await self._without_target(request, request_id)
            if route is not None:
                return await self._run(route, request, request_id)
            kind = request.headers.get(b"content-type", b"")
            return _refused(self.routes.no_target(target, kind), request_id)
        except Disconnected:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _broken()

    async def _through_door(
        self, doors: Doors, request: Request, request_id: str
    ) -> Response | None:
        """The answer of the door the request comes to; None when it comes to none."""
        door = doors.find(request)
        if door is None:
            return None
        if request.too_large:
            raise too_large(self.body_bytes_max)
        asked = through_door(request, self._base_url(request), request_id)
        answer = await door.answer(asked)
        return None if answer is None else out_of_door(answer)

    def _unpack(self, request: Request, service: str = "") -> None:
        """Takes off the body's encoding. Raises ServiceError.

        An object's encoding is the object's affair: it is stored as it came.
        """
        limit = self.limits.get(service, self.settings.body_bytes_max)
        if request.too_large or len(request.body) > limit:
            raise too_large(limit)
        encoding = request.headers.get(b"content-encoding")
        if encoding is not None and service != STORE:
            request.body = decompressed(request.body, encoding, limit)

    async def _run(self, route: Route, request: Request, request_id: str) -> Response:
        """The operation's answer; every failure becomes the protocol's error document."""
        try:
            if request.fields is None:
                self._unpack(request, route.model.name)
            handler = route.handler
            if route.is_store:
                check_expiry(request.query, self.clock.now())
            who = self._caller(route.signing_name, request, unsigned=route.unsigned)
            if route.is_store:
                _join_chunks(request)
            if handler is None:
                raise ways.not_implemented(route.model, route.operation.name)
            params = route.reader(request)
            agent = request.headers.get(b"user-agent", b"").decode("latin-1")
            call = Call(who.account, who.region, request_id, request.base_url, agent)
            if route.long_poll:
                _allow_leaving(request)
            return route.writer(await handler(call, params), request_id.encode())
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

    def _caller(self, signing_name: str, request: Request, *, unsigned: bool = False) -> Caller:
        """Who calls; verified when credentials are configured. Notes what the caller calls us.

        With `unsigned` a request needs no signature, but one that is there must be right.
        """
        request.base_url = self._base_url(request)
        if unsigned and not _has_signature(request):
            return caller(request.headers, request.query, self.settings)
        if self.verifier is None:
            refuse_foreign_pages(request.headers)
            return caller(request.headers, request.query, self.settings)
        signed = SignedRequest(
            request.method,
            request.path,
            request.query,
            request.header_list,
            request.signed_body,
            store_path(request) if signing_name == STORE else None,
        )
        key, region = self.verifier.verify(signed, signing_name)
        return named(key, region, self.settings.account, self.settings.region)

    async def _page(self, page: Page, request: Request, request_id: str) -> Response:
        """The answer of a page of our own: JSON, errors as JSON documents."""
        try:
            self._unpack(request)
            who = self._caller(PAGES_SIGNING_NAME, request)
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
            log.exception("request %s (%s) failed", request_id, request.path)
            trouble = _our_fault(request_id)
        document = {"__type": trouble.code, "message": trouble.message, **trouble.fields}
        return json_page(trouble.status, document, request_id)

    async def _without_target(self, request: Request, request_id: str) -> Response:
        scope, way = self.rest.signed(request)
        if way is not None:
            return await self._go(way, request, request_id)
        method, path = request.method, unquote(request.path)
        if method != "POST" and b"Action=" not in request.query:
            return await self._unsigned(path, request, request_id)
        try:
            self._unpack(request)
            fields = _form(request)
        except ServiceError as error:
            return ways.QUERY.failure(None, error, request_id.encode())
        if "Action" not in fields:
            way = self.rest.stored(request) if path != "/" else None
            return await self._go(way or _no_way(method, path), request, request_id)
        request.fields = fields
        found = self.routes.action(fields.get("Version", ""), fields["Action"], scope)
        return await self._go(found, request, request_id)

    async def _go(self, way: Route | Refusal, request: Request, request_id: str) -> Response:
        if isinstance(way, Refusal):
            return _refused(way, request_id)
        return await self._run(way, request, request_id)

    async def _unsigned(self, path: str, request: Request, request_id: str) -> Response:
        """The answer to what has no scope, no target and no action: a page, or an object."""
        readable = request.method in ("GET", "HEAD")
        if readable and path in HEALTH_PATHS:
            return health_page(self.health)
        page = self.pages.get(path) if readable else None
        if page is not None:
            return await self._page(page, request, request_id)
        if path != "/" or self.rest.names_bucket(request):
            way = self.rest.stored(request)
            if way is not None:
                return await self._go(way, request, request_id)
        if readable:
            return root_page(path, request_id)
        return _refused(_no_way(request.method, path), request_id)

    def _base_url(self, request: Request) -> str:
        host = request.headers.get(b"host")
        if not self.settings.trust_forwarded:
            return _url(b"http", host) if host else request.base_url
        scheme = request.headers.get(b"x-forwarded-proto", b"http")
        host = request.headers.get(b"x-forwarded-host", host)
        return _url(scheme, host) if host else request.base_url


def _limits(routes: Routes, settings: GatewaySettings) -> dict[str, int]:
    """How much a request to some services may bring, where it is not what the settings say."""
    larger = {STORE: settings.object_bytes_max, "lambda": FUNCTION_BYTES_MAX}
    served = {service.model.name for group in routes.rest.values() for service in group}
    known = {name: size for name, size in larger.items() if name in served}
    return known | routes.request_bytes_max


def _join_chunks(request: Request) -> None:
    """Takes the chunks of an upload together; what stands behind them becomes headers."""
    headers = request.headers
    encoding = headers.get(b"content-encoding")
    if not is_chunked(headers.get(b"x-amz-content-sha256"), encoding):
        return
    whole = decoded(request.body)
    request.body = whole.joined()
    pairs = [pair for pair in request.header_list if pair[0] != b"content-encoding"]
    others = [part.strip() for part in (encoding or b"").split(b",")]
    kept = b",".join(part for part in others if part not in (b"", b"aws-chunked"))
    if kept:
        pairs.append((b"content-encoding", kept))
    pairs.extend(whole.trailers.items())
    request.header_list, request.headers = pairs, dict(pairs)


@lru_cache(maxsize=256)
def _url(scheme: bytes, host: bytes) -> str:
    return f"{scheme.decode('latin-1')}://{host.decode('latin-1')}"


def _has_signature(request: Request) -> bool:
    return b"authorization" in request.headers or b"X-Amz-Signature=" in request.query


def _allow_leaving(request: Request) -> None:
    """A poll that nobody waits for must not take a message or a task."""
    if request.gone:
        raise Disconnected
    request.abandonable = True


class RequestIds:
    """Ids as UUIDs: chance drawn once, and a count that makes each one unique."""

    def __init__(self, chance: bytes) -> None:
        digits = chance.hex()
        self._start = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-"
        self._count = int(digits[20:], 16)

    def next(self) -> str:
        """Another id."""
        self._count = count = (self._count + 1) & 0xFFFFFFFFFFFF
        return f"{self._start}{count:012x}"


def _our_fault(request_id: str) -> ServiceError:
    text = (
        f"Something went wrong inside Stepwell; its log says what, by the request id {request_id}."
    )
    return ServiceError("InternalFailure", text, status=500)


def _broken() -> Response:
    text = "Something went wrong inside Stepwell; its log says what."
    return JSON.failure(None, ServiceError("InternalFailure", text, status=500), b"unknown")


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
