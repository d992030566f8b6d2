"""What CloudWatch Logs answers when it refuses."""

from __future__ import annotations

from stepwell.errors import ServiceError


def no_group() -> ServiceError:
    """There is no log group of that name."""
    return ServiceError("ResourceNotFoundException", "The specified log group does not exist.")


def no_stream() -> ServiceError:
    """There is no log stream of that name in the group."""
    return ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")


def exists(what: str) -> ServiceError:
    """There is a group or stream of that name already."""
    return ServiceError(
        "ResourceAlreadyExistsException", f"The specified log {what} already exists"
    )


def invalid(message: str) -> ServiceError:
    """A parameter that cannot be."""
    return ServiceError("InvalidParameterException", message)
