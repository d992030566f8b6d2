"""What Pipes answers when it refuses, in AWS's words where they are known."""

from __future__ import annotations

from stepwell.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """Something about the request cannot be."""
    return ServiceError("ValidationException", message)


def not_here(what: str) -> ServiceError:
    """Something that AWS offers and this server does not."""
    return invalid(f"Stepwell does not support {what}.")


def not_found(name: str) -> ServiceError:
    """No pipe of that name."""
    return ServiceError("NotFoundException", f"Pipe {name} does not exist.", status=404)


def already_exists(name: str) -> ServiceError:
    """The name is taken."""
    return ServiceError(
        "ConflictException",
        f"Pipe {name} already exists.",
        status=409,
        fields={"resourceId": name, "resourceType": "Pipe"},
    )
