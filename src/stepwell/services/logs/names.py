"""How log groups are named: by name, by ARN."""

from __future__ import annotations

from stepwell.services.api import Call
from stepwell.services.logs.records import GroupRow


def parse_arn(arn: str) -> tuple[str, str] | None:
    """The scope and name of a log group's ARN."""
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[2] != "logs" or parts[5] != "log-group":
        return None
    return f"{parts[4]}:{parts[3]}", parts[6]


def group_arn(row: GroupRow) -> str:
    """The ARN of a group, without the star at the end."""
    account, region = row.scope.split(":")
    return f"arn:aws:logs:{region}:{account}:log-group:{row.name}"


def scope_and_name(call: Call, name: str | None, identifier: str | None) -> tuple[str, str]:
    """Which group a request means: by its name, or by its name or ARN."""
    given = name or identifier or ""
    return parse_arn(given) or (call.scope, given)
