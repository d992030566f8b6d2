"""What API Gateway answers when it refuses, in AWS's words."""

from __future__ import annotations

from stepwell.errors import ServiceError


def not_found(message: str) -> ServiceError:
    """Something that is named is not there."""
    return ServiceError("NotFoundException", message, status=404)


def bad_request(message: str) -> ServiceError:
    """A request that cannot be."""
    return ServiceError("BadRequestException", message, status=400)


def conflict(message: str) -> ServiceError:
    """It is there already, or still in use."""
    return ServiceError("ConflictException", message, status=409)


def not_here(what: str) -> ServiceError:
    """Something AWS has and this server has not."""
    return bad_request(f"{what} not supported by this server.")


def no_api(account: str, api: str) -> ServiceError:
    """No REST API of that id."""
    return not_found(f"Invalid API identifier specified {account}:{api}")


def invalid(what: str) -> ServiceError:
    """No such resource, method, stage."""
    return not_found(f"Invalid {what} identifier specified")
