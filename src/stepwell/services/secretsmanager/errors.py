"""What Secrets Manager answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def not_found(what: str = "the specified secret.") -> ServiceError:
    """No such secret, or no such version of it."""
    return ServiceError("ResourceNotFoundException", f"Secrets Manager can't find {what}")


def exists(message: str) -> ServiceError:
    """The name or the version's id is taken."""
    return ServiceError("ResourceExistsException", message)


def invalid_request(message: str) -> ServiceError:
    """Not in this state of the secret."""
    return ServiceError("InvalidRequestException", message)


def invalid_parameter(message: str) -> ServiceError:
    """A parameter that cannot be."""
    return ServiceError("InvalidParameterException", message)


def marked_for_deletion() -> ServiceError:
    """It waits for its end."""
    return invalid_request(
        "You can't perform this operation on the secret because it was marked for deletion."
    )
