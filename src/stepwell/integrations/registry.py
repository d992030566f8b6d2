"""Which integration carries out which service's calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwell.language.program import Resource
from stepwell.language.resources import runs_here
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.records import ExecutionRow
from stepwell.runtime.turn import Turn
from stepwell.values import JsonValue

SDK_PREFIX = "aws-sdk:"


class Integration(Protocol):
    """One service."""

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Do the call, staging its effects in the turn."""


class JobIntegration(Protocol):
    """A service that starts executions somebody waits for."""

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """What the end of an execution means for the task that waited for it."""


class Outside(Integration, Protocol):
    """Services that are not embedded, and mocks."""

    def mocks(self, resource: Resource) -> bool:
        """Whether a resource, embedded or not, is mocked."""

    def runs(self, resource: Resource) -> bool:
        """Whether anything is configured for a resource."""

    async def follow(self, call: ServiceCall, submitted: JsonValue) -> Answered | Refused:
        """Wait for the end of a job that a call began."""

    async def abandon(self, call: ServiceCall, submitted: JsonValue) -> None:
        """Stop such a job, as far as that goes."""


class ServiceIntegrations:
    """All integrations of a server (runtime.ports.Integrations)."""

    def __init__(self) -> None:
        self._by_service: Mapping[str, Integration] = {}
        self._sdk: Integration | None = None
        self._jobs: JobIntegration | None = None
        self.outside: Outside | None = None
        """Set where something is configured."""

    def plug_in(
        self, by_service: Mapping[str, Integration], *, jobs: JobIntegration, sdk: Integration
    ) -> None:
        """Set them, once everything they need exists. `sdk` has all that begin with `aws-sdk:`."""
        self._by_service = by_service
        self._sdk = sdk
        self._jobs = jobs

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Do the call. An unknown service was refused at creation; here it fails the task."""
        integration = self._find(call.resource)
        if integration is None:
            return Refused(
                "States.Runtime",
                f"The resource provided {call.resource.arn} is not recognized.",
            )
        return integration.call(turn, call)

    def _find(self, resource: Resource) -> Integration | None:
        outside = self.outside
        if outside is not None and outside.mocks(resource):
            return outside
        service = "lambda" if resource.kind == "lambda" else resource.service
        if outside is not None and not runs_here(resource) and outside.runs(resource):
            return outside
        integration = self._by_service.get(service)
        if integration is None and service.startswith(SDK_PREFIX):
            integration = self._sdk
        return integration

    async def follow(self, call: ServiceCall, submitted: JsonValue) -> Answered | Refused:
        """Wait for the end of a job elsewhere."""
        if self.outside is None:
            problem = f"Nobody here can follow {call.resource.arn}."
            return Refused("States.Runtime", problem)
        return await self.outside.follow(call, submitted)

    async def abandon(self, call: ServiceCall, submitted: JsonValue) -> None:
        """Stop a job elsewhere that nobody waits for any more."""
        if self.outside is not None:
            await self.outside.abandon(call, submitted)

    def runs(self, resource: Resource) -> bool:
        """Whether tasks of that resource can be carried out: here, or by what is configured."""
        outside = self.outside
        return runs_here(resource) or (outside is not None and outside.runs(resource))

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """What the end of a child means for its parent's task."""
        if self._jobs is None:
            raise RuntimeError("no integration waits for executions")
        return self._jobs.job_ended(execution, resource)
