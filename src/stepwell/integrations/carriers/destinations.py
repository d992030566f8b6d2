"""Deliveries to API destinations: an HTTP call after the commit, with what its connection adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from stepwell.errors import ServiceError
from stepwell.integrations.carriers.sqs import for_good
from stepwell.integrations.connections import Additions, Connections, with_query
from stepwell.integrations.http_calls import HttpCalls, HttpReply
from stepwell.services.deliveries.delivery import Delivery, Work, named
from stepwell.services.events.destinations import destination_of
from stepwell.services.events.events import Events
from stepwell.services.events.records import DestinationRow
from stepwell.values import BadJson, decode, encode_text

TIMEOUT_SECONDS = 5.0
"""So long an endpoint may take, as on AWS."""
_FIXED = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
}


class Destinations:
    """Calls the endpoints of API destinations."""

    def __init__(self, events: Events, connections: Connections, calls: HttpCalls) -> None:
        self._events = events
        self._connections = connections
        self._calls = calls

    def carry(self, delivery: Delivery) -> Work:
        """The call; `request` is `{"Body": text, "HttpParameters": ...}`."""
        row = self._find(delivery.target)

        async def work() -> None:
            given: Any = delivery.request.get("HttpParameters") or {}
            await self._call(row, given, str(delivery.request.get("Body", "")))

        return work

    async def ask(self, arn: str, given: Mapping[str, Any], body: str) -> HttpReply:
        """The answer of an endpoint; `given` is as in HttpParameters. Raises ServiceError."""
        return await self._call(self._find(arn), given, body)

    def _find(self, arn: str) -> DestinationRow:
        row = destination_of(self._events, arn)
        if row is None:
            message = f"The API destination {arn} does not exist."
            raise for_good(ServiceError("NO_RESOURCE", message))
        return row

    async def _call(self, row: DestinationRow, given: Mapping[str, Any], body: str) -> HttpReply:
        try:
            connection = self._connections.find(row.connection_arn)
        except ServiceError as error:
            raise for_good(error) from error
        added = await self._connections.additions(connection)
        url = filled_path(row.endpoint, given.get("PathParameterValues") or [])
        query = {**(given.get("QueryStringParameters") or {}), **added.query}
        headers = {**_FIXED, **(given.get("HeaderParameters") or {}), **added.headers}
        reply = await self._calls.call(
            row.method,
            with_query(url, query),
            headers,
            _body(body, added).encode(),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if reply.status == 401:
            self._connections.refused(connection)
        _judge(url, reply.status)
        return reply


def filled_path(endpoint: str, values: Sequence[str]) -> str:
    """The endpoint with its stars replaced, one after another."""
    for value in values:
        endpoint = endpoint.replace("*", quote(value, safe=""), 1)
    return endpoint


def _body(text: str, added: Additions) -> str:
    if not added.body:
        return text
    try:
        body = decode(text)
    except BadJson:
        return text
    return encode_text({**body, **added.body}) if isinstance(body, dict) else text


def _judge(url: str, status: int) -> None:
    """Tried again: 401 (with a new token), 407, 409, 429 and what the server is to blame for."""
    if 200 <= status < 300:
        return
    error = ServiceError("SDK_CLIENT_ERROR", f"{named(url)} answered {status}")
    raise error if status in (401, 407, 409, 429) or status >= 500 else for_good(error)
