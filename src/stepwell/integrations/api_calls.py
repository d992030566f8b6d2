"""The server's own operations, called from inside: what a stack makes its resources with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.integrations.api_params import Read, compile_params
from stepwell.models.constraints import Check, compile_check, message
from stepwell.models.service_model import load
from stepwell.runtime.ports import Ids
from stepwell.services.api import Call, Encoded, Operation, Service
from stepwell.values import decode


class _Callable:
    """One operation with what reads and checks its parameters, compiled when first called."""

    __slots__ = ("check", "operation", "read")

    def __init__(self, service: Service, name: str, operation: Operation) -> None:
        model = load(service.name)
        shapes = model.operations[name]
        self.operation = operation
        self.read: Read = compile_params(model, shapes.input)
        self.check: Check | None = (
            None if service.checks_itself else compile_check(model, shapes.input)
        )

    def params(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the operation takes. Raises ServiceError ValidationException."""
        problems: list[str] = []
        present = {name: value for name, value in given.items() if value is not None}
        params: dict[str, Any] = self.read(present, "", problems)
        if problems:
            raise ServiceError("ValidationException", "; ".join(problems))
        if self.check is not None:
            self.check(params, "", problems)
        if problems:
            raise ServiceError("ValidationException", message(problems))
        return params


class ApiCalls:
    """All services by botocore's names; `add` them, once they exist."""

    def __init__(self, ids: Ids, base_url: Callable[[], str]) -> None:
        self._ids = ids
        self._base_url = base_url
        self._services: dict[str, Service] = {}
        self._operations: dict[tuple[str, str], _Callable] = {}

    def add(self, services: Iterable[Service]) -> None:
        """Let them be called."""
        self._services.update({service.name: service for service in services})

    def at(self, account: str, region: str) -> AccountCalls:
        """The services as that account calls them in that region."""
        return AccountCalls(self, account, region)

    async def call(
        self, account: str, region: str, service: str, operation: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `deploy.resource_type.Cloud`."""
        found = self._find(service, operation)
        caller = Call(
            account=account,
            region=region,
            request_id=self._ids.uuid(),
            base_url=self._base_url(),
            user_agent="cloudformation.amazonaws.com",
        )
        answer = await found.operation(caller, found.params(given))
        if isinstance(answer, Encoded):
            return cast("Mapping[str, Any]", decode(answer.body))
        return answer or {}

    def _find(self, service: str, operation: str) -> _Callable:
        found = self._operations.get((service, operation))
        if found is None:
            known = self._services.get(service)
            carried_out = None if known is None else known.operations.get(operation)
            if known is None or carried_out is None:
                raise ServiceError(
                    "UnknownOperation", f"This server has no operation {service}:{operation}."
                )
            found = _Callable(known, operation, carried_out)
            self._operations[service, operation] = found
        return found


class AccountCalls:
    """The services, as one account calls them in one region."""

    def __init__(self, calls: ApiCalls, account: str, region: str) -> None:
        self._calls = calls
        self.account = account
        self.region = region

    async def call(
        self, service: str, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See `deploy.resource_type.Cloud`."""
        return await self._calls.call(self.account, self.region, service, operation, params)
