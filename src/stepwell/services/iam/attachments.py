"""Managed policies attached to roles, users and groups.

AWS's own policies (`arn:aws:iam::aws:policy/...`) can be attached without being here.
"""

from __future__ import annotations

import re
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import paging
from stepwell.services.iam.errors import limit_exceeded, no_such_entity, validation
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import (
    GROUP,
    POLICY,
    ROLE,
    USER,
    AttachmentRow,
    EntityRow,
    owner_of,
)
from stepwell.services.iam.shown import arn_of

ATTACHED_MAX = 20
_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy(/(?:[!-~]+/)?)([A-Za-z0-9_+=,.@\-]{1,128})"
)


def is_of_aws(arn: str) -> bool:
    """Whether AWS itself keeps the policy."""
    found = _ARN.fullmatch(arn)
    return found is not None and found[1] == "aws"


def name_in(arn: str) -> str:
    """The policy's name in its ARN."""
    return arn.rsplit("/", 1)[-1]


def find_policy(iam: Iam, arn: str, missing: str = "Policy {} was not found.") -> EntityRow:
    """The managed policy of an ARN. Raises NoSuchEntity, ValidationError."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise validation(f"ARN {arn} is not valid.")
    row = iam.entities.get(found[1], POLICY, found[3])
    if row is None or arn_of(row) != arn:
        raise no_such_entity(missing.format(arn))
    return row


def attached_to(iam: Iam, account: str, arn: str) -> list[str]:
    """Kind and name of everything that has the policy."""
    return [each.owner for each in iam.attachments.of(account) if each.arn == arn]


class Attachments:
    """The operations for one kind; `member` is the parameter that names the owner."""

    def __init__(self, kind: str, member: str) -> None:
        self._kind = kind
        self._member = member

    async def attach(self, iam: Iam, call: Call, params: Params) -> None:
        """AttachRolePolicy, AttachUserPolicy, AttachGroupPolicy; twice is once."""
        row = iam.find(call.account, self._kind, params[self._member])
        arn, owner = params["PolicyArn"], owner_of(row)
        if not is_of_aws(arn):
            find_policy(iam, arn, "Policy {} does not exist or is not attachable.")
        there = [each.arn for each in iam.attachments.of(call.account) if each.owner == owner]
        if arn not in there and len(there) >= ATTACHED_MAX:
            raise limit_exceeded(
                f"Cannot exceed quota for PoliciesPer{self._kind.capitalize()}: {ATTACHED_MAX}"
            )
        with iam.parts.ledger.stage() as turn:
            iam.attachments.put(turn, AttachmentRow(call.account, owner, arn))
        await iam.parts.ledger.committed()

    async def detach(self, iam: Iam, call: Call, params: Params) -> None:
        """DetachRolePolicy, DetachUserPolicy, DetachGroupPolicy."""
        row = iam.find(call.account, self._kind, params[self._member])
        arn, owner = params["PolicyArn"], owner_of(row)
        if iam.attachments.get(call.account, owner, arn) is None:
            raise no_such_entity(f"Policy {arn} was not found.")
        with iam.parts.ledger.stage() as turn:
            iam.attachments.delete(turn, call.account, owner, arn)
        await iam.parts.ledger.committed()

    async def list(self, iam: Iam, call: Call, params: Params) -> dict[str, Any]:
        """ListAttachedRolePolicies, ListAttachedUserPolicies, ListAttachedGroupPolicies."""
        owner = owner_of(iam.find(call.account, self._kind, params[self._member]))
        prefix = "policy" + (params.get("PathPrefix") or "/")
        arns = [
            each.arn
            for each in iam.attachments.of(call.account)
            if each.owner == owner and each.arn.split(":", 5)[5].startswith(prefix)
        ]
        return paging.page(
            "AttachedPolicies",
            arns,
            str,
            lambda arn: {"PolicyName": name_in(arn), "PolicyArn": arn},
            params,
        )


_LISTED = {GROUP: "PolicyGroups", USER: "PolicyUsers", ROLE: "PolicyRoles"}
_NAMES = {GROUP: "Group", USER: "User", ROLE: "Role"}


async def list_entities(iam: Iam, call: Call, params: Params) -> dict[str, Any]:
    """ListEntitiesForPolicy."""
    arn = params["PolicyArn"]
    if not is_of_aws(arn):
        find_policy(iam, arn)
    answer: dict[str, Any] = {name: [] for name in _LISTED.values()}
    wanted = params.get("EntityFilter")
    for owner in attached_to(iam, call.account, arn):
        kind, _, name = owner.partition("/")
        label = _NAMES[kind]
        if wanted in (None, label):
            row = iam.find(call.account, kind, name)
            answer[_LISTED[kind]].append({f"{label}Name": name, f"{label}Id": row.id})
    return {**answer, "IsTruncated": False}
