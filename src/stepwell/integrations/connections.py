"""What a connection of EventBridge adds to an HTTP call: credentials and fixed parameters.

Tokens of OAuth are fetched when they are needed and remembered until shortly before they end, or
until a server refuses one.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from stepwell.errors import ServiceError
from stepwell.integrations.http_calls import HttpCalls
from stepwell.runtime.ports import Clock
from stepwell.services.events.connections import connection_of
from stepwell.services.events.events import Events
from stepwell.services.events.records import ConnectionRow
from stepwell.values import BadJson, decode

_TIMEOUT_SECONDS = 10.0
_EARLY_MS = 60_000
_LIFE_SECONDS = 3_600
_LIFE_SECONDS_MAX = 86_400.0
TOKENS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Additions:
    """What is added to a call."""

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)


class Connections:
    """See the module."""

    def __init__(self, events: Events, calls: HttpCalls, clock: Clock) -> None:
        self._events = events
        self._calls = calls
        self._clock = clock
        self._tokens: dict[tuple[str, int], tuple[str, int]] = {}

    def find(self, arn: str) -> ConnectionRow:
        """The connection of an ARN, ready for use. Raises ServiceError."""
        row = connection_of(self._events, arn)
        if row is None:
            raise ServiceError("ResourceNotFound", f"Connection {arn} does not exist.", status=404)
        if row.state != "AUTHORIZED":
            raise ServiceError(
                "InvalidConnectionState", f"Connection {arn} is in the state {row.state}."
            )
        return row

    async def additions(self, row: ConnectionRow) -> Additions:
        """What the connection adds. Raises ServiceError when no token is to be had."""
        given: Any = decode(row.authorization)
        further = given.get("InvocationHttpParameters") or {}
        headers: dict[str, str] = {}
        if row.kind == "API_KEY":
            key = given["ApiKeyAuthParameters"]
            headers[key["ApiKeyName"]] = key["ApiKeyValue"]
        elif row.kind == "BASIC":
            basic = given["BasicAuthParameters"]
            headers["Authorization"] = _basic(basic["Username"], basic["Password"])
        else:
            token = await self._token(row, given["OAuthParameters"])
            headers["Authorization"] = f"Bearer {token}"
        headers = {**headers, **_pairs(further, "HeaderParameters"), **headers}
        return Additions(
            headers, _pairs(further, "QueryStringParameters"), _pairs(further, "BodyParameters")
        )

    def refused(self, row: ConnectionRow) -> None:
        """A server did not like the token: the next call fetches another one."""
        self._tokens.pop((row.uuid, row.modified_at), None)

    async def _token(self, row: ConnectionRow, parameters: dict[str, Any]) -> str:
        key = (row.uuid, row.modified_at)
        known = self._tokens.get(key)
        if known is not None and known[1] > self._clock.now():
            return known[0]
        answer = await self._fetch(parameters)
        token = answer.get("access_token")
        if not isinstance(token, str):
            raise _no_token("the answer has no access_token")
        seconds = _life_seconds(answer.get("expires_in", _LIFE_SECONDS))
        if len(self._tokens) >= TOKENS_MAX:
            self._tokens.clear()
        self._tokens[key] = (token, self._clock.now() + int(seconds * 1000) - _EARLY_MS)
        return token

    async def _fetch(self, parameters: dict[str, Any]) -> dict[str, Any]:
        client = parameters["ClientParameters"]
        further = parameters.get("OAuthHttpParameters") or {}
        form = {"grant_type": "client_credentials", **_pairs(further, "BodyParameters")}
        headers = {
            "Authorization": _basic(client["ClientID"], client["ClientSecret"]),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **_pairs(further, "HeaderParameters"),
        }
        reply = await self._calls.call(
            parameters["HttpMethod"],
            with_query(
                parameters["AuthorizationEndpoint"], _pairs(further, "QueryStringParameters")
            ),
            headers,
            urlencode(form).encode(),
            timeout_seconds=_TIMEOUT_SECONDS,
        )
        if reply.status != 200:
            raise _no_token(f"the authorization endpoint answered {reply.status}")
        try:
            answer = decode(reply.body)
        except BadJson:
            answer = None
        if not isinstance(answer, dict):
            raise _no_token("the answer is no JSON object")
        return answer


def with_query(url: str, query: dict[str, str]) -> str:
    """The URL with these parameters as well."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote)}"


def _life_seconds(given: object) -> float:
    """How long a token is good, whatever the server says: what is no number means not at all."""
    try:
        return min(max(0.0, float(str(given))), _LIFE_SECONDS_MAX)  # NaN is 0
    except ValueError:
        return 0.0


def _no_token(why: str) -> ServiceError:
    return ServiceError("AuthorizationFailed", f"No access token: {why}", status=401)


def _basic(name: str, password: str) -> str:
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def _pairs(parameters: dict[str, Any], member: str) -> dict[str, str]:
    return {p["Key"]: p["Value"] for p in parameters.get(member) or () if p.get("Key")}
