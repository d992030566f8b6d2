"""What comes of calls of resource types: failures and their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.deploy.dynamic import resolve_dynamic
from stepwell.deploy.resource_type import Cloud, Existing
from stepwell.errors import ServiceError
from stepwell.services.cloudformation.documents import Snapshot
from stepwell.services.cloudformation.records import StackRow


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not go well."""

    reason: str
    physical_id: str = ""
    """Of what may be there nevertheless, and is to be deleted."""


async def existing_of(
    stack: StackRow, logical_id: str, snapshot: Snapshot, cloud: Cloud
) -> Existing:
    """A physical resource as its type sees it."""
    try:
        properties = await resolve_dynamic(snapshot.properties, cloud)
    except ServiceError:
        # What it was made with is gone: that must not keep it from being deleted.
        properties = snapshot.properties
    return Existing(stack.name, logical_id, snapshot.physical_id, properties, snapshot.attributes)


def internal_failure(bug: Exception) -> str:
    """A bug of ours as a reason."""
    return f"Internal Failure: {type(bug).__name__}: {bug}"


def reason_of(error: ServiceError, number: int) -> str:
    """A refusal as a resource's reason."""
    return (
        f'Resource handler returned message: "{error.message}" (RequestToken: '
        f"{number:032x}, HandlerErrorCode: {_handler_code(error)})"
    )


def _handler_code(error: ServiceError) -> str:
    code = error.code
    if "AlreadyExist" in code or code == "ResourceConflictException":
        return "AlreadyExists"
    if any(word in code for word in ("NotFound", "DoesNotExist", "NoSuch", "NonExistent")):
        return "NotFound"
    if "AccessDenied" in code:
        return "AccessDenied"
    if "Throttl" in code or "TooManyRequests" in code:
        return "Throttling"
    return "InvalidRequest" if error.status < 500 else "GeneralServiceException"
