"""What the gateway itself answers: refusals, and what an API makes of them."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.services.api import HttpAnswer
from stepwell.values import encode

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer: its name as gateway responses have it, status, error type, message."""

    name: str
    status: int
    error: str
    message: str | None


MISSING_TOKEN = Kind(
    "MISSING_AUTHENTICATION_TOKEN",
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
)
FORBIDDEN = Kind("ACCESS_DENIED", 403, "ForbiddenException", "Forbidden")
INVALID_KEY = Kind("INVALID_API_KEY", 403, "ForbiddenException", "Forbidden")
UNAUTHORIZED = Kind("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized")
DENIED = Kind(
    "ACCESS_DENIED",
    403,
    "AccessDeniedException",
    "User is not authorized to access this resource with an explicit deny",
)
BAD_PARAMETERS = Kind("BAD_REQUEST_PARAMETERS", 400, "BadRequestException", None)
BAD_BODY = Kind("BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body")
UNSUPPORTED = Kind("UNSUPPORTED_MEDIA_TYPE", 415, "BadRequestException", "Unsupported Media Type")
TOO_LARGE = Kind("REQUEST_TOO_LARGE", 413, "RequestTooLargeException", "Request Too Long")
CONFIGURATION = Kind(
    "API_CONFIGURATION_ERROR", 500, "InternalServerErrorException", "Internal server error"
)
AUTHORIZER_CONFIGURATION = Kind(
    "AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", None
)
MALFORMED = Kind("DEFAULT_5XX", 502, "InternalServerErrorException", "Internal server error")
FAILED = Kind("INTEGRATION_FAILURE", 500, "InternalServerErrorException", "Internal server error")
TIMEOUT = Kind(
    "INTEGRATION_TIMEOUT", 504, "InternalServerErrorException", "Endpoint request timed out"
)


class Refusal(Exception):
    """The gateway answers itself. `why` is for the log."""

    def __init__(self, kind: Kind, message: str | None = None, *, why: str = "") -> None:
        super().__init__(why)
        self.kind = kind
        self.text = kind.message if message is None else message
        """What the answer says."""
        self.why = why


def rest_headers(request_id: str, extended_id: str) -> Headers:
    """The headers that every answer of a REST API has."""
    return [("x-amzn-RequestId", request_id), ("x-amz-apigw-id", extended_id)]


def refused(request_id: str, extended_id: str, kind: Kind, message: str | None) -> HttpAnswer:
    """A refusal as a REST API gives it by itself."""
    headers: Headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", kind.error),
        *rest_headers(request_id, extended_id),
    ]
    name = "Message" if kind is DENIED else "message"
    return HttpAnswer(kind.status, headers, encode({name: message}))


def http_refused(request_id: str, status: int, message: str) -> HttpAnswer:
    """A refusal as an HTTP API gives it."""
    headers = [("Content-Type", "application/json"), ("Apigw-Requestid", request_id)]
    return HttpAnswer(status, headers, encode({"message": message}))
