"""What API Gateway's integrations call: the operations of this server's services, in process.

An integration's request is one of AWS's own protocols, reduced to what templates write: JSON in
the body, or a form in body and query (SQS, SNS), or a path (S3, SQS). Answers to forms are the
JSON that those services answer API Gateway with: `{"SendMessageResponse": {...}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from stepwell.errors import ServiceError, StorageTrouble
from stepwell.integrations.apigateway_shapes import (
    Read,
    Write,
    compile_read,
    compile_write,
    form_value,
)
from stepwell.language.paths import PathNotFound, PathSyntaxError, compile_path
from stepwell.language.program import EvaluationFailed
from stepwell.models.constraints import compile_check, message
from stepwell.models.service_model import ServiceModel, load
from stepwell.services.api import Call, Encoded, Operation, Service
from stepwell.services.apigateway.ports import BackendAnswer, BackendRequest, Invoked
from stepwell.services.lambda_ import invoking
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.values import BadJson, JsonObject, JsonValue, decode, encode

_NAMES = {"stepfunctions": "states"}
"""Services whose name in an integration's ARN is not botocore's."""
_FORMS = frozenset({"sqs", "sns"})
_JSON = "application/json"
_OBJECT_ACTIONS = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
    "HEAD": "HeadObject",
}


class _Action:
    """An operation, compiled."""

    def __init__(
        self, service: Service, model: ServiceModel, name: str, operation: Operation
    ) -> None:
        shapes = model.operations[name]
        self.name = name
        self.model = model
        self.input = shapes.input
        self.output = shapes.output
        self.operation = operation
        self.read: Read = compile_read(model, shapes.input)
        self.write: Write = compile_write(model, shapes.output)
        self._check = None if service.checks_itself else compile_check(model, shapes.input)

    async def run(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises ServiceError."""
        violations: list[str] = []
        if self._check is not None:
            self._check(params, "", violations)
        if violations:
            raise ServiceError("ValidationException", message(violations))
        answer = await self.operation(call, params)
        told: Any = decode(answer.body) if isinstance(answer, Encoded) else answer
        return told or {}


class ServiceBackends:
    """The services that `services` gives, by their names in integrations' ARNs."""

    def __init__(self, services: Callable[[], Sequence[Service]]) -> None:
        self._given = services
        self._services: dict[str, tuple[Service, ServiceModel]] | None = None
        self._actions: dict[tuple[str, str], _Action] = {}

    def knows(self, service: str, action: str) -> bool:
        """Whether there is such a service, and the operation if one is named."""
        if action:
            return self._find(service, action) is not None
        return service in ("s3", "sqs", "lambda") and service in self._all()

    async def run(self, call: Call, service: str, action: str, params: JsonValue) -> JsonValue:
        """Carry out an operation with JSON parameters. Raises ServiceError."""
        found = self._action(service, action)
        return found.write(await found.run(call, found.read(params)))

    async def send(self, call: Call, request: BackendRequest) -> BackendAnswer:
        """Carry out a request; a refusal is an answer too."""
        as_form = False
        try:
            if request.service == "s3":
                return await self._object(call, request)
            fields = _fields(request)
            action = self._action(request.service, request.action or _named(request, fields))
            as_form = request.service in _FORMS and not _is_json(request)
            params = action.read(_parameters(call, action, request, fields, as_form=as_form))
            answer = action.write(await action.run(call, params))
        except ServiceError as error:
            return _refusal(call, error, as_form=as_form)
        except StorageTrouble as trouble:
            lost = ServiceError("ServiceUnavailable", str(trouble), status=503)
            return _refusal(call, lost, as_form=as_form)
        if as_form:
            metadata: JsonObject = {"RequestId": call.request_id}
            answer = {
                f"{action.name}Response": {
                    f"{action.name}Result": answer,
                    "ResponseMetadata": metadata,
                }
            }
        headers = [("Content-Type", _JSON), ("x-amzn-RequestId", call.request_id)]
        return BackendAnswer(200, headers, encode(answer))

    def _all(self) -> dict[str, tuple[Service, ServiceModel]]:
        if self._services is None:
            self._services = {
                _NAMES.get(service.name, service.name): (service, load(service.name))
                for service in self._given()
            }
        return self._services

    def _find(self, service: str, name: str) -> _Action | None:
        action = self._actions.get((service, name))
        if action is None and service in self._all():
            known, model = self._all()[service]
            operation = known.operations.get(name)
            if operation is not None:
                action = _Action(known, model, name, operation)
                self._actions[service, name] = action
        return action

    def _action(self, service: str, name: str) -> _Action:
        action = self._find(service, name)
        if action is None:
            raise ServiceError("InvalidAction", f"{service} has no operation {name} here.")
        return action

    async def _object(self, call: Call, request: BackendRequest) -> BackendAnswer:
        """S3 by its path: `bucket/key`."""
        bucket, _, key = request.path.lstrip("/").partition("/")
        name = _OBJECT_ACTIONS.get(request.method, "") if key else "ListObjectsV2"
        action = self._action("s3", request.action or name)
        params: dict[str, Any] = {"Bucket": unquote(bucket)}
        if key:
            params["Key"] = unquote(key)
        if action.name == "PutObject":
            params["Body"] = request.body
        _headers_in(action, request, params)
        answer = await action.run(call, params)
        return await _object_answer(action, answer)


