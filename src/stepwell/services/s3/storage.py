"""Buckets and objects: where they are found and how a key's versions follow each other.

A change of a key holds its lock until it is on disk, so what it reads from the store is exact. The
bucket is looked up again after the last wait before a change: it may be gone by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.parts import ServiceParts
from stepwell.services.s3 import blobs
from stepwell.services.s3.errors import (
    deleted,
    invalid_argument,
    is_marker,
    no_such_bucket,
    no_such_key,
    no_such_version,
)
from stepwell.services.s3.locks import Locks
from stepwell.services.s3.records import BUCKET, OBJECT, VERSION, BucketRow, ObjectRow
from stepwell.services.shelf import Shelf
from stepwell.values import JsonObject, JsonValue, decode, encode_text

NULL = "null"
ENABLED, SUSPENDED = "Enabled", "Suspended"
_VERSION_MARK = "st."
_PAGE = 100
COPIED_BYTES_MAX = 256 * 1024 * 1024
"""The largest object, or part of one, that is copied in one piece."""


class Before(NamedTuple):
    """What a key stood for before a change."""

    current: ObjectRow | None
    null: ObjectRow | None
    """Of a bucket whose versioning is suspended: the `null` version, if it is not the newest."""


class Storage:
    """All buckets of this server."""

    def __init__(self, parts: ServiceParts, object_bytes_max: int = COPIED_BYTES_MAX) -> None:
        self.parts = parts
        self.object_bytes_max = object_bytes_max
        self.buckets: Shelf[BucketRow] = Shelf(BUCKET, parts.store, parts.ledger)
        self.locks = Locks()
        self._writes: dict[str, int] = {}
        self.lifecycle_changed: Callable[[], None] = lambda: None
        """Called when a bucket's rules are changed; set by who follows them."""

    async def ready(self) -> None:
        """Return once memory agrees with the store."""
        await self.buckets.ready()

    # Buckets

    def bucket(self, params: Mapping[str, Any]) -> BucketRow:
        """The bucket that a call names. Raises ServiceError NoSuchBucket, AccessDenied."""
        name = str(params["Bucket"])
        row = self.buckets.get(name)
        if row is None:
            raise no_such_bucket(name)
        owner = params.get("ExpectedBucketOwner")
        if owner is not None and owner != account_of(row):
            raise ServiceError("AccessDenied", "Access Denied", status=403)
        return row

    def writes(self, bucket: str) -> int:
        """A number that grows with every object written to the bucket."""
        return self._writes.get(bucket, 0)

    # Reading

    async def current(self, bucket: str, key: str) -> ObjectRow | None:
        """What a key stands for now, which may be a delete marker."""
        return await self.parts.store.get(OBJECT, (bucket, key))

    async def find(self, bucket: str, key: str, version: str | None) -> ObjectRow:
        """The version that a read asks for. Raises ServiceError."""
        row = await self.current(bucket, key)
        if version is None:
            if row is None:
                raise no_such_key(key)
            if row.is_marker:
                raise deleted(key, row.version)
            return row
        found = await self.version(bucket, key, version, row)
        if found is None:
            raise no_such_version(key, version)
        if found.is_marker:
            raise is_marker(version)
        return found

    async def version(
        self, bucket: str, key: str, version: str, current: ObjectRow | None
    ) -> ObjectRow | None:
        """The version of that id, or None. Raises ServiceError InvalidArgument."""
        if current is not None and current.version == version:
            return current
        if version == NULL:
            return await self._noncurrent_null(bucket, key)
        sequence = sequence_of(version)
        return await self.parts.store.get(VERSION, (bucket, key, sequence))

    async def newest_before(self, bucket: str, key: str) -> ObjectRow | None:
        """The newest version that is not the current one."""
        rows = await self.parts.store.scan(VERSION, (bucket, key), limit=1, reverse=True)
        return rows[0] if rows else None

    async def _noncurrent_null(self, bucket: str, key: str) -> ObjectRow | None:
        after: tuple[int] | None = None
        while True:
            rows = await self.parts.store.scan(
                VERSION, (bucket, key), after=after, limit=_PAGE, reverse=True
            )
            for row in rows:
                if row.version == NULL:
                    return row
            if len(rows) < _PAGE:
                return None
            after = (rows[-1].sequence,)

    # Changing

    async def before(self, bucket: BucketRow, key: str) -> Before:
        """What a change must know. The caller holds the key's lock."""
        current = await self.current(bucket.name, key)
        null = None
        if bucket.versioning == SUSPENDED:
            null = await self._noncurrent_null(bucket.name, key)
        return Before(current, null)

    def place(self, turn: Turn, bucket: BucketRow, before: Before, row: ObjectRow) -> None:
        """Make a row what its key stands for; what it stood for is kept or ends."""
        self._writes[bucket.name] = self.writes(bucket.name) + 1
        current = before.current
        if current is not None:
            if _is_kept(bucket, current):
                turn.put(VERSION, current)
            else:
                self.end(turn, current)
        if bucket.versioning == SUSPENDED and before.null is not None:
            self.end(turn, before.null)
            turn.delete(VERSION, VERSION.key_of(before.null))
        turn.put(OBJECT, row)

    def end(self, turn: Turn, row: ObjectRow) -> None:
        """The bytes of a version that is not kept end."""
        blobs.delete(turn, blobs.read_blobs(row.blobs))

    def new_version(self, bucket: BucketRow, sequence: int) -> str:
        """The id of a new version."""
        return version_id(sequence) if bucket.versioning == ENABLED else NULL


def _is_kept(bucket: BucketRow, current: ObjectRow) -> bool:
    if not bucket.versioning:
        return False
    return bucket.versioning == ENABLED or current.version != NULL


def version_id(sequence: int) -> str:
    """The id that stands for a version."""
    return f"{_VERSION_MARK}{sequence:016x}"


def sequence_of(version: str) -> int:
    """The version that an id stands for. Raises ServiceError InvalidArgument."""
    try:
        if version.startswith(_VERSION_MARK):
            return int(version.removeprefix(_VERSION_MARK), 16)
    except ValueError:
        pass
    raise invalid_argument("Invalid version id specified", "versionId", version)


def account_of(bucket: BucketRow) -> str:
    """Who owns a bucket."""
    return bucket.scope.partition(":")[0]


def region_of(bucket: BucketRow) -> str:
    """Where a bucket is."""
    return bucket.scope.partition(":")[2]


def owner(account: str) -> dict[str, str]:
    """An account as S3 shows it: its canonical id."""
    return {"ID": hashlib.sha256(f"canonical {account}".encode()).hexdigest()}


def settings_of(bucket: BucketRow) -> JsonObject:
    """What was configured for a bucket, by sub-resource."""
    settings = decode(bucket.settings)
    assert isinstance(settings, dict)
    return settings


def set_setting(storage: Storage, bucket: BucketRow, name: str, value: JsonValue) -> None:
    """Keep what was configured; the caller awaits the commit."""
    settings = settings_of(bucket) | {name: value}
    with storage.parts.ledger.stage() as turn:
        storage.buckets.put(turn, bucket._replace(settings=encode_text(settings)))
