"""PutObject and CopyObject."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import blobs, checksums, shown
from stepwell.services.s3.conditions import check_source, check_write
from stepwell.services.s3.errors import invalid_argument, invalid_request
from stepwell.services.s3.lifecycle_rules import expiration_shown
from stepwell.services.s3.names import check_key, check_metadata
from stepwell.services.s3.notifications import Happened, notify
from stepwell.services.s3.ranges import Span
from stepwell.services.s3.records import BucketRow, ObjectRow
from stepwell.services.s3.storage import Before, Storage
from stepwell.values import JsonObject

T = TypeVar("T")
HASHED_AT_ONCE_BYTES = 1024 * 1024
"""Larger bodies are hashed beside the event loop."""


class Content(NamedTuple):
    """What a new version is made of, all but its place."""

    blobs: blobs.Blobs
    size: int
    etag: str
    headers: JsonObject
    metadata: Mapping[str, str]
    checksums: Mapping[str, str]
    tags: Mapping[str, str]


async def put_object(storage: Storage, call: Call, params: Params) -> Answer:
    """PutObject."""
    bucket, key = storage.bucket(params), str(params["Key"])
    check_key(key)
    shown.refuse_unsupported(params)
    headers = shown.headers_of(params, bucket)
    metadata = params.get("Metadata", {})
    check_metadata(metadata)
    tags = shown.tags_of(params.get("Tagging"))
    body: bytes = params.get("Body", b"")
    etag, kept = await beside(body, lambda: (checksums.md5(body), checksums.verified(params, body)))
    kept["ChecksumType"] = checksums.FULL_OBJECT
    async with storage.locks.hold([(bucket.name, key)]):
        before = await storage.before(bucket, key)
        check_write(params, key, before.current)
        bucket = storage.bucket(params)
        with storage.parts.ledger.stage() as turn:
            blob = blobs.write(turn, storage.parts.ids, body)
            content = Content([blob], len(body), etag, headers, metadata, kept, tags)
            row = new_version(storage, turn, bucket, key, before, content)
            notify(storage, turn, call, Happened("ObjectCreated:Put", bucket, row))
        await storage.parts.ledger.committed()
    return shown.written(row) | expiration_shown(bucket, row)


async def beside(body: bytes, work: Callable[[], T]) -> T:
    """Work that takes long for large bodies, done beside the event loop then."""
    if len(body) <= HASHED_AT_ONCE_BYTES:
        return work()
    return await asyncio.to_thread(work)


def new_version(
    storage: Storage,
    turn: Turn,
    bucket: BucketRow,
    key: str,
    before: Before,
    content: Content,
) -> ObjectRow:
    """Stage a new version of a key."""
    sequence = storage.parts.ids.next_id()
    row = ObjectRow(
        bucket.name,
        key,
        sequence,
        storage.new_version(bucket, sequence),
        0,
        content.size,
        content.etag,
        storage.parts.clock.now(),
        blobs.blobs_text(content.blobs),
        shown.dumped(content.headers),
        shown.dumped(content.metadata),
        shown.dumped(content.checksums),
        shown.dumped(content.tags),
    )
    storage.place(turn, bucket, before, row)
    return row


class Source(NamedTuple):
    """Where a copy comes from."""

    bucket: str
    key: str
    version: str | None


def source_of(text: str) -> Source:
    """What `x-amz-copy-source` names. Raises ServiceError InvalidArgument."""
    path, _, query = text.partition("?")
    version = query.removeprefix("versionId=") if query.startswith("versionId=") else None
    bucket, slash, key = unquote(path).lstrip("/").partition("/")
    if not slash or not key or not bucket:
        problem = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument(problem, "x-amz-copy-source", text)
    return Source(bucket, key, version)


async def copied(storage: Storage, params: Params) -> tuple[Source, ObjectRow]:
    """The version that a copy comes from, its conditions checked. Raises ServiceError."""
    source = source_of(str(params["CopySource"]))
    named = {"Bucket": source.bucket, "ExpectedBucketOwner": params.get(_SOURCE_OWNER)}
    storage.bucket(named)
    row = await storage.find(source.bucket, source.key, source.version)
    check_source(params, row)
    return source, row


_SOURCE_OWNER = "ExpectedSourceBucketOwner"


async def copy_object(storage: Storage, call: Call, params: Params) -> Answer:
    """CopyObject."""
    bucket, key = storage.bucket(params), str(params["Key"])
    check_key(key)
    shown.refuse_unsupported(params)
    source, origin = await copied(storage, params)
    if origin.size > storage.object_bytes_max:
        raise invalid_request(
            "The specified copy source is larger than the maximum allowable size for a copy "
            f"source: {storage.object_bytes_max}"
        )
    headers, metadata, tags = _carried(params, bucket, origin)
    if _changes_nothing(params, source, bucket.name, key):
        raise invalid_request(_TO_ITSELF)
    span = Span(0, origin.size)
    body = await blobs.read_whole(storage.parts.store, blobs.read_blobs(origin.blobs), span)
    algorithm = params.get("ChecksumAlgorithm") or _algorithm_of(origin)
    etag, kept = await beside(
        body, lambda: (checksums.md5(body), checksums.verified({}, body, algorithm))
    )
    kept["ChecksumType"] = checksums.FULL_OBJECT
    async with storage.locks.hold([(bucket.name, key)]):
        before = await storage.before(bucket, key)
        check_write(params, key, before.current)
        bucket = storage.bucket(params)
        with storage.parts.ledger.stage() as turn:
            blob = blobs.write(turn, storage.parts.ids, body)
            content = Content([blob], len(body), etag, headers, metadata, kept, tags)
            row = new_version(storage, turn, bucket, key, before, content)
            notify(storage, turn, call, Happened("ObjectCreated:Copy", bucket, row))
        await storage.parts.ledger.committed()
    answer = shown.written(row) | expiration_shown(bucket, row)
    result = {"ETag": answer.pop("ETag"), "LastModified": row.modified_at / 1000}
    result |= {name: answer.pop(name) for name in list(answer) if name.startswith("Checksum")}
    if source.version is not None or origin.version != "null":
        answer["CopySourceVersionId"] = origin.version
    return {"CopyObjectResult": result, **answer}


_TO_ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without "
    "changing the object's metadata, storage class, website redirect location or encryption "
    "attributes."
)


def _changes_nothing(params: Params, source: Source, bucket: str, key: str) -> bool:
    if (source.bucket, source.key) != (bucket, key) or source.version is not None:
        return False
    changes = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId")
    return params.get("MetadataDirective", "COPY") != "REPLACE" and not any(
        params.get(name) for name in changes
    )


def _carried(
    params: Params, bucket: BucketRow, origin: ObjectRow
) -> tuple[JsonObject, dict[str, str], dict[str, str]]:
    """Headers, metadata and tags of a copy: the source's or the call's. Raises ServiceError."""
    headers, metadata = shown.headers_of(params, bucket), params.get("Metadata", {})
    if _directive(params, "MetadataDirective") == "COPY":
        own = {"StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"}
        inherited = {k: v for k, v in shown.loaded(origin.headers).items() if k not in own}
        headers = {k: v for k, v in headers.items() if k in own} | inherited
        metadata = shown.loaded(origin.metadata)
    check_metadata(metadata)
    tags = shown.tags_of(params.get("Tagging"))
    if _directive(params, "TaggingDirective") == "COPY":
        tags = shown.loaded(origin.tags)
    return headers, metadata, tags


def _directive(params: Params, name: str) -> str:
    value = str(params.get(name) or "COPY")
    if value not in ("COPY", "REPLACE"):
        header = "metadata" if name.startswith("Metadata") else "tagging"
        text = f"Unknown {header} directive."
        raise ServiceError(
            "InvalidArgument",
            text,
            fields={"ArgumentName": f"x-amz-{header}-directive", "ArgumentValue": value},
        )
    return value


def _algorithm_of(row: ObjectRow) -> str:
    for member in shown.loaded(row.checksums):
        if member in checksums.MEMBERS:
            return checksums.MEMBERS[member]
    return checksums.DEFAULT_ALGORITHM
