"""Names and ARNs of groups and schedules, and the errors that name them."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.errors import ServiceError
from stepwell.services.api import Call

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group, wherever it is."""

    account: str
    region: str
    name: str

    @property
    def scope(self) -> str:
        """The partition of its row."""
        return f"{self.account}:{self.region}"

    @property
    def path(self) -> str:
        """The partition of its schedules."""
        return f"{self.scope}/{self.name}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule-group/{self.name}"

    def schedule_arn(self, schedule: str) -> str:
        """The ARN of a schedule in it."""
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{self.name}/{schedule}"


def group_of(call: Call, name: str | None) -> GroupName:
    """The group that a request names, by default the default one."""
    return GroupName(call.account, call.region, name or DEFAULT)


def group_at(path: str) -> GroupName:
    """The group of a path."""
    scope, name = path.split("/", 1)
    account, region = scope.split(":")
    return GroupName(account, region, name)


def group_named(arn: str) -> GroupName:
    """The group of an ARN; the gateway has checked its form."""
    parts = arn.split(":", 5)
    return GroupName(parts[4], parts[3], parts[5].partition("/")[2])


def invalid(message: str) -> ServiceError:
    """A request that makes no sense; the message is the whole sentence."""
    return ServiceError("ValidationException", message)


def schedule_missing(name: str) -> ServiceError:
    """No schedule of that name."""
    message = f"Schedule {name} does not exist."
    return ServiceError("ResourceNotFoundException", message, status=404)


def group_missing(name: str) -> ServiceError:
    """No group of that name."""
    message = f"Schedule group {name} does not exist."
    return ServiceError("ResourceNotFoundException", message, status=404)


def conflict(message: str) -> ServiceError:
    """The name is taken, or cannot be changed."""
    return ServiceError("ConflictException", message, status=409)
