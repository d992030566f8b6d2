"""What the types of REST APIs share: patches, lists, deletions, tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.deploy import calling
from stepwell.deploy.calling import Paging, all_pages, ask
from stepwell.deploy.resource_type import Cloud, Wanted
from stepwell.deploy.shaping import marked_tags, stack_marks

SERVICE = "apigateway"
_PAGING = Paging("items", "position", "limit", 500)

Settings = Mapping[str, str]
"""What is patched: paths with their values."""


async def call(cloud: Cloud, operation: str, **params: Any) -> Mapping[str, Any]:
    """Call an operation of REST APIs."""
    return await cloud.call(SERVICE, operation, params)


async def drop(cloud: Cloud, operation: str, **params: Any) -> None:
    """Delete something. What is not there any more is deleted."""
    await ask(cloud, SERVICE, operation, params, ("NotFoundException",))


async def all_of(cloud: Cloud, operation: str, **params: Any) -> list[Mapping[str, Any]]:
    """Everything that an operation lists, page by page."""
    return await all_pages(cloud, SERVICE, operation, params, _PAGING)


def escaped(part: str) -> str:
    """A name as a part of a patch's path."""
    return part.replace("~", "~0").replace("/", "~1")


def patches(before: Settings, after: Settings) -> list[dict[str, str]]:
    """The operations that lead from one to the other."""
    changed = [
        {"op": "replace" if path in before else "add", "path": path, "value": value}
        for path, value in after.items()
        if before.get(path) != value
    ]
    return changed + [{"op": "remove", "path": path} for path in before if path not in after]


async def patch(
    cloud: Cloud, operation: str, before: Settings, after: Settings, **params: Any
) -> None:
    """Patch what differs; nothing is called when nothing does."""
    changes = patches(before, after)
    if changes:
        await call(cloud, operation, **params, patchOperations=changes)


def own(items: list[Mapping[str, Any]], wanted: Wanted) -> Mapping[str, Any] | None:
    """The one that an earlier attempt at the same creation made: it bears the stack's marks."""
    marks = stack_marks(wanted).items()
    marked = [item for item in items if marks <= dict(item.get("tags") or {}).items()]
    return marked[-1] if wanted.repeated and marked else None


async def retag(cloud: Cloud, wanted: Wanted, path: str) -> None:
    """Give a resource the tags that it should have now; `path` as in `/restapis/abc`."""
    arn = f"arn:aws:apigateway:{cloud.region}::{path}"
    await calling.retag(
        (await call(cloud, "GetTags", resourceArn=arn)).get("tags") or {},
        marked_tags(wanted),
        lambda tags: call(cloud, "TagResource", resourceArn=arn, tags=tags),
        lambda keys: call(cloud, "UntagResource", resourceArn=arn, tagKeys=keys),
    )
