"""What the gateway hands to a service operation, and what it takes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Params = dict[str, Any]
"""Parsed input as the service model says: member names as in the model, blobs as bytes,
timestamps as float epoch seconds."""


@dataclass(slots=True)
class Call:
    """One API call: who calls, where to, with which request id.

    Nobody changes it; it is not frozen because it is made every time, and freezing costs four
    times as much as making.
    """

    account: str
    region: str
    request_id: str
    base_url: str
    """Scheme, host and port as the caller sees them, without a slash at the end."""
    user_agent: str = ""

    @property
    def scope(self) -> str:
        """The partition of resources that are looked up by name: `account:region`."""
        return f"{self.account}:{self.region}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """An answer that is already JSON, for the hottest reads. JSON protocols only."""

    body: bytes


Answer = Mapping[str, Any] | Encoded | None
Operation = Callable[[Call, Params], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Service:
    """A service's operations by their name in the botocore model `name` (`stepfunctions`, `sqs`).

    An operation that the model knows and this table does not is refused by the gateway by name.
    """

    name: str
    operations: Mapping[str, Operation]
    checks_itself: bool = False
    """The service checks required members, limits and patterns in its own words, so that the
    gateway checks types only."""
    long_polls: frozenset[str] = frozenset()
    """Operations that may wait for long; they are cancelled when the caller goes away."""
    unsigned: frozenset[str] = frozenset()
    """Operations behind links in messages: they need no signature, and a browser may come from
    anywhere. What they take must be hard to guess."""
    request_bytes_max: int | None = None
    """How much a request may bring; None for as much as the gateway takes of any service."""


@dataclass(slots=True)
class HttpRequest:
    """A request that is not an AWS API call: to an API's stage, to a function's URL."""

    method: str
    host: str
    """The Host header, in small letters, with the port if it has one."""
    path: str
    """As sent, percent signs and all."""
    query: str
    """As sent, without the question mark."""
    headers: Sequence[tuple[str, str]]
    """Names in small letters, repeated ones included."""
    body: bytes
    base_url: str
    """Scheme, host and port as the caller sees them."""
    request_id: str
    source_ip: str = "127.0.0.1"


@dataclass(slots=True)
class HttpAnswer:
    """The answer to it; length, date and connection are added."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Door:
    """A way in for requests that are not AWS API calls.

    It takes what comes to a host with one of `host_labels` in its name
    (`{id}.execute-api.us-east-1.localhost`: the label is `execute-api`), and what comes to a path
    with one of `path_prefixes`. `answer` may say None: not mine after all.
    """

    host_labels: tuple[str, ...]
    path_prefixes: tuple[str, ...]
    answer: Callable[[HttpRequest], Awaitable[HttpAnswer | None]]


class Embedded(Protocol):
    """A service that lives in this server."""

    def services(self) -> Sequence[Service]:
        """Its APIs."""

    def doors(self) -> Sequence[Door]:
        """Its other ways in."""

    async def load(self) -> None:
        """Pick up where the last process stopped. Called once, before any request."""

    def stop_waiting(self) -> None:
        """Make everything that waits for long answer now: the server stops."""

    async def close(self) -> None:
        """End timers and work under way; what was acknowledged is on disk."""
