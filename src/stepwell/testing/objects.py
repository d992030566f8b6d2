"""An object store in memory, for tests: buckets are made by writing to them."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.runtime.objects import ObjectInfo


class MemoryObjects:
    """Implements runtime.objects.ObjectStore. `bodies` may be looked at and changed."""

    def __init__(self, bodies: dict[tuple[str, str], bytes] | None = None) -> None:
        self.bodies = {} if bodies is None else bodies
        self.reads = 0

    async def read(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The whole object. Raises ServiceError NoSuchKey."""
        self.reads += 1
        body = self.bodies.get((bucket, key))
        if body is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.")
        return body

    async def list(
        self, bucket: str, prefix: str, after: str | None, limit: int
    ) -> list[ObjectInfo]:
        """Objects in the order of their keys, from behind `after`."""
        keys = sorted(key for holder, key in self.bodies if holder == bucket)
        return [
            ObjectInfo(key, f'"{len(key):032x}"', len(self.bodies[bucket, key]), 1_750_000_000_000)
            for key in keys
            if key.startswith(prefix) and (after is None or key > after)
        ][:limit]

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, or write it anew."""
        self.bodies[bucket, key] = body
