"""A small client of the HTTP API: signed JSON calls and the pages below `/_stepwell/`.

The command line needs no AWS SDK. Every request is signed, because the signature also says which
account and region are meant; a server without credentials takes any key.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from stepwell.errors import StepwellError
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode

DEFAULT_ENDPOINT = "http://127.0.0.1:4566"
TIMEOUT_SECONDS = 70
ANSWER_BYTES_MAX = 64 * 1024 * 1024
PAGES_MAX = 10_000
_SERVICE = "states"
_ALGORITHM = "AWS4-HMAC-SHA256"


class Unreachable(StepwellError):
    """Nothing that speaks our API answers at the endpoint."""


class ApiError(StepwellError):
    """The server refused: its code, its text, the HTTP status."""

    def __init__(self, code: str, text: str, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.status = status
        self.headers = headers
        """By lower-case name."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What requests are signed with."""

    access_key: str
    secret_key: str
    session_token: str = ""


def endpoint_from(environment: Mapping[str, str], given: str | None) -> str:
    """The endpoint to use: the option, then STEPWELL_ENDPOINT, then AWS's variables."""
    names = ("STEPWELL_ENDPOINT", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL")
    found = (environment[name] for name in names if environment.get(name))
    return given or next(found, DEFAULT_ENDPOINT)


def region_from(environment: Mapping[str, str], given: str | None) -> str:
    """The region to ask for: the option, then what AWS clients read, then us-east-1."""
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    found = (environment[name] for name in names if environment.get(name))
    return given or next(found, "us-east-1")


def credentials_from(environment: Mapping[str, str]) -> Credentials:
    """Stepwell's own variables, then those AWS clients read, then anything."""
    for prefix in ("STEPWELL", "AWS"):
        key = environment.get(f"{prefix}_ACCESS_KEY_ID")
        secret = environment.get(f"{prefix}_SECRET_ACCESS_KEY")
        if key and secret:
            token = environment.get("AWS_SESSION_TOKEN", "") if prefix == "AWS" else ""
            return Credentials(key, secret, token)
    return Credentials("test", "test")


class Client:
    """Speaks to one server. One connection per request: commands make few."""

    def __init__(
        self, endpoint: str, region: str = "us-east-1", credentials: Credentials | None = None
    ) -> None:
        """Raises Unreachable when the endpoint is no http address."""
        self.endpoint = endpoint.rstrip("/")
        self.region = region
        self.credentials = credentials or credentials_from(os.environ)
        parts = urlsplit(self.endpoint)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
            raise Unreachable(f"{endpoint} is no endpoint: give http://HOST:PORT")
        self._secure = parts.scheme == "https"
        self._host, self._port, self._netloc = parts.hostname, port, parts.netloc

    def call(self, operation: str, parameters: JsonObject | None = None) -> JsonObject:
        """One Step Functions operation. Raises ApiError, Unreachable."""
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"AWSStepFunctions.{operation}",
        }
        return self._request("POST", "/", "", headers, encode(parameters or {}))

    def every(
        self, operation: str, member: str, parameters: JsonObject | None = None
    ) -> Iterator[JsonObject]:
        """The items of all pages of a listing."""
        asked = dict(parameters or {})
        for _ in range(PAGES_MAX):
            answer = self.call(operation, asked)
            items = answer.get(member)
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict):
                    yield item
            token = answer.get("nextToken")
            if not token:
                return
            asked["nextToken"] = token

    def page(self, path: str, query: Mapping[str, str] | None = None) -> JsonObject:
        """One of Stepwell's own pages. Raises ApiError, Unreachable."""
        pairs = sorted((query or {}).items())
        text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
        return self._request("GET", path, text, {}, b"")

    def _request(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> JsonObject:
        signed = self._sign(method, path, query, headers, body)
        connection = self._connection()
        try:
            connection.request(method, f"{path}?{query}" if query else path, body, signed)
            response = connection.getresponse()
            text = response.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self._unreachable(error)) from error
        finally:
            connection.close()
        return _answer(response, text, self.endpoint)

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)

    def _unreachable(self, error: Exception) -> str:
        if isinstance(error, ConnectionRefusedError):
            return (
                f"Nothing listens at {self.endpoint}. Start a server with `stepwell start`, or "
                "name yours with --endpoint or STEPWELL_ENDPOINT."
            )
        return f"{self.endpoint} does not answer: {error or type(error).__name__}"

    def _sign(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        every = {**headers, "host": self._netloc, "x-amz-date": stamp}
        if self.credentials.session_token:
            every["x-amz-security-token"] = self.credentials.session_token
        names = ";".join(sorted(every))
        lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self.region}/{_SERVICE}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{self.credentials.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashed}"
        signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
        every["authorization"] = (
            f"{_ALGORITHM} Credential={self.credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return every


def _answer(response: http.client.HTTPResponse, text: bytes, endpoint: str) -> JsonObject:
    try:
        value: JsonValue = decode(text) if text else {}
    except BadJson:
        value = None
    if not isinstance(value, dict):
        raise Unreachable(f"{endpoint} answers, but not as Stepwell does: is it the right port?")
    if response.status < http.HTTPStatus.BAD_REQUEST:
        return value
    code = str(value.get("__type") or f"HTTP {response.status}").rpartition("#")[2]
    said = value.get("message") or value.get("Message") or response.reason
    headers = {name.lower(): text for name, text in response.getheaders()}
    raise ApiError(code, str(said), response.status, headers)


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