def _headers_in(action: _Action, request: BackendRequest, params: dict[str, Any]) -> None:
    if action.input is None:
        return
    query = dict(request.query)
    for name, ref in action.model.shape(action.input).members.items():
        where = ref.traits.get("location")
        wire = str(ref.traits.get("locationName", name))
        text = request.headers.get(wire.lower()) if where == "header" else None
        if where == "querystring":
            text = query.get(wire)
        if text is not None:
            read = compile_read(action.model, ref)
            params[name] = read(text)


async def _object_answer(action: _Action, answer: dict[str, Any]) -> BackendAnswer:
    headers: list[tuple[str, str]] = []
    body = answer.get("Body", b"")
    if hasattr(body, "__aiter__"):
        body = b"".join([bytes(piece) async for piece in body])
    if action.output is None:
        return BackendAnswer(200, headers, b"")
    members = action.model.shape(action.output).members
    for name, ref in members.items():
        if ref.traits.get("location") == "header" and answer.get(name) is not None:
            headers.append((str(ref.traits.get("locationName", name)), str(answer[name])))
    if "Body" not in members and action.name == "ListObjectsV2":
        body = encode(action.write(answer))
    return BackendAnswer(200, headers, bytes(body))


def _is_json(request: BackendRequest) -> bool:
    """Whether a request to SQS or SNS is no form: what the query says goes before a body."""
    kind = request.headers.get("content-type", "")
    if "x-amz-json" in kind:
        return True
    return not request.query and "form" not in kind and request.body.lstrip()[:1] == b"{"


def _fields(request: BackendRequest) -> list[tuple[str, str]]:
    fields = list(request.query)
    if request.service in _FORMS and not _is_json(request):
        text = request.body.decode("utf-8", "replace")
        # A body that is no form (a GET without one) adds nothing.
        fields += parse_qsl(text, keep_blank_values=True, max_num_fields=10_000)
    return fields


def _named(request: BackendRequest, fields: list[tuple[str, str]]) -> str:
    """The operation that a path-style request names in a field."""
    target = request.headers.get("x-amz-target", "")
    return dict(fields).get("Action") or target.rpartition(".")[2]


def _parameters(
    call: Call,
    action: _Action,
    request: BackendRequest,
    fields: list[tuple[str, str]],
    *,
    as_form: bool,
) -> JsonValue:
    if as_form:
        params = form_value(action.model, action.input, fields)
    else:
        try:
            params = decode(request.body) if request.body.strip() else {}
        except BadJson as error:
            raise ServiceError("SerializationException", str(error)) from error
    if request.service == "sqs" and request.path and isinstance(params, dict):
        params.setdefault("QueueUrl", f"{call.base_url}/{request.path.strip('/')}")
    return params


def _refusal(call: Call, error: ServiceError, *, as_form: bool) -> BackendAnswer:
    headers = [("Content-Type", _JSON), ("x-amzn-RequestId", call.request_id)]
    if as_form:
        told: dict[str, object] = {
            "Error": {"Code": error.code, "Message": error.message, "Type": "Sender"},
            "RequestId": call.request_id,
        }
    else:
        told = {"__type": error.code, "message": error.message, **error.fields}
    return BackendAnswer(error.status, headers, encode(told))


class LambdaFunctions:
    """Runs the functions of this server for API Gateway."""

    def __init__(self, functions: Lambda) -> None:
        self._functions = functions

    async def invoke(self, call: Call, arn: str, payload: bytes, *, wait: bool) -> Invoked:
        """Invoke it. Raises ServiceError."""
        kind = "RequestResponse" if wait else "Event"
        params = {"FunctionName": arn, "InvocationType": kind, "Payload": payload}
        answer = await invoking.invoke(self._functions, call, params)
        return Invoked(answer.get("Payload") or b"", answer.get("FunctionError"))


class _NoEnvironment:
    """What a path outside a state machine sees beside its data."""

    def __init__(self) -> None:
        self.context: JsonObject = {}
        self.variables: dict[str, JsonValue] = {}
        self.now = 0

    def random_bytes(self, size: int) -> bytes:
        raise ValueError("no chance here")


_NO_ENVIRONMENT = _NoEnvironment()


def select_path(path: str, document: JsonValue) -> JsonValue:
    """What a JSONPath names, None when nothing. Raises ValueError for what is no path."""
    try:
        compiled = compile_path(path if path.startswith("$") else f"$.{path}")
        if compiled.root != "$":
            raise ValueError(f"no path: {path}")
        return compiled.read(document, _NO_ENVIRONMENT)
    except (PathSyntaxError, EvaluationFailed) as error:
        raise ValueError(str(error)) from error
    except PathNotFound:
        return None
