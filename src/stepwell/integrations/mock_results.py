"""A mocked result held against the API model of what it stands in for.

Only services whose models are here are checked; of all others any JSON is believed. Fields that the
model does not know are believed, too, as on AWS.
"""

from __future__ import annotations

from functools import cache

from stepwell.integrations.aws_sdk_names import member_name, resource_name
from stepwell.integrations.registry import SDK_PREFIX
from stepwell.language.program import Resource
from stepwell.models.service_model import Ref, ServiceModel, Shape, known_services, load
from stepwell.values import JsonValue

_MODELS = {"states": "stepfunctions"}
"""Services that resources call otherwise than the models."""

_POLLED = {("states", "startExecution"): "DescribeExecution"}
"""What a `.sync` task asks until its job has ended: that answer is what is mocked."""

_FREE = {("lambda", "invoke"): frozenset({"Payload"})}
"""Members that optimized integrations turn into JSON."""

_TEXTS = frozenset({"string", "character", "blob", "timestamp"})
_NUMBERS = frozenset({"integer", "long", "short", "byte", "float", "double", "bigdecimal"})


class _Wrong(Exception):
    """The first field that can't be."""


def mock_complaint(resource: Resource, result: JsonValue, *, strict: bool) -> str | None:
    """What is wrong with a result, in AWS's words. `strict`: what is required must be there."""
    model = _model(resource.service) if resource.kind == "service" else None
    action = _POLLED.get((resource.service, resource.action)) if resource.pattern else None
    if model is None or (resource.pattern and action is None):
        return None
    operation = model.operations.get(action or member_name(resource.action))
    if operation is None or operation.output is None:
        return None
    free = _FREE.get((resource.service, resource.action), frozenset())
    try:
        _Check(model, strict=strict, free=free).value(operation.output, result, "")
    except _Wrong as wrong:
        return f"Mock result schema validation error: {wrong}"
    return None


@cache
def _model(service: str) -> ServiceModel | None:
    """The model of a resource's service, if it is here."""
    if not service.startswith(SDK_PREFIX):
        name = _MODELS.get(service, service)
        return load(name) if name in known_services() else None
    wanted = service.removeprefix(SDK_PREFIX)
    for name in known_services():
        model = load(name)
        if resource_name(model) == wanted:
            return model
    return None


class _Check:
    """One walk over a result."""

    def __init__(self, model: ServiceModel, *, strict: bool, free: frozenset[str]) -> None:
        self._model = model
        self._strict = strict
        self._free = free

    def value(self, ref: Ref, found: JsonValue, field: str) -> None:
        """The value of a field must be what the model says."""
        shape = self._model.shape(ref)
        if shape.type == "structure":
            self._structure(shape, found, field)
        elif shape.type == "list":
            if not isinstance(found, list):
                raise _wrong(field, "must be an array")
            for item in found:
                if shape.item is not None:
                    self.value(shape.item, item, field)
        elif shape.type == "map":
            if not isinstance(found, dict):
                raise _wrong(field, "must be an object")
            for item in found.values():
                if shape.value is not None:
                    self.value(shape.value, item, field)
        else:
            _check_scalar(shape, found, field)

    def _structure(self, shape: Shape, found: JsonValue, field: str) -> None:
        if not isinstance(found, dict):
            raise _wrong(field, "must be an object")
        if self._strict:
            for name in shape.required:
                if member_name(name) not in found:
                    raise _Wrong(f"Required field '{member_name(name)}' is missing")
        members = {member_name(name): ref for name, ref in shape.members.items()}
        for name, item in found.items():
            ref = members.get(name)
            if ref is not None and not (not field and name in self._free):
                self.value(ref, item, name)


def _check_scalar(shape: Shape, found: JsonValue, field: str) -> None:
    if shape.type in _TEXTS:
        if not isinstance(found, str):
            raise _wrong(field, "must be a string")
        allowed = shape.traits.get("enum")
        if allowed and found not in allowed:
            raise _wrong(field, "is not an expected value")
    elif shape.type in _NUMBERS:
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise _wrong(field, "must be a number")
        least, most = shape.traits.get("min"), shape.traits.get("max")
        if least is not None and found < least:
            raise _wrong(field, "is less than the minimum value")
        if most is not None and found > most:
            raise _wrong(field, "exceeds the maximum value")
    elif shape.type == "boolean" and not isinstance(found, bool):
        raise _wrong(field, "must be a boolean")


def _wrong(field: str, what: str) -> _Wrong:
    place = f"Field '{field}'" if field else "Result"
    return _Wrong(f"{place} {what}")
