"""A mocked result held against what AWS's API models say of the operation it stands in for.

Fields that the model does not know are believed, as on AWS, and so is everything where AWS holds
nothing against a model: HTTP tasks, API Gateway, and what is no operation of its service.
"""

from __future__ import annotations

from stepwell.integrations.aws_sdk_names import member_name, member_spellings
from stepwell.integrations.outside.jobs import JOBS
from stepwell.integrations.registry import SDK_PREFIX
from stepwell.language.program import Resource
from stepwell.language.resources import TOKEN
from stepwell.models.outputs import OutputShape, ServiceOutputs, outputs_of
from stepwell.values import JsonValue

_SERVICES = {
    "elasticmapreduce": "emr",
    "emr-containers": "emrcontainers",
    "emr-serverless": "emrserverless",
    "events": "eventbridge",
    "states": "sfn",
}
"""Services that optimised integrations call otherwise than `aws-sdk:` tasks."""

_ELSEWHERE = {("bedrock", "invokeModel"): "bedrockruntime"}
"""Operations of another service than the resource says."""

_UNCHECKED = frozenset({"apigateway", "http"})
"""Optimised integrations whose results AWS does not hold against a model."""

_POLLED = {
    ("states", "startExecution"): "DescribeExecution",
    ("bedrock", "createModelCustomizationJob"): "GetModelCustomizationJob",
    ("codebuild", "startBuildBatch"): "BatchGetBuildBatches",
    ("elasticmapreduce", "createCluster"): "DescribeCluster",
    ("elasticmapreduce", "terminateCluster"): "DescribeCluster",
    ("sagemaker", "createHyperParameterTuningJob"): "DescribeHyperParameterTuningJob",
    ("sagemaker", "createLabelingJob"): "DescribeLabelingJob",
    **{job: asked.state.operation for job, asked in JOBS.items()},
}
"""What a `.sync` task asks until its job has ended: that answer is what is mocked."""

_FREE = {
    ("bedrock", "invokeModel"): frozenset({"Body"}),
    ("lambda", "invoke"): frozenset({"Payload"}),
}
"""Members that optimised integrations turn into JSON."""


class _Wrong(Exception):
    """The first field that can't be."""


def mock_complaint(resource: Resource, result: JsonValue, *, strict: bool) -> str | None:
    """What is wrong with a result, in AWS's words. `strict`: what is required must be there."""
    operation = _operation(resource)
    outputs = outputs_of(_service(resource)) if operation is not None else None
    if operation is None or outputs is None or operation not in outputs.operations:
        return None
    free = _FREE.get((resource.service, resource.action), frozenset())
    try:
        check = _Check(outputs, strict=strict, free=free)
        check.value(outputs.operations[operation], result, "")
    except _Wrong as wrong:
        return f"Mock result schema validation error: {wrong}"
    return None


def _operation(resource: Resource) -> str | None:
    """The operation whose answer is mocked, unless any result is believed."""
    if resource.kind != "service" or resource.pattern == TOKEN or resource.service in _UNCHECKED:
        return None
    if resource.pattern:
        return _POLLED.get((resource.service, resource.action))
    return member_name(resource.action)


def _service(resource: Resource) -> str:
    """The service by its name in `aws-sdk:` resources."""
    name = resource.service
    if name.startswith(SDK_PREFIX):
        return name.removeprefix(SDK_PREFIX)
    return _ELSEWHERE.get((name, resource.action)) or _SERVICES.get(name, name)


class _Check:
    """One walk over a result."""

    def __init__(self, outputs: ServiceOutputs, *, strict: bool, free: frozenset[str]) -> None:
        self._outputs = outputs
        self._strict = strict
        self._free = free

    def value(self, place: int, found: JsonValue, field: str) -> None:
        """The value of a field must be what the shape there says."""
        shape = self._outputs.shape(place)
        if shape.kind == "object":
            self._object(shape, found, field)
        elif shape.kind == "list":
            if not isinstance(found, list):
                raise _wrong(field, "must be an array")
            for item in found:
                self.value(shape.inner, item, field)
        elif shape.kind == "map":
            if not isinstance(found, dict):
                raise _wrong(field, "must be an object")
            for item in found.values():
                self.value(shape.inner, item, field)
        else:
            _check_scalar(shape, found, field)

    def _object(self, shape: OutputShape, found: JsonValue, field: str) -> None:
        if not isinstance(found, dict):
            raise _wrong(field, "must be an object")
        if self._strict:
            for name in shape.required:
                if not any(spelling in found for spelling in member_spellings(name)):
                    raise _Wrong(f"Required field '{member_name(name)}' is missing")
        members = {
            spelling: place
            for name, place in shape.members.items()
            for spelling in member_spellings(name)
        }
        for name, item in found.items():
            place = members.get(name)
            if place is not None and not (not field and name in self._free):
                self.value(place, item, name)


def _check_scalar(shape: OutputShape, found: JsonValue, field: str) -> None:
    if shape.kind == "text":
        if not isinstance(found, str):
            raise _wrong(field, "must be a string")
        if shape.allowed and found not in shape.allowed:
            raise _wrong(field, "is not an expected value")
    elif shape.kind == "number":
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise _wrong(field, "must be a number")
        if shape.least is not None and found < shape.least:
            raise _wrong(field, "is less than the minimum value")
        if shape.most is not None and found > shape.most:
            raise _wrong(field, "exceeds the maximum value")
    elif shape.kind == "boolean" and not isinstance(found, bool):
        raise _wrong(field, "must be a boolean")


def _wrong(field: str, what: str) -> _Wrong:
    place = f"Field '{field}'" if field else "Result"
    return _Wrong(f"{place} {what}")
