"""Buckets of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.deploy.world import Deployed, reviewed

BUCKET = "AWS::S3::Bucket"
POLICY = "AWS::S3::BucketPolicy"


async def test_a_bucket_has_its_name_as_reference_and_its_addresses(deployed: Deployed) -> None:
    """A bucket has its name as reference, and attributes for ARN and addresses."""
    bucket = await deployed.make(BUCKET, {"BucketName": "photos"})
    assert bucket.id == "photos"
    assert bucket.attributes == {
        "Arn": "arn:aws:s3:::photos",
        "DomainName": "photos.s3.amazonaws.com",
        "DualStackDomainName": "photos.s3.dualstack.eu-west-1.amazonaws.com",
        "RegionalDomainName": "photos.s3.eu-west-1.amazonaws.com",
        "WebsiteURL": "http://photos.s3-website-eu-west-1.amazonaws.com",
    }
    shown = await deployed.call("s3", "GetBucketLocation", Bucket="photos")
    assert shown["LocationConstraint"] == "eu-west-1"


async def test_a_bucket_in_the_oldest_region_has_no_location(deployed: Deployed) -> None:
    """A bucket in us-east-1 is made without a location, and not taken over either."""
    deployed.cloud = deployed.core.calls.at("000000000000", "us-east-1")
    await deployed.make(BUCKET, {"BucketName": "photos"})
    shown = await deployed.call("s3", "GetBucketLocation", Bucket="photos")
    assert shown["LocationConstraint"] is None
    with pytest.raises(ServiceError, match="'photos' already exists"):
        await deployed.make(BUCKET, {"BucketName": "photos"}, "Other")


async def test_a_generated_name_is_one_that_buckets_can_have(deployed: Deployed) -> None:
    """A generated name has small letters only, and at most 63 characters."""
    bucket = await deployed.make(BUCKET, {}, "Photos")
    assert bucket.id == "shop-photos-abcdef123456"
    bucket = await deployed.make(BUCKET, {}, "P" * 200)
    assert len(bucket.id) == 63


FULL: dict[str, Any] = {
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
                "BucketKeyEnabled": "true",
            }
        ]
    },
    "CorsConfiguration": {
        "CorsRules": [
            {
                "AllowedMethods": ["GET"],
                "AllowedOrigins": ["*"],
                "ExposedHeaders": ["ETag"],
                "Id": "all",
                "MaxAge": "60",
            }
        ]
    },
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "logs/",
                "TagFilters": [{"Key": "a", "Value": "b"}],
                "ExpirationInDays": "30",
                "Transition": {"StorageClass": "GLACIER", "TransitionInDays": 7},
                "NoncurrentVersionExpirationInDays": 3,
            },
            {
                "Id": "then",
                "Status": "Disabled",
                "ExpirationDate": "2030-01-01T00:00:00Z",
                "NoncurrentVersionTransitions": [
                    {"StorageClass": "GLACIER", "TransitionInDays": 2}
                ],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
        ]
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": False},
    "Tags": [{"Key": "team", "Value": "shop"}],
    "VersioningConfiguration": {"Status": "Enabled"},
}


async def test_a_bucket_is_configured_as_the_template_says(deployed: Deployed) -> None:
    """Every configuration of the template is there as the API shows it."""
    await deployed.make(BUCKET, {"BucketName": "photos", **FULL})

    async def shown(operation: str) -> Any:
        return await deployed.call("s3", operation, Bucket="photos")

    encryption = (await shown("GetBucketEncryption"))["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": "k",
            },
            "BucketKeyEnabled": True,
        }
    ]
    assert (await shown("GetBucketCors"))["CORSRules"] == [
        {
            "AllowedMethods": ["GET"],
            "AllowedOrigins": ["*"],
            "ExposeHeaders": ["ETag"],
            "ID": "all",
            "MaxAgeSeconds": 60,
        }
    ]
    assert (await shown("GetBucketLifecycleConfiguration"))["Rules"] == [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Expiration": {"Days": 30},
            "Transitions": [{"Days": 7, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        },
        {
            "ID": "then",
            "Status": "Disabled",
            "Filter": {},
            "Expiration": {"Date": 1893456000.0},
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 2, "StorageClass": "GLACIER"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
    owned = (await shown("GetBucketOwnershipControls"))["OwnershipControls"]
    assert owned["Rules"] == [{"ObjectOwnership": "ObjectWriter"}]
    blocked = (await shown("GetPublicAccessBlock"))["PublicAccessBlockConfiguration"]
    assert blocked["BlockPublicAcls"] is False
    assert (await shown("GetBucketTagging"))["TagSet"] == [{"Key": "team", "Value": "shop"}]
    assert (await shown("GetBucketVersioning"))["Status"] == "Enabled"


async def test_what_a_template_drops_is_deleted(deployed: Deployed) -> None:
    """What a template drops is deleted; versioning, once on, is suspended."""
    bucket = await deployed.make(BUCKET, {"BucketName": "photos", **FULL})
    await deployed.change(BUCKET, bucket, {"BucketName": "photos"})
    for operation in ("GetBucketCors", "GetBucketLifecycleConfiguration", "GetBucketTagging"):
        with pytest.raises(ServiceError, match="does not exist"):
            await deployed.call("s3", operation, Bucket="photos")
    shown = await deployed.call("s3", "GetBucketVersioning", Bucket="photos")
    assert shown["Status"] == "Suspended"
    shown = await deployed.call("s3", "GetBucketEncryption", Bucket="photos")
    assert "AES256" in str(shown)
    for operation in ("GetPublicAccessBlock", "GetBucketOwnershipControls"):
        with pytest.raises(ServiceError, match="not found"):
            await deployed.call("s3", operation, Bucket="photos")


async def test_a_bucket_notifies_as_the_template_says(deployed: Deployed) -> None:
    """A queue hears of the objects that the filter names, until the template drops it."""
    queue = await deployed.make("AWS::SQS::Queue", {"QueueName": "created"})
    topic = await deployed.make("AWS::SNS::Topic", {"TopicName": "removed"})
    rule = {"Name": "suffix", "Value": ".jpg"}
    function = "arn:aws:lambda:eu-west-1:000000000000:function:thumbnail"
    notifications: dict[str, Any] = {
        "EventBridgeConfiguration": {"EventBridgeEnabled": "true"},
        "LambdaConfigurations": [{"Event": "s3:ObjectTagging:*", "Function": function}],
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": queue.attributes["Arn"],
                "Filter": {"S3Key": {"Rules": [rule]}},
            }
        ],
        "TopicConfigurations": [{"Event": "s3:ObjectRemoved:*", "Topic": topic.id}],
    }
    bucket = await deployed.make(BUCKET, {"NotificationConfiguration": notifications})
    shown = await deployed.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket.id)
    assert set(shown) == {
        "EventBridgeConfiguration",
        "LambdaFunctionConfigurations",
        "QueueConfigurations",
        "TopicConfigurations",
    }
    for key in ("a.txt", "b.jpg"):
        await deployed.call("s3", "PutObject", Bucket=bucket.id, Key=key, Body=b"x")
    received = await deployed.call(
        "sqs", "ReceiveMessage", QueueUrl=queue.id, MaxNumberOfMessages=10
    )
    bodies = [each["Body"] for each in received["Messages"]]
    assert len(bodies) == 2
    assert any("s3:TestEvent" in body for body in bodies)
    assert any('"b.jpg"' in body for body in bodies)
    await deployed.change(BUCKET, bucket, {})
    shown = await deployed.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket.id)
    assert shown == {}


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"NotificationConfiguration": {"QueueConfiguration": []}}, "QueueConfiguration"),
        (
            {"NotificationConfiguration": {"TopicConfigurations": [{"Events": ["s3:*"]}]}},
            "Events",
        ),
        ({"LifecycleConfiguration": {"Rule": []}}, "Rule"),
        ({"LifecycleConfiguration": {"Rules": [{"Days": 3}]}}, "Days"),
    ],
)
async def test_members_that_are_none_are_refused(
    deployed: Deployed, given: dict[str, Any], key: str
) -> None:
    """A member that a configuration does not have is not passed over, and no bucket is left."""
    with pytest.raises(ServiceError, match=rf"extraneous key \[{key}\] is not permitted"):
        await deployed.make(BUCKET, {"BucketName": "mine", **given})
    await deployed.make(BUCKET, {"BucketName": "mine"})


async def test_the_least_size_of_transitions_is_kept(deployed: Deployed) -> None:
    """The size below which objects are not moved is shown with the lifecycle."""
    size = "varies_by_storage_class"
    rules = [{"Status": "Enabled", "ExpirationInDays": 3}]
    lifecycle = {"TransitionDefaultMinimumObjectSize": size, "Rules": rules}
    bucket = await deployed.make(BUCKET, {"LifecycleConfiguration": lifecycle})
    shown = await deployed.call("s3", "GetBucketLifecycleConfiguration", Bucket=bucket.id)
    assert shown["TransitionDefaultMinimumObjectSize"] == size


async def test_a_bucket_with_objects_is_not_deleted(deployed: Deployed) -> None:
    """A bucket with objects is not deleted, in S3's words."""
    bucket = await deployed.make(BUCKET, {})
    await deployed.call("s3", "PutObject", Bucket=bucket.id, Key="a", Body=b"x")
    with pytest.raises(ServiceError, match="The bucket you tried to delete is not empty"):
        await deployed.drop(BUCKET, bucket)


