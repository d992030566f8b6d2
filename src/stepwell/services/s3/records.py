"""The rows S3 keeps.

Buckets are few and live in memory. What a key stands for now is an object row; what it stood for
before, in buckets with versioning, are version rows of the same shape. The bytes are chunks of a
blob; an object made of parts has several blobs, so that completing an upload copies nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from stepwell.runtime.tables import Table

CHUNK_BYTES = 256 * 1024
"""How many bytes one row holds."""


class BucketRow(NamedTuple):
    """One bucket."""

    name: str
    scope: str
    """`account:region` of its owner."""
    created_at: int
    versioning: str
    """Empty, `Enabled` or `Suspended`."""
    settings: str
    """JSON: what was configured, by the name of its sub-resource."""


BUCKET = Table("s3_bucket", BucketRow, ("name",))


class ObjectRow(NamedTuple):
    """One version of an object."""

    bucket: str
    key: str
    sequence: int
    """Greater than that of every earlier version."""
    version: str
    """Its id; `null` in buckets without versioning."""
    is_marker: int
    """1 for a delete marker, which has no bytes."""
    size: int
    etag: str
    """Without quotes."""
    modified_at: int
    blobs: str
    """JSON: [blob, bytes] of each part, in their order."""
    headers: str
    """JSON: what is shown with the object (ContentType, StorageClass, ...), by member name."""
    metadata: str
    """JSON."""
    checksums: str
    """JSON: the checksums by member name, their `ChecksumType`."""
    tags: str
    """JSON."""


OBJECT = Table("s3_object", ObjectRow, ("bucket", "key"))
VERSION = Table("s3_version", ObjectRow, ("bucket", "key", "sequence"))


class ChunkRow(NamedTuple):
    """A piece of a blob; all but the last have CHUNK_BYTES."""

    blob: int
    number: int
    data: bytes


CHUNK = Table("s3_chunk", ChunkRow, ("blob", "number"))


class UploadRow(NamedTuple):
    """A multipart upload that is neither completed nor aborted."""

    bucket: str
    key: str
    upload: str
    initiated_at: int
    headers: str
    metadata: str
    tags: str
    algorithm: str
    """The checksum algorithm that parts are sent with; empty for none."""
    checksum_type: str
    """`COMPOSITE` or `FULL_OBJECT`."""


UPLOAD = Table("s3_upload", UploadRow, ("bucket", "key", "upload"))


class PartRow(NamedTuple):
    """A part of such an upload."""

    upload: str
    number: int
    blob: int
    size: int
    etag: str
    modified_at: int
    checksums: str


PART = Table("s3_part", PartRow, ("upload", "number"))

TABLES: tuple[Table[Any], ...] = (BUCKET, OBJECT, VERSION, CHUNK, UPLOAD, PART)
