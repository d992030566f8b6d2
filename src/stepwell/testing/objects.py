"""An object store in memory, for tests: buckets are made by writing to them."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.runtime.objects import Bucket, ObjectInfo

OWNER = "000000000000"
"""The account that owns every bucket."""


class MemoryObjects:
    """Implements runtime.objects.ObjectStore. `bodies` may be looked at and changed."""

    def __init__(self, bodies: dict[tuple[str, str], bytes] | None = None) -> None:
        self.bodies = {} if bodies is None else bodies
        self.reads = 0

    def _check(self, bucket: Bucket) -> None:
        if bucket.owner not in (None, OWNER):
            raise ServiceError("AccessDenied", "Access Denied", status=403)

    async def read(self, bucket: Bucket, key: str, version: str | None = None) -> bytes:
        """The whole object. Raises ServiceError NoSuchKey, AccessDenied."""
        self._check(bucket)
        self.reads += 1
        body = self.bodies.get((bucket.name, key))
        if body is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.")
        return body

    async def list(
        self, bucket: Bucket, prefix: str, after: str | None, limit: int
    ) -> list[ObjectInfo]:
        """Objects in the order of their keys, from behind `after`. Raises AccessDenied."""
        self._check(bucket)
        keys = sorted(key for holder, key in self.bodies if holder == bucket.name)
        return [
            ObjectInfo(
                key, f'"{len(key):032x}"', len(self.bodies[bucket.name, key]), 1_750_000_000_000
            )
            for key in keys
            if key.startswith(prefix) and (after is None or key > after)
        ][:limit]

    async def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Write an object, or write it anew. Raises AccessDenied."""
        self._check(bucket)
        self.bodies[bucket.name, key] = body
