"""What the types of HTTP APIs share: what differs, lists, deletions, tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stepwell.deploy.calling import Paging, all_pages, ask
from stepwell.deploy.resource_type import Cloud, Wanted
from stepwell.deploy.shaping import marked_tags, picked
from stepwell.values import JsonObject, JsonValue

SERVICE = "apigatewayv2"
ONLY_WEBSOCKET = "only WebSocket APIs have it, and this server has none"
_PAGING = Paging("Items", "NextToken", "MaxResults", "500")


async def call(cloud: Cloud, operation: str, **params: Any) -> Mapping[str, Any]:
    """Call an operation of HTTP APIs."""
    return await cloud.call(SERVICE, operation, params)


async def drop(cloud: Cloud, operation: str, **params: Any) -> None:
    """Delete something. What is not there any more is deleted."""
    await ask(cloud, SERVICE, operation, params, ("NotFoundException",))


async def all_of(cloud: Cloud, operation: str, **params: Any) -> list[Mapping[str, Any]]:
    """Everything that an operation lists, page by page."""
    return await all_pages(cloud, SERVICE, operation, params, _PAGING)


def changes(
    before: JsonObject,
    after: JsonObject,
    names: Iterable[str],
    defaults: Mapping[str, JsonValue],
) -> JsonObject:
    """The properties that differ; one that was dropped is as by default, or else empty."""
    old, new = picked(before, names), picked(after, names)
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    return changed | {name: defaults.get(name, "") for name in old if name not in new}


def without_members(before: JsonValue, after: JsonValue) -> JsonObject:
    """A map with what it had before and has no more given empty, which takes it away."""
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    return {**{name: "" for name in old if name not in new}, **new}


async def retag(cloud: Cloud, wanted: Wanted, path: str) -> bool:
    """Give a resource the tags that it should have now; whether some were taken away.

    `path` is as in `/apis/abc`.
    """
    arn = f"arn:aws:apigateway:{cloud.region}::{path}"
    tags = marked_tags(wanted)
    shown = (await call(cloud, "GetTags", ResourceArn=arn)).get("Tags") or {}
    gone = [key for key in shown if key not in tags]
    if gone:
        await call(cloud, "UntagResource", ResourceArn=arn, TagKeys=gone)
    if tags != shown:
        await call(cloud, "TagResource", ResourceArn=arn, Tags=tags)
    return bool(gone)
