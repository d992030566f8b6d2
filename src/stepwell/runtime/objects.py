"""Where objects are read from and written to: the port that S3 will stand behind."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from stepwell.errors import ServiceError


class ObjectInfo(NamedTuple):
    """One object of a listing, as ListObjectsV2 shows it. `etag` keeps its quotes."""

    key: str
    etag: str
    size: int
    modified_at: int
    """Epoch milliseconds."""
    storage_class: str = "STANDARD"


class Bucket(NamedTuple):
    """A bucket, and the account that must own it when it is asked for."""

    name: str
    owner: str | None = None


class ObjectStore(Protocol):
    """Objects in buckets, seen by one execution. Every method may raise ServiceError with what the
    service says: NoSuchBucket, NoSuchKey, AccessDenied."""

    async def read(self, bucket: Bucket, key: str, version: str | None = None) -> bytes:
        """The whole object."""

    async def list(
        self, bucket: Bucket, prefix: str, after: str | None, limit: int
    ) -> list[ObjectInfo]:
        """Objects in the order of their keys, from behind `after`."""

    async def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Write an object, or write it anew."""


class NoObjects:
    """No object store: definitions that need one are refused, and this is what remains to say."""

    async def read(self, bucket: Bucket, key: str, version: str | None = None) -> bytes:
        """Refuse."""
        raise _missing()

    async def list(
        self, bucket: Bucket, prefix: str, after: str | None, limit: int
    ) -> list[ObjectInfo]:
        """Refuse."""
        raise _missing()

    async def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Refuse."""
        raise _missing()


def _missing() -> ServiceError:
    return ServiceError("ServiceUnavailable", "Stepwell has no S3 to read from or write to yet.")


NO_OBJECTS: ObjectStore = NoObjects()
