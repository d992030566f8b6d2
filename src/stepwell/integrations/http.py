"""`http:invoke`: a call of any HTTP endpoint, with what a connection adds.

It is made after the commit, and again after a crash when nobody saw its answer.
"""

from __future__ import annotations

import re
from typing import Any

from stepwell.errors import ServiceError
from stepwell.integrations.connections import Additions, Connections
from stepwell.integrations.http_calls import HttpCalls, HttpReply
from stepwell.integrations.http_requests import (
    ANSWER_BYTES_MAX,
    Unusable,
    connection_named,
    made_request,
)
from stepwell.integrations.http_traces import shown_reply, shown_request
from stepwell.integrations.turns import Turns
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.values import BadJson, JsonObject, JsonValue, decode

TIMEOUT_SECONDS = 60.0
_BINARY = (
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "image/",
    "audio/",
    "video/",
)
"""Media types of answers that tasks cannot take, or how they begin."""
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


class HttpIntegration:
    """Calls endpoints."""

    def __init__(
        self, connections: Connections, calls: HttpCalls, turns: Turns | None = None
    ) -> None:
        self._connections = connections
        self._calls = calls
        self._turns = turns

    def call(self, turn: Turn, call: ServiceCall) -> Later:
        """The call, after the commit."""
        return Later(lambda: self._work(call))

    async def _work(self, call: ServiceCall) -> Answered | Refused:
        given: Any = call.parameters if isinstance(call.parameters, dict) else {}
        if self._turns is not None:
            await self._turns.mine(call.account, call.region)
        try:
            row = self._connections.find(connection_named(given))
            added = await self._connections.additions(row)
        except Unusable as error:
            return Refused("States.Runtime", str(error))
        except ServiceError as error:
            return Refused(f"Events.ConnectionResource.{error.code}", error.message)
        try:
            reply = await self._send(call, given, added)
        except Unusable as error:
            return Refused("States.Runtime", str(error))
        except ServiceError as error:
            return Refused("States.Http.Socket", error.message)  # one that is too slow, too
        if reply.status == 401:
            self._connections.refused(row)
        return _outcome(reply)

    async def _send(self, call: ServiceCall, given: Any, added: Additions) -> HttpReply:
        request = made_request(given, added, call.region)
        if call.wire is not None:
            secret = not call.wire.reveals_secrets
            seen = made_request(given, Additions(), call.region) if secret else request
            call.wire.tell("request", shown_request(seen))
        reply = await self._calls.call(
            request.method,
            request.url,
            request.all_headers,
            request.body,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if call.wire is not None:
            call.wire.tell("response", shown_reply(reply, request.url))
        return reply


def _outcome(reply: HttpReply) -> Answered | Refused:
    if not 200 <= reply.status < 300:
        said = reply.body.decode("utf-8", "replace")
        return Refused(f"States.Http.StatusCode.{reply.status}", said or reply.reason)
    if len(reply.body) > ANSWER_BYTES_MAX:
        return Refused("States.DataLimitExceeded", "The response is larger than 256 KiB.")
    headers: dict[str, list[str]] = {}
    for name, value in reply.headers:
        headers.setdefault(name, []).append(value)
    text = _text(reply.body, headers.get("content-type", [""])[0])
    if text is None:
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


def _text(body: bytes, content_type: str) -> str | None:
    """The body of an answer, unless it can't be read as text."""
    if content_type.startswith(_BINARY):
        return None
    named = _CHARSET.search(content_type)
    try:
        return body.decode(named[1] if named else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return None
