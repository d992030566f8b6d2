"""From a request's name for an operation to the code that answers it.

The tables are made when the gateway is; readers and writers are compiled when an operation is
called first. Finding the route of a JSON request is one look into a dict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepwell.errors import ServiceError
from stepwell.gateway.messages import Request
from stepwell.gateway.protocols.json import JsonProtocol
from stepwell.gateway.protocols.port import Reader, WireProtocol, Writer
from stepwell.gateway.protocols.query import QueryProtocol
from stepwell.gateway.protocols.rest_json import RestJsonProtocol
from stepwell.gateway.protocols.rest_xml import RestXmlProtocol
from stepwell.gateway.rest_routes import Ways
from stepwell.models.service_model import OperationModel, ServiceModel, known_services, load
from stepwell.services.api import Operation, Service

JSON_PROTOCOLS: Mapping[str, WireProtocol] = {
    "1.0": JsonProtocol("1.0"),
    "1.1": JsonProtocol("1.1"),
}
QUERY: WireProtocol = QueryProtocol()
REST: Mapping[str, WireProtocol] = {
    "rest-json": RestJsonProtocol(),
    "rest-xml": RestXmlProtocol(),
}

STORE = "s3"
"""The service whose requests are objects: any path may be its own."""

OLDER_VERSIONS = {"sqs": ("2008-01-01", "2009-02-01", "2011-10-01")}
"""Query API versions that mean the same service as the model's own."""


class Route:
    """One operation in one protocol."""

    __slots__ = (
        "_reader",
        "_writer",
        "handler",
        "is_store",
        "long_poll",
        "model",
        "operation",
        "protocol",
        "service",
        "signing_name",
        "unsigned",
    )

    def __init__(
        self,
        service: Service,
        model: ServiceModel,
        operation: OperationModel,
        protocol: WireProtocol,
    ) -> None:
        self.service = service
        self.model = model
        self.operation = operation
        self.protocol = protocol
        self.handler: Operation | None = service.operations.get(operation.name)
        self.signing_name = model.signing_name
        self.long_poll = operation.name in service.long_polls
        self.unsigned = operation.name in service.unsigned
        self.is_store = model.name == STORE
        self._reader: Reader | None = None
        self._writer: Writer | None = None

    @property
    def reader(self) -> Reader:
        """Compiled on first use."""
        if self._reader is None:
            constraints = not self.service.checks_itself
            self._reader = self.protocol.reader(self.model, self.operation, constraints=constraints)
        return self._reader

    @property
    def writer(self) -> Writer:
        """Compiled on first use."""
        if self._writer is None:
            self._writer = self.protocol.writer(self.model, self.operation)
        return self._writer


