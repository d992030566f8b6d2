"""How `aws-sdk:` tasks spell services, errors and members: as AWS's SDK for Java 2 does.

service id `SFN`      -> `sfn` in resources, `Sfn` in errors
shape `InvalidToken`  -> `InvalidTokenException`
member `taskToken`    -> `TaskToken`
"""

from __future__ import annotations

import re

from stepwell.errors import ServiceError
from stepwell.models.service_model import ServiceModel
from stepwell.runtime.ports import Refused, ServiceCall

_CAPITALS = re.compile(r"[A-Z]+(?![a-z])")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def resource_name(model: ServiceModel) -> str:
    """The service in a resource's ARN: `sfn`, `sqs`, `dynamodb`."""
    return str(model.metadata["serviceId"]).replace(" ", "").lower()


def error_prefix(model: ServiceModel) -> str:
    """The service in names of errors and in causes: `Sfn`, `Sqs`, `DynamoDb`."""
    return "".join(word.capitalize() for word in _WORD.findall(str(model.metadata["serviceId"])))


def member_name(name: str) -> str:
    """A member as states spell it."""
    return name[:1].upper() + name[1:]


def member_spellings(name: str) -> tuple[str, ...]:
    """How parameters may spell a member: as the model does, and as the SDK's methods do.

    ACL -> ACL, Acl; SSEKMSKeyId -> SSEKMSKeyId, SsekmsKeyId; ETag -> ETag.
    """
    whole = member_name(name)
    small = _CAPITALS.match(whole)
    sdk = whole if small is None else small[0].capitalize() + whole[small.end() :]
    return (whole,) if sdk == whole else (whole, sdk)


def exception_name(model: ServiceModel, code: str) -> str:
    """The exception of an error code; those that the model does not name share the service's."""
    bare = code.rsplit("#", 1)[-1]
    for name, shape in model.shapes.items():
        if shape.traits.get("exception"):
            error = shape.traits.get("error")
            if bare in (name, error.get("code") if error else None):
                return f"{name.removesuffix('Exception').removesuffix('Fault')}Exception"
    return f"{error_prefix(model)}Exception"


def refused(model: ServiceModel, error: ServiceError, call: ServiceCall) -> Refused:
    """A service's error as the task's error and cause."""
    prefix = error_prefix(model)
    end = f" Request ID: {call.request_id}) (SDK Attempt Count: 1)"
    if prefix == "S3":
        # S3 tells a second id, and the SDK no count (conformance case test_s3_no_such_key).
        end = f" Request ID: {call.request_id}, Extended Request ID: {call.request_id})"
    return Refused(
        f"{prefix}.{exception_name(model, error.code)}",
        f"{error.message} (Service: {prefix}, Status Code: {error.status},{end}",
    )
