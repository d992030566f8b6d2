"""What is configured for a bucket and shown back: tags, policy, CORS, encryption, public access,
ownership.

Nothing of it changes what requests may do here: all who may call this server may use its buckets.
Encryption and ownership are shown with objects.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import shown
from stepwell.services.s3.errors import malformed_xml, missing_configuration
from stepwell.services.s3.storage import Storage, account_of, owner, set_setting, settings_of
from stepwell.values import JsonObject, JsonValue

TAGS_MAX = 50
POLICY_BYTES_MAX = 20 * 1024

Run = Callable[[Storage, Call, Params], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Kept:
    """One sub-resource that is a document: put, shown, deleted as a whole."""

    name: str
    given: str
    """The member of the put that holds it."""
    inside: str | None
    """The one member of it that answers show; None when they show it whole, as `shown`."""
    shown: str
    missing: tuple[str, str]
    """Code and text when there is none."""
    default: JsonObject | None = None
    """What is there before anything was put."""


ENCRYPTION: JsonObject = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}
BLOCKED: JsonObject = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIP: JsonObject = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}

CORS = Kept(
    "cors",
    "CORSConfiguration",
    "CORSRules",
    "CORSRules",
    ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
)
ENCRYPTED = Kept(
    "encryption",
    "ServerSideEncryptionConfiguration",
    None,
    "ServerSideEncryptionConfiguration",
    (
        "ServerSideEncryptionConfigurationNotFoundError",
        "The server side encryption configuration was not found",
    ),
    ENCRYPTION,
)
PUBLIC_ACCESS = Kept(
    "publicAccessBlock",
    "PublicAccessBlockConfiguration",
    None,
    "PublicAccessBlockConfiguration",
    (
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
    ),
    BLOCKED,
)
OWNED = Kept(
    "ownership",
    "OwnershipControls",
    None,
    "OwnershipControls",
    ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    OWNERSHIP,
)


def put(kept: Kept) -> Run:
    """The operation that configures it."""

    async def run(storage: Storage, call: Call, params: Params) -> Answer:
        bucket, document = storage.bucket(params), params.get(kept.given)
        if not document or (kept.inside is not None and not document.get(kept.inside)):
            raise malformed_xml()
        set_setting(storage, bucket, kept.name, cast(JsonValue, document))
        return None

    return run


def get(kept: Kept) -> Run:
    """The operation that shows it."""

    async def run(storage: Storage, call: Call, params: Params) -> Answer:
        bucket = storage.bucket(params)
        document = cast("Any", settings_of(bucket).get(kept.name, kept.default))
        if document is None:
            raise missing_configuration(*kept.missing, bucket.name)
        return {kept.shown: document if kept.inside is None else document[kept.inside]}

    return run


def delete(kept: Kept) -> Run:
    """The operation that takes it away. What S3 cannot be without becomes the default again."""

    async def run(storage: Storage, call: Call, params: Params) -> Answer:
        bucket = storage.bucket(params)
        back = kept.default if kept.name == "encryption" else None
        set_setting(storage, bucket, kept.name, back)
        return None

    return run


async def put_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketTagging."""
    bucket, asked = storage.bucket(params), params.get("Tagging", {}).get("TagSet", [])
    tags = shown.checked_tags(asked, TAGS_MAX)
    set_setting(storage, bucket, "tagging", cast(JsonValue, tags or None))
    return None


async def get_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketTagging."""
    bucket = storage.bucket(params)
    tags = settings_of(bucket).get("tagging")
    if not isinstance(tags, dict):
        text = "The TagSet does not exist"
        raise missing_configuration("NoSuchTagSet", text, bucket.name)
    return {"TagSet": [{"Key": key, "Value": str(value)} for key, value in tags.items()]}


async def delete_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteBucketTagging."""
    set_setting(storage, storage.bucket(params), "tagging", None)
    return None


async def put_policy(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketPolicy: kept as it came, if it is a policy at all."""
    bucket, text = storage.bucket(params), str(params.get("Policy", ""))
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise ServiceError("PolicyTooLarge", "The policy exceeds the maximum allowed size")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        problem = "Policies must be valid JSON and the first byte must be '{'"
        raise ServiceError("MalformedPolicy", problem)
    if "Statement" not in document:
        raise ServiceError("MalformedPolicy", "Missing required field Statement")
    set_setting(storage, bucket, "policy", text)
    return None


async def get_policy(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketPolicy."""
    bucket = storage.bucket(params)
    policy = settings_of(bucket).get("policy")
    if policy is None:
        text = "The bucket policy does not exist"
        raise missing_configuration("NoSuchBucketPolicy", text, bucket.name)
    return {"Policy": policy}


async def delete_policy(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteBucketPolicy."""
    set_setting(storage, storage.bucket(params), "policy", None)
    return None


# What cannot be configured here, shown as S3 shows it then.


async def get_nothing(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketLogging, GetBucketAccelerateConfiguration: never configured."""
    storage.bucket(params)
    return {}


async def get_request_payment(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketRequestPayment: the owner."""
    storage.bucket(params)
    return {"Payer": "BucketOwner"}


async def put_request_payment(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketRequestPayment: who pays for nothing is always the owner."""
    storage.bucket(params)
    payer = (params.get("RequestPaymentConfiguration") or {}).get("Payer")
    if payer == "Requester":
        text = "Stepwell does not support buckets whose requesters pay"
        raise ServiceError("NotImplemented", text, status=501)
    if payer != "BucketOwner":
        raise malformed_xml()
    return None


def absent(code: str, text: str) -> Run:
    """An operation that shows what never was configured."""

    async def run(storage: Storage, call: Call, params: Params) -> Answer:
        raise missing_configuration(code, text, storage.bucket(params).name)

    return run


async def get_acl(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketAcl and GetObjectAcl: everything is the bucket owner's."""
    bucket = storage.bucket(params)
    if params.get("Key") is not None:
        await storage.find(bucket.name, str(params["Key"]), params.get("VersionId"))
    whose = owner(account_of(bucket))
    grantee = {"Type": "CanonicalUser", **whose}
    return {"Owner": whose, "Grants": [{"Grantee": grantee, "Permission": "FULL_CONTROL"}]}


async def put_acl(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketAcl and PutObjectAcl: what changes nothing is taken."""
    bucket = storage.bucket(params)
    if params.get("Key") is not None:
        await storage.find(bucket.name, str(params["Key"]), params.get("VersionId"))
    if params.get("AccessControlPolicy"):
        raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    shown.refuse_unsupported(params)
    return None
