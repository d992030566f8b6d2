"""What API Gateway needs from outside: functions, the operations of services, HTTP, paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stepwell.services.api import Call
from stepwell.values import JsonValue


@dataclass(frozen=True, slots=True)
class Invoked:
    """What a function answered. `error` is None, or what kind of error the payload tells."""

    payload: bytes
    error: str | None = None


class Functions(Protocol):
    """Runs functions."""

    async def invoke(self, call: Call, arn: str, payload: bytes, *, wait: bool) -> Invoked:
        """Run it, or have it run later (`wait` False). Raises ServiceError when it cannot be."""


@dataclass(frozen=True, slots=True)
class BackendRequest:
    """A request to a service of this server, as an integration makes it."""

    service: str
    """As in the integration's ARN: `states`, `sqs`, `s3`."""
    action: str
    """The operation, or empty when the path says it."""
    path: str
    """What follows `path/` in the ARN."""
    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """The answer. Names of headers as the backend wrote them."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Backends(Protocol):
    """The operations of the services of this server."""

    def knows(self, service: str, action: str) -> bool:
        """Whether this server has the service, and the operation if one is named."""

    async def send(self, call: Call, request: BackendRequest) -> BackendAnswer:
        """Carry it out. A refusal is an answer too."""

    async def run(self, call: Call, service: str, action: str, params: JsonValue) -> JsonValue:
        """Carry out an operation with parameters as its model names them. Raises ServiceError."""


class TooSlow(Exception):
    """No answer within the time of the integration."""


class Unreachable(Exception):
    """No connection, or one that broke."""


class Outbound(Protocol):
    """HTTP to anywhere."""

    async def send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_seconds: float,
    ) -> BackendAnswer:
        """Send it and read the whole answer. Raises TooSlow, Unreachable."""


class SelectPath(Protocol):
    """JSONPath."""

    def __call__(self, path: str, document: JsonValue) -> JsonValue:
        """What the path names, None when nothing. Raises ValueError for what is no path."""
