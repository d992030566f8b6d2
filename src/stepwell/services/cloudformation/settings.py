"""What belongs to a stack and not to a version of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from stepwell.services.cloudformation.records import StackRow
from stepwell.values import decode, encode_text


@dataclass(frozen=True, slots=True)
class Settings:
    """See the module."""

    termination_protection: bool = False
    disable_rollback: bool = False
    timeout_minutes: int = 0
    policy: str = ""
    """The stack policy, JSON; kept and shown."""
    updated_by: str = ""
    """The ClientRequestToken of the last update."""
    created_by: str = ""
    """The ClientRequestToken of the creation."""
    change_set: str = ""
    """The id of the change set that was executed last."""
    retain_except_on_create: bool = False
    deletion_mode: str = ""


def read_settings(row: StackRow) -> Settings:
    """The settings of a stack."""
    return Settings(**cast("dict[str, Any]", decode(row.settings)))


def write_settings(settings: Settings) -> str:
    """Their JSON."""
    return encode_text(settings)
