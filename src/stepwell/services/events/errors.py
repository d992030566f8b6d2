"""What EventBridge answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def bus_does_not_exist(name: str) -> ServiceError:
    """No bus of that name."""
    return ServiceError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def rule_does_not_exist(name: str, bus: str) -> ServiceError:
    """No rule of that name on that bus."""
    return ServiceError(
        "ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}."
    )


def not_found(message: str) -> ServiceError:
    """Something else that is not there; the message is the whole sentence."""
    return ServiceError("ResourceNotFoundException", message)


def already_exists(message: str) -> ServiceError:
    """The name is taken; the message is the whole sentence."""
    return ServiceError("ResourceAlreadyExistsException", message)


def invalid(message: str) -> ServiceError:
    """A request that makes no sense; the message is the whole sentence."""
    return ServiceError("ValidationException", message)


def not_here(what: str) -> ServiceError:
    """Something that AWS has and this server has not."""
    return ServiceError("ValidationException", f"{what} not supported by this server.")


def limit_exceeded() -> ServiceError:
    """Too many of them."""
    return ServiceError(
        "LimitExceededException", "The requested resource exceeds the maximum number allowed."
    )
