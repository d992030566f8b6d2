"""`apigateway:invoke`: a task calls an API; one of this server in process, after the commit.

A call whose answer was not recorded is made again after a crash.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from stepwell.integrations.endpoints import is_local, shown
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.services.apigateway.ports import Outbound, TooSlow, Unreachable
from stepwell.values import JsonObject, JsonValue, encode, encode_text

TIMEOUT_SECONDS = 30.0
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_FORBIDDEN = frozenset(
    {
        "authorization",
        "connection",
        "content-md5",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "transfer-encoding",
        "trailer",
        "upgrade",
        "via",
        "www-authenticate",
    }
)
_ENDPOINT = re.compile(r"[A-Za-z0-9._-]+(?::\d+)?")
SIGNED = ("Authorization", "AWS4-HMAC-SHA256 Credential=stepwell/states")
"""Stands for the signature of AuthType IAM_ROLE: APIs of this server ask only whether there is
one."""


class ApiGatewayIntegration:
    """Calls APIs."""

    def __init__(self, endpoints: Outbound) -> None:
        self._endpoints = endpoints

    def call(self, turn: Turn, call: ServiceCall) -> Refused | Later:
        """Check the parameters; call after the commit."""
        given = call.parameters if isinstance(call.parameters, dict) else {}
        try:
            url, headers, body = _request(given)
        except ValueError as error:
            return Refused("States.Runtime", str(error))
        return Later(lambda: self._work(str(given["Method"]), url, headers, body))

    async def _work(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes
    ) -> Answered | Refused:
        try:
            answer = await self._endpoints.send(method, url, headers, body, TIMEOUT_SECONDS)
        except (TooSlow, Unreachable) as error:
            return Refused(
                "ApiGateway.SdkClientException", f"Unable to execute HTTP request: {error}"
            )
        result = shown(answer)
        if answer.status >= 400:
            body_told = result["ResponseBody"]
            text = body_told if isinstance(body_told, str) else encode_text(body_told)
            return Refused(f"ApiGateway.{answer.status}", text)
        return Answered(result)


def _request(given: JsonObject) -> tuple[str, list[tuple[str, str]], bytes]:
    """The URL, the headers and the body. Raises ValueError for parameters that cannot be."""
    endpoint, method = given.get("ApiEndpoint"), given.get("Method")
    if not isinstance(endpoint, str) or not _ENDPOINT.fullmatch(endpoint):
        raise ValueError("The value of the field 'ApiEndpoint' has an invalid format")
    if method not in METHODS:
        raise ValueError("The value of the field 'Method' has an invalid format")
    authorization = given.get("AuthType") or "NO_AUTH"
    if authorization not in ("NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY"):
        raise ValueError("The value of the field 'AuthType' has an invalid format")
    headers = _pairs(given.get("Headers"), "Headers")
    for name, _ in headers:
        if name.lower() in _FORBIDDEN and not (
            name.lower() == "authorization" and authorization == "NO_AUTH"
        ):
            raise ValueError(f"The field 'Headers' contains the forbidden header '{name}'")
    if authorization == "IAM_ROLE":
        if ".execute-api." not in endpoint:
            raise ValueError("AuthType IAM_ROLE is only possible with APIs of this server")
        headers.append(SIGNED)
    names = {name.lower() for name, _ in headers}
    body = b""
    if "RequestBody" in given and given["RequestBody"] is not None:
        value = given["RequestBody"]
        body = encode(value if given.get("AllowNullValues") is True else without_nulls(value))
        if "content-type" not in names:
            headers.append(("Content-Type", "application/json"))
    if "user-agent" not in names:
        headers.append(("User-Agent", "Amazon|StepFunctions|ApiGateway"))
    return _url(endpoint, given), headers, body


def _url(endpoint: str, given: JsonObject) -> str:
    path = ""
    for name in ("Stage", "Path"):
        part = given.get(name)
        if part is not None and not isinstance(part, str):
            raise ValueError(f"The value of the field '{name}' has an invalid format")
        if part:
            path += "/" + quote(part.lstrip("/"), safe="/%$-_.~:@!&'()*+,;=")
    query = urlencode(_pairs(given.get("QueryParameters"), "QueryParameters"))
    scheme = "http" if is_local(f"http://{endpoint}") else "https"
    return f"{scheme}://{endpoint}{path}" + (f"?{query}" if query else "")


def _pairs(value: JsonValue, field: str) -> list[tuple[str, str]]:
    """Names with lists of values."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise ValueError(f"The value of the field '{field}' has an invalid format")
    pairs: list[tuple[str, str]] = []
    for name, values in value.items():
        if not isinstance(values, list):
            raise ValueError(f"The value of the field '{field}' has an invalid format")
        for each in values:
            text = each if isinstance(each, str) else encode_text(each)
            if "\r" in text or "\n" in text:
                raise ValueError(f"The value of the field '{field}' has an invalid format")
            pairs.append((name, text))
    return pairs


def without_nulls(value: JsonValue) -> JsonValue:
    """A value without the members of objects that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value
