"""What DynamoDB answers when it refuses, in AWS's words."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """A request that cannot be carried out as it is."""
    return ServiceError("ValidationException", message)


def invalid_values(message: str) -> ServiceError:
    """The same, for what AWS begins with a sentence about parameter values."""
    return invalid(f"One or more parameter values were invalid: {message}")


def constraint(member: str, value: object, rule: str) -> ServiceError:
    """A member that breaks a constraint, as the model's checks tell it."""
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must {rule}"
    )


def not_found(what: str = "") -> ServiceError:
    """No such table, index or stream."""
    tail = f": {what}" if what else ""
    return ServiceError("ResourceNotFoundException", f"Requested resource not found{tail}")


def in_use(message: str) -> ServiceError:
    """The table exists already, or is being changed."""
    return ServiceError("ResourceInUseException", message)


def condition_failed(item: Mapping[str, object] | None = None) -> ServiceError:
    """The condition of a write does not hold."""
    fields = {"Item": item} if item is not None else {}
    return ServiceError(
        "ConditionalCheckFailedException", "The conditional request failed", fields=fields
    )


def unsupported(name: str) -> ServiceError:
    """What AWS has and this server has not."""
    return invalid(f"{name} is not supported by Stepwell")
