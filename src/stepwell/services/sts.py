"""STS: who am I, and temporary credentials, so that every CLI and SDK can log in.

There are no users, roles or policies behind it. Temporary access keys carry their account, so
that requests made with them land in the right one; the gateway gives the functions that make
keys and secrets, as it is the one that reads them back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from stepwell.errors import ServiceError
from stepwell.services.api import Call, Params, Service

SECONDS_DEFAULT = 3600
SESSION_TOKEN_SECONDS_DEFAULT = 43200


class TemporaryCredentials(Protocol):
    """What a session signs with."""

    @property
    def access_key_id(self) -> str:
        """Names the credentials, and here their account."""

    @property
    def secret_access_key(self) -> str:
        """Signs requests."""

    @property
    def session_token(self) -> str:
        """Sent with every request."""


class Issuer(Protocol):
    """Makes temporary credentials of an account that end at that time (epoch seconds)."""

    def __call__(self, account: str, expires_at: int) -> TemporaryCredentials:
        """New credentials, different every time."""


def sts_service(*, issue: Issuer, now: Callable[[], int]) -> Service:
    """The service. `now` gives epoch milliseconds."""
    tokens = _Tokens(issue, now)
    return Service(
        "sts",
        {
            "GetCallerIdentity": _caller_identity,
            "AssumeRole": tokens.assume_role,
            "GetSessionToken": tokens.session_token,
        },
    )


async def _caller_identity(call: Call, params: Params) -> dict[str, Any]:
    return {
        "UserId": call.account,
        "Account": call.account,
        "Arn": f"arn:aws:iam::{call.account}:root",
    }


class _Tokens:
    """The operations that hand out credentials."""

    def __init__(self, issue: Issuer, now: Callable[[], int]) -> None:
        self._issue = issue
        self._now = now

    async def assume_role(self, call: Call, params: Params) -> dict[str, Any]:
        """Credentials in the account of the role."""
        account, role = _role_of(params["RoleArn"])
        session = params["RoleSessionName"]
        credentials = self._credentials(account, params.get("DurationSeconds", SECONDS_DEFAULT))
        return {
            "Credentials": credentials,
            "AssumedRoleUser": {
                "AssumedRoleId": f"{_role_id(role)}:{session}",
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            },
            "SourceIdentity": params.get("SourceIdentity"),
        }

    async def session_token(self, call: Call, params: Params) -> dict[str, Any]:
        """Credentials in the caller's own account."""
        seconds = params.get("DurationSeconds", SESSION_TOKEN_SECONDS_DEFAULT)
        return {"Credentials": self._credentials(call.account, seconds)}

    def _credentials(self, account: str, seconds: int) -> dict[str, Any]:
        expires_at = self._now() // 1000 + seconds
        made = self._issue(account, expires_at)
        return {
            "AccessKeyId": made.access_key_id,
            "SecretAccessKey": made.secret_access_key,
            "SessionToken": made.session_token,
            "Expiration": float(expires_at),
        }


def _role_of(arn: str) -> tuple[str, str]:
    """Account and last name of a role's ARN."""
    parts = arn.split(":", 5)
    valid = len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and "role/" in parts[5]
    if not valid or len(parts[4]) != 12 or not parts[4].isdecimal():
        raise ServiceError("ValidationError", f"{arn} is invalid")
    return parts[4], parts[5].rsplit("/", 1)[-1]


def _role_id(role: str) -> str:
    """An id that looks like a role's, the same for the same name."""
    letters = "".join(letter for letter in role.upper() if letter.isascii() and letter.isalnum())
    return f"AROA{letters[:17]:X<17}"
