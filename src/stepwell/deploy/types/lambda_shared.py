"""What the types of Lambda have in common."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.calling import retag
from stepwell.deploy.resource_type import Cloud, Wanted
from stepwell.deploy.shaping import merged_tags
from stepwell.values import JsonValue

GONE = ("ResourceNotFoundException",)
TAKEN = ("ResourceConflictException",)


async def retag_lambda(cloud: Cloud, wanted: Wanted, arn: str) -> None:
    """Bring the tags of a function or an event source mapping to what they should be."""
    on = {"Resource": arn}
    shown = await cloud.call("lambda", "ListTags", on)
    await retag(
        shown["Tags"],
        merged_tags(wanted),
        lambda tags: cloud.call("lambda", "TagResource", {**on, "Tags": tags}),
        lambda keys: cloud.call("lambda", "UntagResource", {**on, "TagKeys": keys}),
    )


async def manage_runtime(cloud: Cloud, on: Mapping[str, str], policy: JsonValue) -> None:
    """When the runtime of a function or version is renewed; nothing said: as ever, by itself."""
    given = policy if isinstance(policy, dict) else {"UpdateRuntimeOn": "Auto"}
    await cloud.call("lambda", "PutRuntimeManagementConfig", {**on, **given})
