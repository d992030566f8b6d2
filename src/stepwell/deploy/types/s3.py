"""Buckets and their policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from stepwell.deploy.calling import ask, must_be_free, or_undo
from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import already_exists, as_text, is_true, tag_list
from stepwell.deploy.types import s3_shapes
from stepwell.errors import ServiceError
from stepwell.values import JsonObject

_BUCKET = "AWS::S3::Bucket"
_POLICY = "AWS::S3::BucketPolicy"
_GONE = ("NoSuchBucket", "404")
_HOME = "us-east-1"
_NAME_MAX = 63
_DASHED = frozenset(
    {
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "eu-west-1",
        "sa-east-1",
    }
)
"""The regions whose websites are at `s3-website-`; the others' are at `s3-website.`."""


class _Part(NamedTuple):
    """A property that is a configuration of its own in the API."""

    put: str
    shape: Callable[[Any], JsonObject]
    """The parameters of the put, besides the bucket."""
    drop: tuple[str, JsonObject]
    """What brings back the state without it: an operation and its parameters."""


def _under(member: str) -> Callable[[Any], JsonObject]:
    """The configuration as the template writes it, as that member."""
    return lambda value: {member: value}


_PARTS = {
    "OwnershipControls": _Part(
        "PutBucketOwnershipControls",
        _under("OwnershipControls"),
        ("DeleteBucketOwnershipControls", {}),
    ),
    "PublicAccessBlockConfiguration": _Part(
        "PutPublicAccessBlock",
        _under("PublicAccessBlockConfiguration"),
        ("DeletePublicAccessBlock", {}),
    ),
    "BucketEncryption": _Part(
        "PutBucketEncryption", s3_shapes.encryption, ("DeleteBucketEncryption", {})
    ),
    "VersioningConfiguration": _Part(
        "PutBucketVersioning",
        _under("VersioningConfiguration"),
        ("PutBucketVersioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ),
    "CorsConfiguration": _Part("PutBucketCors", s3_shapes.cors, ("DeleteBucketCors", {})),
    "LifecycleConfiguration": _Part(
        "PutBucketLifecycleConfiguration", s3_shapes.lifecycle, ("DeleteBucketLifecycle", {})
    ),
    "NotificationConfiguration": _Part(
        "PutBucketNotificationConfiguration",
        s3_shapes.notification,
        ("PutBucketNotificationConfiguration", {"NotificationConfiguration": {}}),
    ),
}
"""In the order in which they are put."""


# Buckets


async def _create_bucket(cloud: Cloud, wanted: Wanted) -> Made:
    given = wanted.properties.get("BucketName")
    name = as_text(given) if given is not None else wanted.name(None, _NAME_MAX).lower()
    _refuse_locks(wanted.properties)
    there = await ask(cloud, "s3", "HeadBucket", {"Bucket": name}, _GONE) is not None
    if there and not wanted.repeated:
        raise already_exists(_BUCKET, name)
    if not there:
        params: JsonObject = {"Bucket": name}
        if cloud.region != _HOME:
            params["CreateBucketConfiguration"] = {"LocationConstraint": cloud.region}
        await cloud.call("s3", "CreateBucket", params)
    gone = {"Bucket": name}
    await or_undo(
        _configure(cloud, name, wanted), lambda: ask(cloud, "s3", "DeleteBucket", gone, _GONE)
    )
    return _made(cloud, name)


async def _configure(cloud: Cloud, name: str, wanted: Wanted) -> None:
    for prop, part in _PARTS.items():
        if wanted.properties.get(prop) is not None:
            await _put(cloud, name, part, wanted.properties[prop])
    await _put_tags(cloud, name, wanted)


async def _put(cloud: Cloud, bucket: str, part: _Part, value: Any) -> None:
    await cloud.call("s3", part.put, {"Bucket": bucket, **part.shape(value)})


async def _put_tags(cloud: Cloud, bucket: str, wanted: Wanted) -> None:
    tags = tag_list(wanted)
    if tags:
        params = {"Bucket": bucket, "Tagging": {"TagSet": tags}}
        await cloud.call("s3", "PutBucketTagging", params)
    else:
        await cloud.call("s3", "DeleteBucketTagging", {"Bucket": bucket})


def _made(cloud: Cloud, name: str) -> Made:
    region = cloud.region
    dash = "-" if region in _DASHED else "."
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website{dash}{region}.amazonaws.com",
        },
    )


async def _update_bucket(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    _refuse_locks(wanted.properties)
    for prop, part in _PARTS.items():
        before, after = existing.properties.get(prop), wanted.properties.get(prop)
        if after is not None and after != before:
            await _put(cloud, existing.id, part, after)
        elif after is None and before is not None:
            operation, params = part.drop
            await cloud.call("s3", operation, {"Bucket": existing.id, **params})
    await _put_tags(cloud, existing.id, wanted)
    return _made(cloud, existing.id)


async def _delete_bucket(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "s3", "DeleteBucket", {"Bucket": existing.id}, _GONE)


def _refuse_locks(properties: JsonObject) -> None:
    for trouble in _review(properties):
        raise ServiceError("InvalidRequest", trouble)


def _review(properties: JsonObject) -> list[str]:
    if is_true(properties.get("ObjectLockEnabled")):
        return ["ObjectLockEnabled: objects can't be locked."]
    return []


# Policies


async def _create_policy(cloud: Cloud, wanted: Wanted) -> Made:
    bucket = as_text(wanted.properties["Bucket"])
    look = ("s3", "GetBucketPolicy", {"Bucket": bucket})
    if not wanted.repeated:
        await must_be_free(cloud, (_POLICY, bucket), look, ("NoSuchBucketPolicy",))
    return await _put_policy(cloud, bucket, wanted)


async def _put_policy(cloud: Cloud, bucket: str, wanted: Wanted) -> Made:
    params = {"Bucket": bucket, "Policy": as_text(wanted.properties["PolicyDocument"])}
    await cloud.call("s3", "PutBucketPolicy", params)
    return Made(bucket)


async def _update_policy(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    return await _put_policy(cloud, existing.id, wanted)


async def _delete_policy(cloud: Cloud, existing: Existing) -> None:
    await ask(cloud, "s3", "DeleteBucketPolicy", {"Bucket": existing.id}, _GONE)


TYPES = (
    ResourceType(
        _BUCKET,
        _create_bucket,
        _delete_bucket,
        _update_bucket,
        optional=frozenset({"BucketName", "ObjectLockEnabled", "Tags", *_PARTS}),
        without_effect=frozenset(
            {
                "AbacStatus",
                "AccelerateConfiguration",
                "AccessControl",
                "AnalyticsConfigurations",
                "IntelligentTieringConfigurations",
                "LoggingConfiguration",
                "MetricsConfigurations",
            }
        ),
        refused={
            "BucketNamePrefix": "buckets have no namespaces of accounts",
            "BucketNamespace": "buckets have no namespaces of accounts",
            "InventoryConfigurations": "no inventory is written",
            "MetadataConfiguration": "there are no metadata tables",
            "MetadataTableConfiguration": "there are no metadata tables",
            "ObjectLockConfiguration": "objects can't be locked",
            "ReplicationConfiguration": "objects are not copied to other buckets",
            "WebsiteConfiguration": "buckets are not served as websites",
        },
        replaces=frozenset({"BucketName"}),
        attributes=frozenset(
            {"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"}
        ),
        review=_review,
    ),
    ResourceType(
        _POLICY,
        _create_policy,
        _delete_policy,
        _update_policy,
        required=frozenset({"Bucket", "PolicyDocument"}),
        replaces=frozenset({"Bucket"}),
    ),
)
