"""Types that put a policy on something that is there: on a list of targets, or on one.

Of both kinds every service has its own, which differ only in how a policy is put. Rules:

- The list kind (`QueuePolicy`) replaces whatever policy a target had; its reference is generated.
- The inline kind (`QueueInlinePolicy`) refuses a target that has a policy already; its reference
  is the target.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text
from stepwell.values import JsonObject

Put = Callable[[Cloud, str, str], Awaitable[None]]
"""(cloud, target, policy): the empty policy takes it off, also from a target that is gone."""
Has = Callable[[Cloud, str], Awaitable[bool]]
"""Whether the target has a policy of its own."""

_DOCUMENT = "PolicyDocument"


def listed_policy(name: str, targets: str, put: Put) -> ResourceType:
    """A type whose property `targets` names what gets the policy."""

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        for target in _targets(wanted.properties, targets):
            await put(cloud, target, as_text(wanted.properties[_DOCUMENT]))
        generated = wanted.name(None)
        return Made(generated, {"Id": generated})

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        kept = _targets(wanted.properties, targets)
        for target in _targets(existing.properties, targets):
            if target not in kept:
                await put(cloud, target, "")
        for target in kept:
            await put(cloud, target, as_text(wanted.properties[_DOCUMENT]))
        return Made(existing.id, existing.attributes)

    async def delete(cloud: Cloud, existing: Existing) -> None:
        for target in _targets(existing.properties, targets):
            await put(cloud, target, "")

    return ResourceType(
        name,
        create,
        delete,
        update,
        required=frozenset({_DOCUMENT, targets}),
        attributes=frozenset({"Id"}),
    )


def inline_policy(name: str, target: str, put: Put, has: Has) -> ResourceType:
    """A type whose property `target` names the one that gets the policy."""

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        bearer = as_text(wanted.properties[target])
        if not wanted.repeated and await has(cloud, bearer):
            raise already_exists(name, bearer)
        await put(cloud, bearer, as_text(wanted.properties[_DOCUMENT]))
        return Made(bearer)

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        await put(cloud, existing.id, as_text(wanted.properties[_DOCUMENT]))
        return Made(existing.id)

    async def delete(cloud: Cloud, existing: Existing) -> None:
        await put(cloud, existing.id, "")

    return ResourceType(
        name,
        create,
        delete,
        update,
        required=frozenset({_DOCUMENT, target}),
        replaces=frozenset({target}),
    )


def _targets(properties: JsonObject, name: str) -> list[str]:
    named = properties[name]
    return [as_text(each) for each in named] if isinstance(named, list) else [as_text(named)]
