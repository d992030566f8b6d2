"""The errors that a template is refused with, in CloudFormation's words."""

from __future__ import annotations

from stepwell.errors import ServiceError

VALIDATION = "ValidationError"


def refused(message: str) -> ServiceError:
    """A refusal whose sentence says it all."""
    return ServiceError(VALIDATION, message)


def format_error(message: str) -> ServiceError:
    """The text is no template: a member stands where none may, or lacks what it must have."""
    return refused(f"Template format error: {message}")


def template_error(message: str) -> ServiceError:
    """A function in the template can't be evaluated as it stands."""
    return refused(f"Template error: {message}")
