"""What SNS answers when it refuses, in AWS's words. Codes are those of the wire."""

from __future__ import annotations

from stepwell.errors import ServiceError


def invalid_parameter(message: str) -> ServiceError:
    """A parameter that cannot be; AWS puts two words before every such message."""
    return ServiceError("InvalidParameter", f"Invalid parameter: {message}")


def invalid_attribute_value(message: str) -> ServiceError:
    """A message attribute that cannot be."""
    return ServiceError("ParameterValueInvalid", message)


def topic_not_found() -> ServiceError:
    """No topic of that ARN."""
    return ServiceError("NotFound", "Topic does not exist", status=404)


def subscription_not_found() -> ServiceError:
    """No subscription of that ARN."""
    return ServiceError("NotFound", "Subscription does not exist", status=404)


def resource_not_found() -> ServiceError:
    """Tags of a topic that is not there."""
    return ServiceError("ResourceNotFound", "Resource does not exist", status=404)


def not_here(what: str) -> ServiceError:
    """Something that AWS offers and this server does not."""
    return invalid_parameter(f"Stepwell does not support {what}")
