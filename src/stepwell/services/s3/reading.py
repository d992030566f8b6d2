"""GetObject, HeadObject, GetObjectAttributes.

A large body is handed on piece by piece. An object that is replaced while its bytes are looked for
is looked up again; one that is replaced later breaks the answer off, so that no mixture is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import blobs, ranges, shown
from stepwell.services.s3.blobs import BlobGone, read_blobs
from stepwell.services.s3.conditions import check_read
from stepwell.services.s3.errors import invalid_argument, invalid_request
from stepwell.services.s3.lifecycle_rules import expiration_shown
from stepwell.services.s3.ranges import Span
from stepwell.services.s3.records import ObjectRow
from stepwell.services.s3.storage import Storage

WHOLE_BYTES_MAX = 1024 * 1024
"""Bodies up to this size are read before the answer begins."""
_ATTEMPTS_MAX = 8


async def head_object(storage: Storage, call: Call, params: Params) -> Answer:
    """HeadObject."""
    row, span, answer = await _found(storage, params)
    return answer | {"ContentLength": row.size if span is None else span.size}


async def get_object(storage: Storage, call: Call, params: Params) -> Answer:
    """GetObject."""
    for _ in range(_ATTEMPTS_MAX):
        row, span, answer = await _found(storage, params)
        part = span or Span(0, row.size)
        try:
            body = await _body(storage, row, part)
        except BlobGone:
            continue
        return answer | {"ContentLength": part.size, "Body": body}
    raise BlobGone("The object was replaced again and again while it was read.")


async def _found(storage: Storage, params: Params) -> tuple[ObjectRow, Span | None, dict[str, Any]]:
    """The version, the part of it and what is told of it. Raises ServiceError."""
    bucket = storage.bucket(params)
    row = await storage.find(bucket.name, str(params["Key"]), params.get("VersionId"))
    check_read(params, row)
    answer = shown.described(row, params)
    if params.get("VersionId") is None:
        answer |= expiration_shown(bucket, row)
    number = params.get("PartNumber")
    span: Span | None
    if number is not None:
        if params.get("Range") is not None:
            raise invalid_request("Cannot specify both Range header and partNumber query parameter")
        span, count = _part(row, int(number))
        if "-" in row.etag:
            answer["PartsCount"] = count
    else:
        span = ranges.wanted(params.get("Range"), row.size)
    if span is not None:
        answer["ContentRange"] = span.header(row.size)
    return row, span, answer


def _part(row: ObjectRow, number: int) -> tuple[Span, int]:
    parts = read_blobs(row.blobs)
    if not 1 <= number <= 10_000:
        text = "Part number must be an integer between 1 and 10000, inclusive"
        raise invalid_argument(text, "partNumber", str(number))
    if number > len(parts):
        fields = {"PartNumberRequested": number, "ActualPartCount": len(parts)}
        text = "The requested partnumber is not satisfiable"
        raise ServiceError("InvalidPartNumber", text, status=416, fields=fields)
    start = sum(size for _, size in parts[: number - 1])
    return Span(start, start + parts[number - 1][1]), len(parts)


async def _body(storage: Storage, row: ObjectRow, part: Span) -> bytes | AsyncIterator[bytes]:
    pieces = blobs.read(storage.parts.store, read_blobs(row.blobs), part)
    if part.size <= WHOLE_BYTES_MAX:
        return b"".join([piece async for piece in pieces])
    first = await anext(pieces)
    return _continued(first, pieces)


async def _continued(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def get_object_attributes(storage: Storage, call: Call, params: Params) -> Answer:
    """GetObjectAttributes."""
    bucket = storage.bucket(params)
    row = await storage.find(bucket.name, str(params["Key"]), params.get("VersionId"))
    wanted = params.get("ObjectAttributes", [])
    parts = read_blobs(row.blobs)
    checksum = dict(shown.loaded(row.checksums))
    every: dict[str, Any] = {
        "ETag": row.etag,
        "Checksum": checksum,
        "ObjectSize": row.size,
        "StorageClass": shown.loaded(row.headers).get("StorageClass", "STANDARD"),
    }
    if "-" in row.etag:
        every["ObjectParts"] = {"TotalPartsCount": len(parts)}
    answer = {name: every[name] for name in wanted if name in every}
    answer["LastModified"] = row.modified_at / 1000
    return answer | shown.version_shown(row)
