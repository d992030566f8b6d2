"""The way in to APIs: by name (`{api}.execute-api.{region}...`) or by path.

Paths: `/restapis/{api}/{stage}/_user_request_/...`, `/_aws/execute-api/{api}/{stage}/...`. An API
is found by its id alone; the region in a name is not looked at.
"""

from __future__ import annotations

import asyncio

from stepwell.runtime.ports import Alarm
from stepwell.services.api import Call, Door, HttpAnswer, HttpRequest
from stepwell.services.apigateway.gateway import HTTP_API, REST_API, ApiGateway
from stepwell.services.apigateway.serving.answers import http_refused
from stepwell.services.apigateway.serving.http import HttpServing
from stepwell.services.apigateway.serving.incoming import Incoming, extended_request_id
from stepwell.services.apigateway.serving.limits import UNDER_WAY_MAX, patience
from stepwell.services.apigateway.serving.rest import RestServing, forbidden

LABEL = "execute-api"
_USER_REQUEST = "/restapis/"
_OWN = "/_aws/execute-api/"


class Entrance:
    """Finds the API and the stage of a request and hands it over."""

    def __init__(self, gateway: ApiGateway, alarm: Alarm) -> None:
        self._gateway = gateway
        waits = patience(gateway.clock, alarm)
        self._rest = RestServing(gateway, waits)
        self._http = HttpServing(gateway, waits)
        self._room = asyncio.Semaphore(UNDER_WAY_MAX)

    def door(self) -> Door:
        """The door."""
        return Door((LABEL,), (_USER_REQUEST, _OWN), self.answer)

    async def knows(self, request: HttpRequest) -> bool:
        """Whether a request is to an API of this server."""
        place = _place(request)
        await self._gateway.documents.ready()
        owner = self._gateway.documents.owner_of
        return place is not None and bool(owner(REST_API, place[0]) or owner(HTTP_API, place[0]))

    async def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """The answer; None when the request is to no API after all."""
        place = _place(request)
        if place is None:
            return None
        await self._gateway.documents.ready()
        async with self._room:
            return await self._answer(request, *place)

    async def _answer(self, request: HttpRequest, api: str, path: str) -> HttpAnswer:
        extended_id = extended_request_id(self._gateway.ids.secret(11))
        documents = self._gateway.documents
        scope = documents.owner_of(REST_API, api)
        if scope is not None:
            name, rest = _first(path)
            stage = documents.get(f"{scope}:{api}", "stage", name)
            if stage is None:
                return forbidden(request, extended_id)
            incoming = self._incoming(request, scope, api, stage, extended_id)
            incoming.path = rest or "/"
            incoming.raw_path = f"/{name}{rest}"
            return await self._rest.serve(incoming)
        scope = documents.owner_of(HTTP_API, api)
        if scope is None:
            return forbidden(request, extended_id)
        name, rest = _first(path)
        stage = documents.get(f"{scope}:{api}", "http-stage", name)
        if stage is None:
            stage = documents.get(f"{scope}:{api}", "http-stage", "$default")
            rest = path
        if stage is None:
            return http_refused(extended_id, 404, "Not Found")
        incoming = self._incoming(request, scope, api, stage, extended_id)
        incoming.path = rest or "/"
        default = incoming.stage_name == "$default"
        incoming.raw_path = incoming.path if default else f"/{name}{rest}"
        return await self._http.serve(incoming)

    def _incoming(
        self, request: HttpRequest, scope: str, api: str, stage: dict[str, object], extended: str
    ) -> Incoming:
        account, _, region = scope.partition(":")
        call = Call(account, region, request.request_id, request.base_url)
        name = str(stage.get("stageName") or stage.get("StageName"))
        owner = f"{scope}:{api}"
        now = self._gateway.clock.now()
        return Incoming(call, request, api, owner, stage, name, "/", "/", extended, now)


def _place(request: HttpRequest) -> tuple[str, str] | None:
    """The API's id, and the path from the stage on."""
    labels = request.host.partition(":")[0].split(".")
    if LABEL in labels[1:]:
        return labels[labels.index(LABEL) - 1], request.path
    if request.path.startswith(_OWN):
        api, rest = _first(request.path.removeprefix(_OWN[:-1]))
        return api, rest or "/"
    before, marker, after = request.path.partition("/_user_request_")
    parts = before.split("/")
    if marker and len(parts) == 4 and (not after or after[0] == "/"):
        return parts[2], f"/{parts[3]}{after}"
    return None


def _first(path: str) -> tuple[str, str]:
    """The first part of a path, and what follows it."""
    name, slash, rest = path.lstrip("/").partition("/")
    return name.replace("%24", "$"), f"{slash}{rest}"
