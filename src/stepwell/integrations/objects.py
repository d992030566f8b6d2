"""S3 as state machines see it: where Map states read items from and write results to, and what
`aws-sdk:s3` tasks send and get.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from stepwell.runtime.objects import Bucket, ObjectInfo
from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.s3.blobs import read_blobs, read_whole
from stepwell.services.s3.checksums import ALGORITHMS
from stepwell.services.s3.ranges import Span
from stepwell.services.s3.records import BucketRow
from stepwell.services.s3.shown import loaded
from stepwell.services.s3.storage import Storage, account_of, region_of
from stepwell.services.s3.walking import page_of
from stepwell.services.s3.writing import put_object

TEXT_TYPE = "text/plain; charset=UTF-8"


class StoredObjects:
    """Implements runtime.objects.ObjectStore over the embedded S3."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def read(self, bucket: Bucket, key: str, version: str | None = None) -> bytes:
        """The whole object. Raises ServiceError NoSuchBucket, NoSuchKey, AccessDenied."""
        await self._storage.buckets.ready()
        self._bucket(bucket)
        row = await self._storage.find(bucket.name, key, version)
        blobs = read_blobs(row.blobs)
        return await read_whole(self._storage.parts.store, blobs, Span(0, row.size))

    async def list(
        self, bucket: Bucket, prefix: str, after: str | None, limit: int
    ) -> list[ObjectInfo]:
        """Objects in the order of their keys, from behind `after`.

        Raises ServiceError NoSuchBucket, AccessDenied.
        """
        await self._storage.buckets.ready()
        self._bucket(bucket)
        page = await page_of(self._storage.parts.store, bucket.name, prefix, "", after, limit)
        return [
            ObjectInfo(
                row.key,
                f'"{row.etag}"',
                row.size,
                row.modified_at,
                str(loaded(row.headers).get("StorageClass", "STANDARD")),
            )
            for row in page.rows
        ]

    async def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Write an object, or write it anew."""
        await self._storage.buckets.ready()
        row = self._bucket(bucket)
        call = Call(account_of(row), region_of(row), self._storage.parts.ids.uuid(), "")
        params: Params = {"Bucket": bucket.name, "Key": key, "Body": body}
        await put_object(self._storage, call, params | {"ContentType": "application/json"})

    def _bucket(self, bucket: Bucket) -> BucketRow:
        return self._storage.bucket({"Bucket": bucket.name, "ExpectedBucketOwner": bucket.owner})


def as_tasks_call(service: Service) -> Service:
    """The service as `aws-sdk:` tasks call it: what the SDK behind them adds, and whole bodies."""
    if service.name != "s3":
        return service
    operations: dict[str, Operation] = dict(service.operations)
    operations["PutObject"] = _put(operations["PutObject"])
    operations["GetObject"] = _get(operations["GetObject"])
    return replace(service, operations=operations)


def _put(operation: Operation) -> Operation:
    async def run(call: Call, params: Params) -> Answer:
        added: dict[str, Any] = {"ContentType": TEXT_TYPE}
        if not any(params.get(f"Checksum{name}") for name in ALGORITHMS):
            added["ChecksumAlgorithm"] = "CRC32"
        return await operation(call, added | params)

    return run


def _get(operation: Operation) -> Operation:
    async def run(call: Call, params: Params) -> Answer:
        answer = await operation(call, params)
        assert isinstance(answer, dict)
        body = answer["Body"]
        if isinstance(body, AsyncIterator):
            body = b"".join([piece async for piece in body])
        return {**answer, "Body": body}

    return run
