"""What a dead letter says about why it is one, as EventBridge and Scheduler say it."""

from __future__ import annotations

from stepwell.errors import ServiceError

PERMANENT = "Permanent"
"""Why a delivery is given up that is not worth trying again."""
_ALREADY_NAMED = frozenset(
    {"INVALID_JSON", "NO_RESOURCE", "CONNECTION_FAILURE", "TIMEOUT", "SDK_CLIENT_ERROR"}
)


def error_attributes(
    error: ServiceError, attempts: int, why: str, *, as_rule: bool
) -> dict[str, str]:
    """The message attributes about the last refusal."""
    attributes = {
        "ERROR_CODE": rule_code(error) if as_rule else error.code,
        "ERROR_MESSAGE": error.message or error.code,
    }
    if why != PERMANENT:
        attributes["RETRY_ATTEMPTS"] = str(attempts)
        attributes["EXHAUSTED_RETRY_CONDITION"] = why
    return attributes


def rule_code(error: ServiceError) -> str:
    """An error as the dead letters of rules name it."""
    code = error.code
    if code in _ALREADY_NAMED:
        return code
    if any(word in code for word in ("NotFound", "DoesNotExist", "NonExistent", "NoSuch")):
        return "NO_RESOURCE"
    if "AccessDenied" in code or "NotAuthorized" in code:
        return "NO_PERMISSIONS"
    if any(word in code for word in ("Throttl", "TooManyRequests", "OverLimit", "LimitExceeded")):
        return "THROTTLING"
    if error.status >= 500:
        return "INTERNAL_ERROR"
    return "INVALID_PARAMETER" if code.startswith(("Invalid", "Validation")) else "SDK_CLIENT_ERROR"
