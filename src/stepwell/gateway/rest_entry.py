"""Which REST service a request is for: by who it is signed for, else by its path, else S3.

S3 takes buckets from the path (`/bucket/key`) or from the host (`bucket.s3.localhost`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from stepwell.errors import ServiceError
from stepwell.gateway.identity import scope_service
from stepwell.gateway.messages import Request
from stepwell.gateway.routes import QUERY, REST, STORE, Refusal, RestService, Route

_DATED = re.compile(r"/20\d\d-\d\d-\d\d/")
_BY_PATH = (
    ("apigateway", re.compile(r"/(restapis|apikeys|usageplans|domainnames|vpclinks|account)(/|$)")),
    ("apigateway", re.compile(r"/v2/(apis|domainnames|vpclinks|tags)(/|$)")),
    ("scheduler", re.compile(r"/(schedules|schedule-groups)(/|$)")),
)
_XML_SERVICES = frozenset({"route53", "cloudfront"})
"""Services whose errors are XML; those of all other REST services but S3 are JSON."""
_STORE_HOST = re.compile(r"(?P<bucket>.+)\.s3(?:[.-].+)?")
_STORE_ITSELF = re.compile(r"s3(?:[.-].+)?")
_LOCAL_HOST = re.compile(r"(?P<bucket>.+)\.localhost")


class RestEntry:
    """Chooses among the REST services that are served."""

    def __init__(self, services: Mapping[str, list[RestService]]) -> None:
        self._services = services
        self._store = services.get(STORE, [])

    def signed(self, request: Request) -> tuple[str, Route | Refusal | None]:
        """The signing name of a request, and its route when a REST service has that name."""
        scope = scope_service(request.headers, request.query)
        if scope in self._services:
            return scope, self._find(scope, request)
        if not scope and not _has_action(request):
            for name in self._by_path(request.path):
                return scope, self._find(name, request)
        return scope, None

    def stored(self, request: Request) -> Route | Refusal | None:
        """The route of a request that nothing else knows, when S3 is served."""
        scope = scope_service(request.headers, request.query)
        if scope and not scope.startswith(STORE):
            return _not_here(scope)
        return self._find(STORE, request) if self._store else None

    def names_bucket(self, request: Request) -> bool:
        """Whether the host of a request names a bucket or S3 itself."""
        host = _host_name(request)
        return bucket_in(host) is not None or _STORE_ITSELF.fullmatch(host) is not None

    def _by_path(self, path: str) -> list[str]:
        if _DATED.match(path):
            return ["lambda"] if "lambda" in self._services else []
        return [name for name, rule in _BY_PATH if name in self._services and rule.match(path)]

    def _find(self, name: str, request: Request) -> Route | Refusal:
        if name == STORE:
            return self._store[0].find(request, store_path(request))
        candidates = self._services[name]
        newer = request.path.startswith("/v2/")
        for service in candidates:
            if service.model.name.endswith("v2") == newer:
                return service.find(request, request.path)
        return candidates[0].find(request, request.path)


def _not_here(scope: str) -> Refusal:
    text = f"The request is signed for {scope[:60]}, and no such service is here."
    protocol = QUERY if scope in _XML_SERVICES else REST["rest-json"]
    return Refusal(protocol, None, ServiceError("UnknownOperationException", text, status=404))


def _has_action(request: Request) -> bool:
    return b"Action=" in request.query


def _host_name(request: Request) -> str:
    return request.headers.get(b"host", b"").decode("latin-1").lower().partition(":")[0]


def store_path(request: Request) -> str:
    """The path of a request to S3 from the bucket on, wherever the bucket was said."""
    bucket = bucket_in(_host_name(request))
    return request.path if bucket is None else f"/{bucket}{request.path}"


@lru_cache(maxsize=1024)
def bucket_in(host: str) -> str | None:
    """The bucket that a host's name says, or None: `one.s3.localhost`, `one.localhost`."""
    match = _STORE_HOST.fullmatch(host)
    if match is None and not _STORE_ITSELF.fullmatch(host):
        match = _LOCAL_HOST.fullmatch(host)
    return None if match is None else match["bucket"]
