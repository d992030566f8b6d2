"""What the gateway needs from a wire protocol, and the answer it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from stepwell.errors import ServiceError
from stepwell.gateway.models import OperationModel, ServiceModel
from stepwell.services.api import Answer, Params

Headers: TypeAlias = "list[tuple[bytes, bytes]]"


@dataclass(slots=True)
class Request:
    """One HTTP request, its body read and decompressed. Not frozen, for it is made every time."""

    method: str
    path: str
    """The path as sent, percent signs and all."""
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes
    signed_body: bytes
    """The body as sent: what the signature covers."""
    base_url: str
    fields: Mapping[str, str] | None = None
    """The form of a Query request, parsed already."""


@dataclass(slots=True)
class Response:
    """One whole HTTP answer. Not frozen, for it is made every time."""

    status: int
    headers: Headers
    body: bytes


Reader: TypeAlias = Callable[[Request], Params]
"""The operation's input from a request. Raises ServiceError when it does not fit the model."""
Writer: TypeAlias = "Callable[[Answer, bytes], Response]"
"""The HTTP answer from an operation's answer and the request id."""


class WireProtocol(Protocol):
    """One of AWS's protocols. Readers and writers are compiled once per operation."""

    def reader(
        self, model: ServiceModel, operation: OperationModel, *, constraints: bool
    ) -> Reader:
        """Parses and checks the input; `constraints` says whether min, max, pattern, enum and
        required count, or types only."""

    def writer(self, model: ServiceModel, operation: OperationModel) -> Writer:
        """Serialises the output."""

    def failure(
        self, model: ServiceModel | None, error: ServiceError, request_id: bytes
    ) -> Response:
        """The error document; without a model when the service is not known."""
