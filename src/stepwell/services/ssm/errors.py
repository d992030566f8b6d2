"""What Parameter Store answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """Something about the request cannot be."""
    return ServiceError("ValidationException", message)


def not_here(what: str) -> ServiceError:
    """Something that AWS offers and this server does not."""
    return invalid(f"Stepwell does not support {what}.")


def parameter_not_found() -> ServiceError:
    """No parameter of that name; AWS says nothing more."""
    return ServiceError("ParameterNotFound", "")


def version_not_found(version: str, name: str) -> ServiceError:
    """The parameter has no such version."""
    return ServiceError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find version {version} of {name}. Verify the version and try "
        "again.",
    )


def label_not_found(label: str, name: str) -> ServiceError:
    """No version of the parameter has that label."""
    return ServiceError(
        "ParameterVersionNotFound",
        f"Systems Manager could not find label {label} for parameter {name}. Verify the label and "
        "try again.",
    )
