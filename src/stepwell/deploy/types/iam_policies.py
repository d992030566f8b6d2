"""What hangs on roles, users and groups: inline policies and attached managed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stepwell.deploy.calling import ask
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text
from stepwell.values import JsonObject, JsonValue

GONE = ("NoSuchEntity",)
TAKEN = "EntityAlreadyExists"


@dataclass(frozen=True, slots=True)
class Holder:
    """A role, user or group that policies hang on. `kind` as operations name it: `Role`."""

    cloud: Cloud
    kind: str
    name: str

    async def put(self, name: str, document: JsonValue) -> None:
        """Put an inline policy."""
        params = {"PolicyName": name, "PolicyDocument": as_text(document)}
        await self._call(f"Put{self.kind}Policy", params)

    async def take(self, name: str) -> None:
        """Delete an inline policy; one that is gone is no error."""
        await self._ask(f"Delete{self.kind}Policy", {"PolicyName": name})

    async def inline(self) -> list[str]:
        """The names of the inline policies."""
        answer = await self._ask(f"List{self.kind}Policies", {"MaxItems": 1000})
        return list(answer["PolicyNames"]) if answer is not None else []

    async def attach(self, arn: str) -> None:
        """Attach a managed policy."""
        await self._call(f"Attach{self.kind}Policy", {"PolicyArn": arn})

    async def detach(self, arn: str) -> None:
        """Detach a managed policy; one that is not attached is no error."""
        await self._ask(f"Detach{self.kind}Policy", {"PolicyArn": arn})

    async def attached(self) -> list[str]:
        """The ARNs of the attached policies."""
        answer = await self._ask(f"ListAttached{self.kind}Policies", {"MaxItems": 1000})
        if answer is None:
            return []
        return [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]

    async def bound(self, before: JsonValue, after: JsonValue) -> None:
        """Put or take the permissions boundary."""
        if after is not None and after != before:
            params = {"PermissionsBoundary": after}
            await self._call(f"Put{self.kind}PermissionsBoundary", params)
        elif after is None and before is not None:
            await self._ask(f"Delete{self.kind}PermissionsBoundary", {})

    async def follow(self, before: JsonObject, after: JsonObject) -> None:
        """Bring `Policies` and `ManagedPolicyArns` from what they were to what they should be."""
        old, new = inline_of(before), inline_of(after)
        for name, document in new.items():
            if old.get(name) != document:
                await self.put(name, document)
        for name in old.keys() - new.keys():
            await self.take(name)
        attached, wanted = managed_of(before), managed_of(after)
        for arn in wanted:
            if arn not in attached:
                await self.attach(arn)
        for arn in attached:
            if arn not in wanted:
                await self.detach(arn)

    async def clear(self) -> None:
        """Take everything off, so that it can be deleted."""
        for name in await self.inline():
            await self.take(name)
        for arn in await self.attached():
            await self.detach(arn)

    async def _call(self, operation: str, params: dict[str, Any]) -> Any:
        return await self.cloud.call("iam", operation, {f"{self.kind}Name": self.name, **params})

    async def _ask(self, operation: str, params: dict[str, Any]) -> Any:
        whole = {f"{self.kind}Name": self.name, **params}
        return await ask(self.cloud, "iam", operation, whole, GONE)


def inline_of(properties: JsonObject) -> dict[str, str]:
    """The property `Policies` as documents by name."""
    given = properties.get("Policies")
    return {
        as_text(policy["PolicyName"]): as_text(policy["PolicyDocument"])
        for policy in (given if isinstance(given, list) else [])
        if isinstance(policy, dict)
    }


def managed_of(properties: JsonObject) -> list[str]:
    """The property `ManagedPolicyArns`."""
    given = properties.get("ManagedPolicyArns")
    return [as_text(arn) for arn in given] if isinstance(given, list) else []
