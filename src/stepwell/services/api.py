"""What the gateway hands to a service operation, and what it takes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

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
