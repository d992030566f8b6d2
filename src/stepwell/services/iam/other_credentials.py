"""Credentials that nobody has here: passwords, SSH keys, MFA devices, certificates.

Tools that delete a user look for all of them first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam.errors import no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import USER

_MEMBERS = {
    "ListMFADevices": "MFADevices",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListSigningCertificates": "Certificates",
    "ListVirtualMFADevices": "VirtualMFADevices",
}


def lists() -> dict[str, Callable[[Iam, Call, Params], Awaitable[dict[str, Any]]]]:
    """The operations that list them, by name: of each kind there is none."""
    return {name: _empty(member) for name, member in _MEMBERS.items()}


def _empty(member: str) -> Callable[[Iam, Call, Params], Awaitable[dict[str, Any]]]:
    async def operation(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
        if params.get("UserName") is not None:
            iam.find(call.account, USER, params["UserName"])
        return {member: [], "IsTruncated": False}

    return operation


async def no_login_profile(iam: Iam, call: Call, params: Params) -> None:
    """GetLoginProfile and DeleteLoginProfile: no user has a password."""
    name = iam.find(call.account, USER, params.get("UserName") or call.account).name
    raise no_such_entity(f"Login Profile for User {name} cannot be found.")
