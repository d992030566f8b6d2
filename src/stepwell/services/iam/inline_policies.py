"""Inline policies of roles, users and groups: the same four operations for each of them."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.iam import documents, paging
from stepwell.services.iam.errors import no_such_entity
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.records import InlineRow, owner_of

CHARACTERS_MAX = {"role": 10_240, "user": 2_048, "group": 5_120}


class InlinePolicies:
    """The operations for one kind; `member` is the parameter that names the owner."""

    def __init__(self, kind: str, member: str) -> None:
        self._kind = kind
        self._member = member

    async def put(self, iam: Iam, call: Call, params: Params) -> None:
        """PutRolePolicy, PutUserPolicy, PutGroupPolicy."""
        row = iam.find(call.account, self._kind, params[self._member])
        document = params["PolicyDocument"]
        what = f"{self._kind} {row.name}"
        documents.check_identity_policy(document, CHARACTERS_MAX[self._kind], what)
        new = InlineRow(call.account, owner_of(row), params["PolicyName"], document)
        with iam.parts.ledger.stage() as turn:
            iam.inline.put(turn, new)
        await iam.parts.ledger.committed()

    async def get(self, iam: Iam, call: Call, params: Params) -> dict[str, Any]:
        """GetRolePolicy, GetUserPolicy, GetGroupPolicy."""
        found = self._find(iam, call, params)
        return {
            self._member: params[self._member],
            "PolicyName": found.name,
            "PolicyDocument": documents.shown(found.document),
        }

    async def delete(self, iam: Iam, call: Call, params: Params) -> None:
        """DeleteRolePolicy, DeleteUserPolicy, DeleteGroupPolicy."""
        found = self._find(iam, call, params)
        with iam.parts.ledger.stage() as turn:
            iam.inline.delete(turn, found.account, found.owner, found.name)
        await iam.parts.ledger.committed()

    async def list(self, iam: Iam, call: Call, params: Params) -> dict[str, Any]:
        """ListRolePolicies, ListUserPolicies, ListGroupPolicies."""
        owner = owner_of(iam.find(call.account, self._kind, params[self._member]))
        names = [each.name for each in iam.inline.of(call.account) if each.owner == owner]
        return paging.page("PolicyNames", names, str, str, params)

    def _find(self, iam: Iam, call: Call, params: Params) -> InlineRow:
        row = iam.find(call.account, self._kind, params[self._member])
        found = iam.inline.get(call.account, owner_of(row), params["PolicyName"])
        if found is None:
            raise no_such_entity(
                f"The {self._kind} policy with name {params['PolicyName']} cannot be found."
            )
        return found