class RestService:
    """A service with a REST protocol; its patterns are read when it is first asked for."""

    def __init__(self, service: Service, model: ServiceModel) -> None:
        self.service = service
        self.model = model
        self.protocol = REST[model.protocol]
        self._ways: Ways[Route] | None = None

    def find(self, request: Request, path: str) -> Route | Refusal:
        """The route of a request to that path; its labels are noted in the request."""
        if self._ways is None:
            model = self.model
            self._ways = Ways(
                model,
                {
                    name: Route(self.service, model, operation, self.protocol)
                    for name, operation in model.operations.items()
                },
            )
        found = self._ways.find(request.method, path, request.query, request.headers)
        if found is not None:
            route, request.labels = found
            return route
        if self.model.protocol == "rest-xml":
            text = "The specified method is not allowed against this resource."
            error = ServiceError("MethodNotAllowed", text, status=405)
        else:
            shown = f"{request.method} {path[:200]}"
            text = f"{self.model.metadata['serviceId']} has no operation at {shown}."
            error = ServiceError("UnknownOperationException", text, status=404)
        return Refusal(self.protocol, self.model, error)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no route: the error and whose protocol speaks it."""

    protocol: WireProtocol
    model: ServiceModel | None
    error: ServiceError


class Routes:
    """Every way into the services given."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.targets: dict[bytes, Route] = {}
        self._prefixes: dict[str, ServiceModel] = {}
        self._versions: dict[str, ServiceModel] = {}
        self._actions: dict[tuple[str, str], Route] = {}
        self._actions_by_name: dict[str, Route] = {}
        self._actions_by_scope: dict[tuple[str, str], Route] = {}
        self.rest: dict[str, list[RestService]] = {}
        self.request_bytes_max: dict[str, int] = {
            service.name: service.request_bytes_max
            for service in services
            if service.request_bytes_max is not None
        }
        """How much a request may bring, of the services that bound it themselves."""
        for service in services:
            self._add(service, load(service.name))

    def _add(self, service: Service, model: ServiceModel) -> None:
        unknown = service.operations.keys() - model.operations.keys()
        if unknown:
            raise ValueError(f"{service.name} has no operation {', '.join(sorted(unknown))}")
        if model.protocol == "json":
            prefix = str(model.metadata["targetPrefix"])
            self._prefixes[prefix] = model
            protocol = JSON_PROTOCOLS[str(model.metadata["jsonVersion"])]
            for name, operation in model.operations.items():
                route = Route(service, model, operation, protocol)
                self.targets[f"{prefix}.{name}".encode()] = route
        if model.protocol in REST:
            self.rest.setdefault(model.signing_name, []).append(RestService(service, model))
        if model.speaks_query:
            self._add_query(service, model)

    def _add_query(self, service: Service, model: ServiceModel) -> None:
        versions = (str(model.metadata["apiVersion"]), *OLDER_VERSIONS.get(model.name, ()))
        for version in versions:
            self._versions[version] = model
        for name, operation in model.operations.items():
            route = Route(service, model, operation, QUERY)
            self._actions_by_name.setdefault(name, route)
            self._actions_by_scope[model.signing_name, name] = route
            for version in versions:
                self._actions[version, name] = route

    def no_target(self, target: bytes, content_type: bytes) -> Refusal:
        """Why a target leads nowhere."""
        text = target.decode("latin-1")[:200]
        prefix, _, name = text.rpartition(".")
        model = self._prefixes.get(prefix)
        if model is not None:
            protocol = JSON_PROTOCOLS[str(model.metadata["jsonVersion"])]
            return Refusal(protocol, model, unknown_operation(model, name))
        protocol = JSON_PROTOCOLS["1.1" if content_type.endswith(b"1.1") else "1.0"]
        return Refusal(protocol, None, unknown_service(prefix or text))

    def action(self, version: str, name: str, scope: str = "") -> Route | Refusal:
        """The route of a Query request, or why there is none.

        Services share names of actions: who the request is signed for counts first, its version
        then.
        """
        route = self._actions_by_scope.get((scope, name)) or self._actions.get((version, name))
        if route is None and not version:
            route = self._actions_by_name.get(name)
        if route is not None:
            return route
        model = self._versions.get(version)
        text = f"The action {name[:200]} is not valid for this endpoint."
        if model is None and version:
            served = ", ".join(sorted({m.name for m in self._versions.values()}))
            text = (
                f"The action {name[:200]} of version {version[:40]} belongs to no service that is "
                f"served here. Services with the Query protocol: {served}."
            )
        return Refusal(QUERY, model, ServiceError("InvalidAction", text))


def unknown_operation(model: ServiceModel, name: str) -> ServiceError:
    """The operation does not exist in that service."""
    return ServiceError(
        "UnknownOperationException", f"{model.metadata['serviceId']} has no operation {name!r}."
    )


def not_implemented(model: ServiceModel, name: str) -> ServiceError:
    """AWS has the operation, Stepwell does not yet. Not a status that SDKs try again."""
    return ServiceError(
        "UnknownOperationException",
        f"Stepwell does not implement {model.metadata['serviceId']} {name} yet.",
    )


def unknown_service(prefix: str) -> ServiceError:
    """The target's service is not served here."""
    return ServiceError(
        "UnknownOperationException",
        f"No service here answers to the target prefix {prefix!r}. "
        f"Services with a model: {', '.join(known_services())}.",
    )
