"""AWS's refusals that several operations share, and the rules for names."""

from __future__ import annotations

import re

from stepwell.errors import ServiceError

PAYLOAD_BYTES_MAX = 262_144

# White space, brackets, wildcards, special characters, control characters, surrogates and
# non-characters, as the API reference lists them for names.
_BAD_NAME = re.compile(
    '[\\s<>{}\\[\\]?*"#%\\\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff\U0010ffff]'
)


def check_name(name: str) -> None:
    """Refuse a name with characters AWS does not allow. Raises ServiceError InvalidName."""
    if _BAD_NAME.search(name) or not 1 <= len(name) <= 80:
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")


def check_payload(member: str, text: str) -> None:
    """Refuse a payload over 256 KiB, counted as UTF-8. Raises ServiceError ValidationException."""
    # Most payloads are short: the length in characters bounds the length in bytes.
    if len(text) * 4 <= PAYLOAD_BYTES_MAX:
        return
    if len(text.encode("utf-8", "surrogatepass")) > PAYLOAD_BYTES_MAX:
        raise invalid(
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {PAYLOAD_BYTES_MAX}"
        )


def invalid(message: str, reason: str | None = None) -> ServiceError:
    """A ValidationException, perhaps with AWS's reason."""
    fields = {"reason": reason} if reason else None
    return ServiceError("ValidationException", message, fields=fields)


def labels_not_supported() -> ServiceError:
    """An ARN that names a distributed Map, where only a machine will do."""
    return invalid(
        "The operation does not support labeled state machine ARNs.",
        "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    )


def machine_missing(arn: str) -> ServiceError:
    """No state machine (or version, or alias) has that ARN."""
    return ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def machine_deleting(arn: str) -> ServiceError:
    """The state machine is on its way out."""
    return ServiceError("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")


def execution_missing(arn: str) -> ServiceError:
    """No execution has that ARN."""
    return ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def activity_missing(arn: str) -> ServiceError:
    """No activity has that ARN."""
    return ServiceError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def resource_missing(arn: str) -> ServiceError:
    """No resource has that ARN."""
    return ServiceError(
        "ResourceNotFound", f"Resource not found: '{arn}'", fields={"resourceName": arn}
    )


def conflict(message: str) -> ServiceError:
    """A ConflictException."""
    return ServiceError("ConflictException", message)


def type_not_supported() -> ServiceError:
    """The operation exists for the other type of state machine only."""
    return ServiceError(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
