"""The operations of S3 as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Cleared, Embedding
from stepwell.services.operations import Run, runs
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

_OPERATIONS: dict[str, Run[Storage]] = {
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
    return Service("s3", runs(storage, _OPERATIONS), checks_itself=True)


def embedded(storage: Storage) -> Embedded:
    """S3 as a part of the server, with what expires."""
    expiring = rounds(storage)
    storage.lifecycle_changed = expiring.arm
    return Embedding(Cleared(storage, expiring, FIRST_ROUND_MS), [service(storage)])
