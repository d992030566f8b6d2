"""What Lambda answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """A member whose value cannot be; the message is the whole sentence."""
    return ServiceError("InvalidParameterValueException", message, fields={"Type": "User"})


def validation(message: str) -> ServiceError:
    """A member that breaks a constraint of the model."""
    return ServiceError("ValidationException", message)


def broken_constraint(value: object, path: str, rule: str) -> ServiceError:
    """One broken constraint, in the form of the model's own checks."""
    shown = f"Value '{value}' at '{path}'"
    return validation(
        f"1 validation error detected: {shown} failed to satisfy constraint: Member must {rule}"
    )


def not_found(message: str) -> ServiceError:
    """Something named is not there."""
    return ServiceError("ResourceNotFoundException", message, status=404, fields={"Type": "User"})


def function_not_found(arn: str) -> ServiceError:
    """No function, version or alias of that ARN."""
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> ServiceError:
    """What is to be made is there already."""
    return ServiceError("ResourceConflictException", message, status=409, fields={"Type": "User"})


def wrong_revision() -> ServiceError:
    """The RevisionId of the request is not the one there is."""
    return ServiceError(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the"
        " GetFunction/GetAlias API to retrieve the latest Revision Id",
        status=412,
        fields={"Type": "User"},
    )


def throttled(reason: str) -> ServiceError:
    """No room: `reason` is AWS's name for which limit it was."""
    return ServiceError(
        "TooManyRequestsException",
        "Rate Exceeded.",
        status=429,
        fields={"Type": "User", "Reason": reason},
    )


def too_large(limit: int, operation: str) -> ServiceError:
    """The payload is larger than the operation takes."""
    return ServiceError(
        "RequestTooLargeException",
        f"Request must be smaller than {limit} bytes for the {operation} operation",
        status=413,
        fields={"Type": "User"},
    )


def not_here(what: str) -> ServiceError:
    """Something AWS has and this server has not."""
    return invalid(f"{what} is not supported by Stepwell.")
