"""API Gateway's core: what its operations share."""

from __future__ import annotations

import string
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.apigateway.documents import Document, Documents
from stepwell.services.apigateway.errors import bad_request, no_api, not_found
from stepwell.services.apigateway.ports import Backends, Functions, Outbound, SelectPath
from stepwell.services.parts import ServiceParts

REST_API = "rest-api"
HTTP_API = "http-api"
PAGE_DEFAULT = 25
PAGE_MAX = 500
_DIGITS = string.ascii_lowercase + string.digits


class ApiGateway:
    """Documents, time, chance, and the ports behind which everything else is."""

    def __init__(
        self,
        parts: ServiceParts,
        *,
        functions: Functions,
        backends: Backends,
        outbound: Outbound,
        select: SelectPath,
    ) -> None:
        self.ledger = parts.ledger
        self.clock = parts.clock
        self.ids = parts.ids
        self.documents = Documents(parts.store, parts.ledger, parts.ids.next_id)
        self.functions = functions
        self.backends = backends
        self.outbound = outbound
        self.select = select

    def new_id(self, characters: int = 10) -> str:
        """An id of small letters and digits."""
        number = int.from_bytes(self.ids.secret(characters), "big")
        digits = []
        for _ in range(characters):
            number, rest = divmod(number, 36)
            digits.append(_DIGITS[rest])
        return "".join(digits)

    def now_seconds(self) -> float:
        """The time as documents keep it."""
        return self.clock.now() // 1000

    def rest_api(self, call: Call, params: Params) -> tuple[str, Document]:
        """The owner of what a REST API has, and the API. Raises NotFoundException."""
        api = str(params["restApiId"])
        document = self.documents.change(call.scope, REST_API, api)
        if document is None:
            raise no_api(call.account, api)
        return f"{call.scope}:{api}", document

    def http_api(self, call: Call, params: Params) -> tuple[str, Document]:
        """The owner of what an HTTP API has, and the API. Raises NotFoundException."""
        api = str(params["ApiId"])
        document = self.documents.change(call.scope, HTTP_API, api)
        if document is None:
            raise not_found(f"Invalid API identifier specified {call.account}:{api}")
        return f"{call.scope}:{api}", document


def page(items: list[Any], params: Params) -> dict[str, Any]:
    """A page of a list, as the operations of REST APIs answer it."""
    try:
        start = int(params.get("position") or 0)
    except ValueError:
        raise bad_request("Invalid position parameter specified") from None
    limit = params.get("limit")
    size = PAGE_DEFAULT if limit is None else min(int(limit), PAGE_MAX)
    if size < 1 or start < 0:
        raise bad_request("Invalid limit parameter specified")
    found: dict[str, Any] = {"items": items[start : start + size]}
    if start + size < len(items):
        found["position"] = str(start + size)
    return found


def given(params: Params, *names: str) -> Document:
    """The members of a request that are there."""
    return {name: params[name] for name in names if params.get(name) is not None}


def changed(document: Document, params: Params, *names: str) -> Document:
    """A document with the members of a request; those that are given empty are taken away."""
    merged = {**document, **given(params, *names)}
    return {
        name: value
        for name, value in merged.items()
        if name not in names or name not in params or value not in ("", [], {})
    }
