"""What CloudFormation answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def invalid(message: str) -> ServiceError:
    """Something about the request cannot be."""
    return ServiceError("ValidationError", message)


def no_stack(name: str) -> ServiceError:
    """There is no stack of that name or id."""
    return invalid(f"Stack with id {name} does not exist")


def no_such_stack(name: str) -> ServiceError:
    """The same as some operations say it."""
    return invalid(f"Stack [{name}] does not exist")


def not_here(what: str) -> ServiceError:
    """Something that AWS offers and this server does not."""
    return invalid(f"Stepwell does not support {what}.")


def already_exists(name: str) -> ServiceError:
    """The name is taken."""
    return ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")


def wrong_state(stack_id: str, status: str, what: str = "updated") -> ServiceError:
    """The stack is busy, or not in a state for this."""
    return invalid(f"Stack:{stack_id} is in {status} state and can not be {what}.")


def insufficient(capability: str) -> ServiceError:
    """The caller did not acknowledge what the template does."""
    return ServiceError(
        "InsufficientCapabilitiesException", f"Requires capabilities : [{capability}]"
    )


def no_change_set(name: str) -> ServiceError:
    """There is no change set of that name or id."""
    return ServiceError("ChangeSetNotFoundException", f"ChangeSet [{name}] does not exist")