async def test_a_bucket_that_cannot_be_configured_is_not_left_behind(deployed: Deployed) -> None:
    """A bucket whose notifications are refused is not there afterwards."""
    strange = {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": "nowhere"}]}
    with pytest.raises(ServiceError, match="ARN could not be parsed"):
        await deployed.make(BUCKET, {"BucketName": "mine", "NotificationConfiguration": strange})
    await deployed.make(BUCKET, {"BucketName": "mine"})


async def test_a_bucket_without_locks_may_say_so(deployed: Deployed) -> None:
    """ObjectLockEnabled may be false; true is refused, and a review says so beforehand."""
    await deployed.make(BUCKET, {"BucketName": "free", "ObjectLockEnabled": "false"})
    assert reviewed(BUCKET, {"ObjectLockEnabled": False}) == []
    with pytest.raises(ServiceError, match="can't be locked"):
        await deployed.make(BUCKET, {"BucketName": "locked", "ObjectLockEnabled": True})
    assert reviewed(BUCKET, {"ObjectLockEnabled": True}) == [
        "ObjectLockEnabled: objects can't be locked."
    ]


async def test_a_policy_is_put_on_its_bucket_and_taken_off(deployed: Deployed) -> None:
    """A policy is put on its bucket, changed and taken off."""
    bucket = await deployed.make(BUCKET, {}, "Photos")
    document = {"Version": "2012-10-17", "Statement": []}
    policy = await deployed.make(POLICY, {"Bucket": bucket.id, "PolicyDocument": document})
    assert policy.id == bucket.id
    changed = {"Version": "2012-10-17", "Id": "other", "Statement": []}
    given = {"Bucket": bucket.id, "PolicyDocument": changed}
    policy = await deployed.change(POLICY, policy, given)
    shown = await deployed.call("s3", "GetBucketPolicy", Bucket=bucket.id)
    assert '"other"' in shown["Policy"]
    await deployed.drop(POLICY, policy)
    with pytest.raises(ServiceError, match="does not exist"):
        await deployed.call("s3", "GetBucketPolicy", Bucket=bucket.id)
    await deployed.drop(BUCKET, bucket)
    await deployed.drop(POLICY, policy)
