"""What IAM answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def no_such_entity(message: str) -> ServiceError:
    """It is not there."""
    return ServiceError("NoSuchEntity", message, status=404)


def already_exists(message: str) -> ServiceError:
    """The name is taken."""
    return ServiceError("EntityAlreadyExists", message, status=409)


def delete_conflict(message: str) -> ServiceError:
    """Something still hangs on it."""
    return ServiceError("DeleteConflict", message, status=409)


def limit_exceeded(message: str) -> ServiceError:
    """One more than AWS lets there be."""
    return ServiceError("LimitExceeded", message, status=409)


def malformed_policy(message: str) -> ServiceError:
    """The document is no policy."""
    return ServiceError("MalformedPolicyDocument", message)


def invalid_input(message: str) -> ServiceError:
    """A parameter that cannot be."""
    return ServiceError("InvalidInput", message)


def validation(message: str) -> ServiceError:
    """A parameter that does not have the form of its kind."""
    return ServiceError("ValidationError", message)
