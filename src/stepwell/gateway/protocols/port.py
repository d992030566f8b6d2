"""What the gateway needs from a wire protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request, Response
from stepwell.models.service_model import OperationModel, ServiceModel
from stepwell.services.api import Answer, Params

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
