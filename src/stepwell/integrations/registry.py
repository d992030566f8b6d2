"""Which integration carries out which service's calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwell.language.program import Resource
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.records import ExecutionRow
from stepwell.runtime.turn import Turn

SDK_PREFIX = "aws-sdk:"


class Integration(Protocol):
    """One service."""

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Do the call, staging its effects in the turn."""


class JobIntegration(Protocol):
    """A service that starts executions somebody waits for."""

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """What the end of an execution means for the task that waited for it."""


class ServiceIntegrations:
    """All integrations of a server (runtime.ports.Integrations)."""

    def __init__(self) -> None:
        self._by_service: Mapping[str, Integration] = {}
        self._sdk: Integration | None = None
        self._jobs: JobIntegration | None = None

    def plug_in(
        self, by_service: Mapping[str, Integration], *, jobs: JobIntegration, sdk: Integration
    ) -> None:
        """Set them, once everything they need exists. `sdk` has all that begin with `aws-sdk:`."""
        self._by_service = by_service
        self._sdk = sdk
        self._jobs = jobs

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Do the call. An unknown service was refused at creation; here it fails the task."""
        # A function's ARN as the Resource names no service.
        service = call.resource.service or call.resource.kind
        integration = self._by_service.get(service)
        if integration is None and service.startswith(SDK_PREFIX):
            integration = self._sdk
        if integration is None:
            return Refused(
                "States.Runtime",
                f"The resource provided {call.resource.arn} is not recognized.",
            )
        return integration.call(turn, call)

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """What the end of a child means for its parent's task."""
        if self._jobs is None:
            raise RuntimeError("no integration waits for executions")
        return self._jobs.job_ended(execution, resource)
