"""ARNs of the Step Functions API: made, taken apart, refused.

arn:aws:states:REGION:ACCOUNT:stateMachine:NAME[/LABEL][:VERSION-OR-ALIAS]
arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
arn:aws:states:REGION:ACCOUNT:express:MACHINE:NAME:UUID
arn:aws:states:REGION:ACCOUNT:activity:NAME
arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from stepwell.errors import ServiceError

ARNS_REMEMBERED = 1_000
"""Machine ARNs that are not taken apart again: each start names one of a few."""

_NUMBER = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class MachineArn:
    """A state machine's ARN, perhaps with a version, an alias or a label behind it."""

    base: str
    """The ARN of the machine itself."""
    scope: str
    name: str
    label: str | None = None
    version: int | None = None
    alias: str | None = None

    @property
    def qualified(self) -> bool:
        """Whether it names a version or an alias."""
        return self.version is not None or self.alias is not None


def machine_arn(scope: str, name: str) -> str:
    """The ARN of a state machine of that scope (`account:region`)."""
    return f"{_prefix(scope)}:stateMachine:{name}"


def activity_arn(scope: str, name: str) -> str:
    """The ARN of an activity."""
    return f"{_prefix(scope)}:activity:{name}"


def machine_of_execution(execution_arn: str) -> str:
    """The ARN of the machine whose execution has that ARN: labelled, for a Map Run's child."""
    parts = execution_arn.split(":")
    return ":".join((*parts[:5], "stateMachine", parts[6]))


@lru_cache(maxsize=ARNS_REMEMBERED)
def parse_machine(arn: str) -> MachineArn:
    """Take apart a machine, version, alias or labelled ARN. Raises ServiceError InvalidArn."""
    parts = _split(arn, "stateMachine")
    if len(parts) not in (7, 8):
        raise invalid_arn(f"Invalid ARN: {arn}")
    name, slash, label = parts[6].partition("/")
    qualifier = parts[7] if len(parts) == 8 else ""
    if not name or (len(parts) == 8 and not qualifier) or (slash and not label):
        raise invalid_arn(f"Invalid ARN: {arn}")
    number = _NUMBER.fullmatch(qualifier) is not None
    return MachineArn(
        base=":".join((*parts[:6], name)),
        scope=f"{parts[4]}:{parts[3]}",
        name=name,
        label=label or None,
        version=int(qualifier) if number else None,
        alias=qualifier if qualifier and not number else None,
    )


def check_execution(arn: str) -> None:
    """Refuse what can't be the ARN of a standard execution. Raises ServiceError InvalidArn."""
    if len(_split(arn, "execution")) != 8:
        raise invalid_arn(f"Invalid ARN: {arn}")


def parse_map_run(arn: str) -> str:
    """The scope of a Map Run's ARN. Raises ServiceError InvalidArn."""
    parts = _split(arn, "mapRun")
    if len(parts) != 8:
        raise invalid_arn(f"Invalid ARN: {arn}")
    return f"{parts[4]}:{parts[3]}"


def parse_activity(arn: str) -> tuple[str, str]:
    """The scope and the name of an activity's ARN. Raises ServiceError InvalidArn."""
    parts = _split(arn, "activity")
    if len(parts) != 7:
        raise invalid_arn(f"Invalid ARN: {arn}")
    return f"{parts[4]}:{parts[3]}", parts[6]


def invalid_arn(what: str) -> ServiceError:
    """AWS's refusal of an ARN."""
    return ServiceError("InvalidArn", f"Invalid Arn: '{what}'")


def _split(arn: str, *kinds: str) -> list[str]:
    parts = arn.split(":")
    if len(parts) < 7 or parts[0] != "arn" or not parts[1].startswith("aws"):
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    if parts[2] != "states" or parts[5] not in kinds:
        kind = parts[5] if parts[2] == "states" else parts[2]
        raise invalid_arn(f"Resource type not valid in this context: {kind}")
    return parts


def resource_kind(arn: str) -> str:
    """`stateMachine`, `activity`, ...: what kind of resource an ARN names. Raises InvalidArn."""
    return _split(arn, "stateMachine", "activity", "mapRun", "execution")[5]


def _prefix(scope: str) -> str:
    account, _, region = scope.partition(":")
    partition = "aws"
    if region.startswith("cn-"):
        partition = "aws-cn"
    elif region.startswith("us-gov-"):
        partition = "aws-us-gov"
    return f"arn:{partition}:states:{region}:{account}"
