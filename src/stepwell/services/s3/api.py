"""The operations of S3 as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from stepwell.services.api import Answer, Call, Door, Operation, Params, Service
from stepwell.services.s3 import (
    buckets,
    configuration,
    deleting,
    lifecycle,
    listing,
    multipart,
    notifications,
    reading,
    tagging,
    writing,
)
from stepwell.services.s3.configuration import (
    CORS,
    ENCRYPTED,
    OWNED,
    PUBLIC_ACCESS,
    absent,
    delete,
    get,
    put,
)
from stepwell.services.s3.expiring import FIRST_ROUND_MS, rounds
from stepwell.services.s3.storage import Storage

_Operation = Callable[[Storage, Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "AbortMultipartUpload": multipart.abort_multipart_upload,
    "CompleteMultipartUpload": multipart.complete_multipart_upload,
    "CopyObject": writing.copy_object,
    "CreateBucket": buckets.create_bucket,
    "CreateMultipartUpload": multipart.create_multipart_upload,
    "DeleteBucket": buckets.delete_bucket,
    "DeleteBucketCors": delete(CORS),
    "DeleteBucketEncryption": delete(ENCRYPTED),
    "DeleteBucketLifecycle": lifecycle.delete_lifecycle,
    "DeleteBucketOwnershipControls": delete(OWNED),
    "DeleteBucketPolicy": configuration.delete_policy,
    "DeleteBucketTagging": configuration.delete_tagging,
    "DeleteObject": deleting.delete_object,
    "DeleteObjectTagging": tagging.delete_object_tagging,
    "DeleteObjects": deleting.delete_objects,
    "DeletePublicAccessBlock": delete(PUBLIC_ACCESS),
    "GetBucketAccelerateConfiguration": configuration.get_nothing,
    "GetBucketAcl": configuration.get_acl,
    "GetBucketCors": get(CORS),
    "GetBucketEncryption": get(ENCRYPTED),
    "GetBucketLifecycleConfiguration": lifecycle.get_lifecycle,
    "GetBucketLocation": buckets.get_bucket_location,
    "GetBucketLogging": configuration.get_nothing,
    "GetBucketNotificationConfiguration": notifications.get_configuration,
    "GetBucketOwnershipControls": get(OWNED),
    "GetBucketPolicy": configuration.get_policy,
    "GetBucketReplication": absent(
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found"
    ),
    "GetBucketRequestPayment": configuration.get_request_payment,
    "GetBucketTagging": configuration.get_tagging,
    "GetBucketVersioning": buckets.get_bucket_versioning,
    "GetBucketWebsite": absent(
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    ),
    "GetObject": reading.get_object,
    "GetObjectAcl": configuration.get_acl,
    "GetObjectAttributes": reading.get_object_attributes,
    "GetObjectLockConfiguration": absent(
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    ),
    "GetObjectTagging": tagging.get_object_tagging,
    "GetPublicAccessBlock": get(PUBLIC_ACCESS),
    "HeadBucket": buckets.head_bucket,
    "HeadObject": reading.head_object,
    "ListBuckets": buckets.list_buckets,
    "ListMultipartUploads": multipart.list_multipart_uploads,
    "ListObjectVersions": listing.list_object_versions,
    "ListObjects": listing.list_objects,
    "ListObjectsV2": listing.list_objects_v2,
    "ListParts": multipart.list_parts,
    "PutBucketAcl": configuration.put_acl,
    "PutBucketCors": put(CORS),
    "PutBucketEncryption": put(ENCRYPTED),
    "PutBucketLifecycleConfiguration": lifecycle.put_lifecycle,
    "PutBucketNotificationConfiguration": notifications.put_configuration,
    "PutBucketOwnershipControls": put(OWNED),
    "PutBucketPolicy": configuration.put_policy,
    "PutBucketRequestPayment": configuration.put_request_payment,
    "PutBucketTagging": configuration.put_tagging,
    "PutBucketVersioning": buckets.put_bucket_versioning,
    "PutObject": writing.put_object,
    "PutObjectAcl": configuration.put_acl,
    "PutObjectTagging": tagging.put_object_tagging,
    "PutPublicAccessBlock": put(PUBLIC_ACCESS),
    "UploadPart": multipart.upload_part,
    "UploadPartCopy": multipart.upload_part_copy,
}


def service(storage: Storage) -> Service:
    """S3 on those buckets."""
    operations = {name: _bind(storage, run) for name, run in _OPERATIONS.items()}
    return Service("s3", operations, checks_itself=True)


def _bind(storage: Storage, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await storage.buckets.ready()
        answer = await run(storage, call, params)
        await storage.parts.ledger.committed()
        return answer

    return operation


class EmbeddedStorage:
    """S3 as a part of the server."""

    def __init__(self, storage: Storage) -> None:
        self._service = service(storage)
        self._storage = storage
        self._expiring = rounds(storage)
        storage.lifecycle_changed = self._expiring.arm

    def services(self) -> Sequence[Service]:
        """S3."""
        return [self._service]

    def doors(self) -> Sequence[Door]:
        """None: its addresses are the API's."""
        return []

    async def load(self) -> None:
        """Bring the buckets into memory; expire what is due, and again every hour."""
        await self._storage.buckets.ready()
        self._expiring.arm(FIRST_ROUND_MS)

    def stop_waiting(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        """Stop expiring."""
        await self._expiring.close()
