"""Calls that several types make alike: whether something is there, reading an object, tags."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from stepwell.deploy.resource_type import Cloud, Wanted
from stepwell.deploy.shaping import already_exists, merged_tags
from stepwell.errors import ServiceError

OBJECT_BYTES_MAX = 16 * 1024 * 1024
"""More than any document that a property names by its place in S3."""

PAGES_MAX = 1_000
"""Of one listing."""

T = TypeVar("T")


async def ask(
    cloud: Cloud,
    service: str,
    operation: str,
    params: Mapping[str, Any],
    absent: Collection[str],
) -> Mapping[str, Any] | None:
    """The answer; None where it is refused with a code of `absent`: it is not there.

    Deletions are asked for in the same way: what is gone already is no error.
    """
    try:
        return await cloud.call(service, operation, params)
    except ServiceError as error:
        if error.code in absent:
            return None
        raise


async def or_undo(steps: Awaitable[T], undo: Callable[[], Awaitable[object]]) -> T:
    """What the further steps of a creation give. When one is refused, what is there already goes:
    nobody but its creation knows of it."""
    try:
        return await steps
    except ServiceError:
        await undo()
        raise


async def must_be_free(
    cloud: Cloud,
    identifier: tuple[str, str],
    call: tuple[str, str, Mapping[str, Any]],
    absent: Collection[str],
) -> None:
    """Raise AlreadyExists when somebody else made it: a stack never takes over what is there.

    `identifier` is the type's name and the resource's, `call` what to look with.
    """
    service, operation, params = call
    if await ask(cloud, service, operation, params, absent) is not None:
        raise already_exists(*identifier)


async def retag(
    now: Mapping[str, str],
    wanted: Mapping[str, str],
    add: Callable[[dict[str, str]], Awaitable[object]],
    take: Callable[[list[str]], Awaitable[object]],
) -> None:
    """Bring tags from what they are to what they should be. Those of AWS itself are left alone."""
    gone = [key for key in now if key not in wanted and not key.startswith("aws:")]
    if gone:
        await take(gone)
    changed = {key: text for key, text in wanted.items() if now.get(key) != text}
    if changed:
        await add(changed)


async def create_own(
    cloud: Cloud,
    wanted: Wanted,
    identifier: tuple[str, str],
    call: tuple[str, str, Mapping[str, Any]],
    taken: str,
) -> Mapping[str, Any] | None:
    """Make something whose name must be free; None where an earlier attempt made it.

    `identifier` is the type's name and the resource's, `taken` the code for a name that is taken.
    """
    service, operation, params = call
    answer = await ask(cloud, service, operation, params, (taken,))
    if answer is None and not wanted.repeated:
        raise already_exists(*identifier)
    return answer


async def retag_pairs(
    cloud: Cloud,
    wanted: Wanted,
    service: str,
    which: Mapping[str, Any],
    operations: tuple[str, str, str] = ("ListTagsForResource", "TagResource", "UntagResource"),
) -> None:
    """The same for a service that has tags as pairs.

    `which` are the parameters that name the resource, the same for all three operations.
    """
    listing, adding, removing = operations
    shown = await cloud.call(service, listing, which)
    pairs = shown.get("Tags") or shown.get("TagList") or []

    async def add(tags: dict[str, str]) -> None:
        changed = [{"Key": key, "Value": text} for key, text in tags.items()]
        await cloud.call(service, adding, {**which, "Tags": changed})

    async def take(keys: list[str]) -> None:
        await cloud.call(service, removing, {**which, "TagKeys": keys})

    await retag({pair["Key"]: pair["Value"] for pair in pairs}, merged_tags(wanted), add, take)


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation lists: the names of its members, and how many items a page has."""

    items: str
    token: str
    """What the next page is asked for with."""
    limit: str = ""
    """Empty: the operation has its own."""
    size: int | str = 0
    next_token: str = ""
    """What the answer calls it, if it is another name."""


async def all_pages(
    cloud: Cloud, service: str, operation: str, params: Mapping[str, Any], paging: Paging
) -> list[Mapping[str, Any]]:
    """Everything that an operation lists, page by page."""
    found: list[Mapping[str, Any]] = []
    limited = {**params, paging.limit: paging.size} if paging.limit else params
    token = None
    for _ in range(PAGES_MAX):
        answer = await cloud.call(service, operation, {**limited, paging.token: token})
        found.extend(answer.get(paging.items) or ())
        token = answer.get(paging.next_token or paging.token)
        if token is None:
            break
    return found


async def read_object(cloud: Cloud, bucket: str, key: str, version: str | None) -> bytes:
    """An object of S3. Raises ServiceError when it is not there or too large to be a document."""
    params = {"Bucket": bucket, "Key": key, "VersionId": version}
    answer = await cloud.call("s3", "GetObject", params)
    if answer["ContentLength"] > OBJECT_BYTES_MAX:
        raise ServiceError("ValidationError", f"s3://{bucket}/{key} is too large to be a document.")
    body: bytes | AsyncIterator[bytes] = answer["Body"]
    if isinstance(body, bytes):
        return body
    return b"".join([piece async for piece in body])
