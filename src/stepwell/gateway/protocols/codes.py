"""Error codes as each protocol spells them.

JSON answers carry the error's namespace: the service's own for errors that its model names,
the framework's for the rest. SQS, once a Query service, tells the code of those days in a header.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.errors import ServiceError
from stepwell.models.service_model import ServiceModel

FRAMEWORK = "com.amazon.coral.service#"
AVAILABILITY = "com.amazon.coral.availability#"
CONSTRAINTS = "com.amazon.coral.validate#"
NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810#",
    "stepfunctions": "com.amazonaws.swf.service.v2.model#",
    "sqs": "com.amazonaws.sqs#",
}

CAPITAL_MESSAGE = frozenset(
    FRAMEWORK + name for name in ("SerializationException", "AccessDeniedException")
)
"""Errors whose text is in `Message`, not `message`."""

_QUEUE = "AWS.SimpleQueueService."
LEGACY_CODES: Mapping[str, Mapping[str, str]] = {
    "sqs": {
        "BatchEntryIdsNotDistinct": _QUEUE + "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong": _QUEUE + "BatchRequestTooLong",
        "EmptyBatchRequest": _QUEUE + "EmptyBatchRequest",
        "InvalidBatchEntryId": _QUEUE + "InvalidBatchEntryId",
        "KmsAccessDenied": "KMS.AccessDeniedException",
        "KmsDisabled": "KMS.DisabledException",
        "KmsInvalidKeyUsage": "KMS.InvalidKeyUsageException",
        "KmsInvalidState": "KMS.InvalidStateException",
        "KmsNotFound": "KMS.NotFoundException",
        "KmsOptInRequired": "KMS.OptInRequired",
        "KmsThrottled": "KMS.ThrottlingException",
        "MessageNotInflight": _QUEUE + "MessageNotInflight",
        "PurgeQueueInProgress": _QUEUE + "PurgeQueueInProgress",
        "QueueDeletedRecently": _QUEUE + "QueueDeletedRecently",
        "QueueDoesNotExist": _QUEUE + "NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest": _QUEUE + "TooManyEntriesInBatchRequest",
        "UnsupportedOperation": _QUEUE + "UnsupportedOperation",
        "InvalidParameterValueException": "InvalidParameterValue",
        "MissingRequiredParameterException": "MissingParameter",
        "MissingParameterException": "MissingParameter",
        "AccessDeniedException": "AccessDenied",
    }
}
"""By service: today's code -> the code of the Query protocol, where they differ."""

MODERN_CODES: Mapping[str, Mapping[str, str]] = {
    "sqs": {
        "InvalidParameterValue": "InvalidParameterValueException",
        "MissingParameter": "MissingRequiredParameterException",
        "MissingParameterException": "MissingRequiredParameterException",
        "AccessDenied": "AccessDeniedException",
    }
}
"""By service: codes that are spelt otherwise in `__type`."""


COMMON_LEGACY_CODES: Mapping[str, str] = {
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "SerializationException": "MalformedInput",
    "UnknownOperationException": "InvalidAction",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""Errors of the framework as every Query service spells them."""

FORBIDDEN = frozenset(
    {
        "ExpiredTokenException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
"""Errors that are 400 in JSON services and 403 in those that speak or spoke Query."""


def status_of(model: ServiceModel | None, error: ServiceError) -> int:
    """The HTTP status of an error."""
    if error.status == 400 and error.code in FORBIDDEN and (model is None or model.speaks_query):
        return 403
    return error.status


def status_of_rest(error: ServiceError) -> int:
    """The HTTP status of an error in REST services: who is not let in gets 403."""
    return 403 if error.status == 400 and bare(error.code) in FORBIDDEN else error.status


OBJECT_STORE_CODES: Mapping[str, tuple[str, int]] = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 400),
    "IncompleteSignatureException": ("AuthorizationHeaderMalformed", 400),
    "InternalFailure": ("InternalError", 500),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MissingAuthenticationTokenException": ("AccessDenied", 403),
    "RequestEntityTooLargeException": ("EntityTooLarge", 400),
    "SerializationException": ("InvalidArgument", 400),
    "UnknownOperationException": ("NotImplemented", 501),
    "UnrecognizedClientException": ("InvalidAccessKeyId", 403),
    "ValidationException": ("InvalidRequest", 400),
}
"""Errors of the framework as S3 spells them, and their status there."""


def object_store_code(error: ServiceError) -> tuple[str, int]:
    """Code and status of an error as S3 gives them."""
    return OBJECT_STORE_CODES.get(bare(error.code), (error.code, error.status))


def invalid_input(message: str) -> ServiceError:
    """The error of an input that breaks the model's constraints."""
    return ServiceError(CONSTRAINTS + "ValidationException", message)


def bare(code: str) -> str:
    """The code without a namespace."""
    return code.rsplit("#", 1)[-1]


def json_code(model: ServiceModel | None, code: str) -> tuple[str, Mapping[str, str]]:
    """What stands in `__type`, and the headers that go with it."""
    if model is None:
        return (code if "#" in code else FRAMEWORK + code), {}
    modern = MODERN_CODES.get(model.name, {}).get(code, code)
    headers: Mapping[str, str] = {}
    if "awsQueryCompatible" in model.metadata:
        headers = {"x-amzn-query-error": f"{legacy_code(model, code)};{_fault(code)}"}
    if "#" in modern:
        return modern, headers
    if modern == "ThrottlingException" and modern not in model.shapes:
        return AVAILABILITY + modern, headers
    known = modern in model.shapes and model.shapes[modern].traits.get("exception")
    namespace = NAMESPACES.get(model.name, "") if known else FRAMEWORK
    return namespace + modern, headers


def legacy_code(model: ServiceModel | None, code: str) -> str:
    """The code as the Query protocol knows it."""
    name = bare(code)
    if model is None:
        return COMMON_LEGACY_CODES.get(name, name)
    legacy = LEGACY_CODES.get(model.name, {}).get(name) or COMMON_LEGACY_CODES.get(name)
    if legacy is not None:
        return legacy
    shape = model.shapes.get(name)
    error = shape.traits.get("error", {}) if shape is not None else {}
    return str(error.get("code", name))


def _fault(code: str) -> str:
    return "Receiver" if bare(code) in RECEIVER_FAULTS else "Sender"


RECEIVER_FAULTS = frozenset(
    {"InternalFailure", "InternalServerError", "InternalError", "ServiceUnavailable"}
)
"""Codes that are our fault, not the caller's."""
