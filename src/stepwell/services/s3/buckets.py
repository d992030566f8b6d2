"""CreateBucket, HeadBucket, ListBuckets, DeleteBucket, GetBucketLocation, versioning."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import shown
from stepwell.services.s3.configuration import TAGS_MAX
from stepwell.services.s3.errors import (
    bucket_not_empty,
    invalid_argument,
    malformed_xml,
    not_supported,
)
from stepwell.services.s3.names import bucket_arn, check_bucket
from stepwell.services.s3.records import OBJECT, UPLOAD, BucketRow
from stepwell.services.s3.storage import ENABLED, SUSPENDED, Storage, owner, region_of
from stepwell.values import JsonObject, encode_text

HOME = "us-east-1"
"""The region whose buckets have no location constraint."""
_OLD_IRELAND = "EU"
BUCKETS_PER_PAGE_MAX = 10_000
_ATTEMPTS_MAX = 10


async def create_bucket(storage: Storage, call: Call, params: Params) -> Answer:
    """CreateBucket."""
    name = str(params["Bucket"])
    check_bucket(name)
    _check_rights(params)
    configuration = params.get("CreateBucketConfiguration") or {}
    region = _region(call, configuration)
    known = storage.buckets.get(name)
    if known is not None:
        return _again(known, call, region)
    settings: JsonObject = {}
    tags = shown.checked_tags(configuration.get("Tags", []), TAGS_MAX)
    if tags:
        settings["tagging"] = dict(tags)
    if params.get("ObjectOwnership"):
        settings["ownership"] = {"Rules": [{"ObjectOwnership": params["ObjectOwnership"]}]}
    scope, now = f"{call.account}:{region}", storage.parts.clock.now()
    with storage.parts.ledger.stage() as turn:
        storage.buckets.put(turn, BucketRow(name, scope, now, "", encode_text(settings)))
    return _created(name)


def _check_rights(params: Params) -> None:
    if params.get("ObjectLockEnabledForBucket"):
        raise not_supported("Object Lock")
    granted = any(
        params.get(f"Grant{right}")
        for right in ("FullControl", "Read", "ReadACP", "Write", "WriteACP")
    )
    if granted or params.get("ACL", "private") != "private":
        text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise ServiceError("InvalidBucketAclWithObjectOwnership", text)


def _region(call: Call, configuration: dict[str, Any]) -> str:
    """Where the new bucket is to be. Raises ServiceError."""
    wanted = configuration.get("LocationConstraint")
    if wanted is None:
        if call.region == HOME:
            return HOME
        text = (
            "The unspecified location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise ServiceError("IllegalLocationConstraintException", text)
    if wanted == HOME:
        text = "The specified location-constraint is not valid"
        fields = {"LocationConstraint": wanted}
        raise ServiceError("InvalidLocationConstraint", text, fields=fields)
    place = "eu-west-1" if wanted == _OLD_IRELAND else str(wanted)
    if call.region not in (place, HOME):
        text = (
            f"The {wanted} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        raise ServiceError("IllegalLocationConstraintException", text)
    return place


def _again(known: BucketRow, call: Call, region: str) -> Answer:
    """The bucket exists: only in the oldest region that is fine, for its owner."""
    if not known.scope.startswith(f"{call.account}:"):
        text = (
            "The requested bucket name is not available. The bucket namespace is shared by all "
            "users of the system. Please select a different name and try again."
        )
        fields = {"BucketName": known.name}
        raise ServiceError("BucketAlreadyExists", text, status=409, fields=fields)
    if region_of(known) == region == HOME:
        return _created(known.name)
    text = "Your previous request to create the named bucket succeeded and you already own it."
    fields = {"BucketName": known.name}
    raise ServiceError("BucketAlreadyOwnedByYou", text, status=409, fields=fields)


def _created(name: str) -> Answer:
    return {"Location": f"/{name}", "BucketArn": bucket_arn(name)}


async def head_bucket(storage: Storage, call: Call, params: Params) -> Answer:
    """HeadBucket."""
    bucket = storage.bucket(params)
    return {
        "BucketArn": bucket_arn(bucket.name),
        "BucketRegion": region_of(bucket),
        "AccessPointAlias": False,
    }


async def list_buckets(storage: Storage, call: Call, params: Params) -> Answer:
    """ListBuckets: those of the caller's account."""
    limit = int(params.get("MaxBuckets", BUCKETS_PER_PAGE_MAX))
    if not 1 <= limit <= BUCKETS_PER_PAGE_MAX:
        text = f"Argument max-buckets must be an integer between 1 and {BUCKETS_PER_PAGE_MAX}"
        raise invalid_argument(text, "max-buckets", str(limit))
    prefix, region = params.get("Prefix", ""), params.get("BucketRegion")
    after = params.get("ContinuationToken", "")
    rows = sorted(
        row
        for row in storage.buckets.everything()
        if row.scope.startswith(f"{call.account}:")
        and row.name.startswith(prefix)
        and row.name > after
        and region in (None, region_of(row))
    )
    answer: dict[str, Any] = {
        "Owner": owner(call.account),
        "Buckets": [
            {
                "Name": row.name,
                "CreationDate": row.created_at / 1000,
                "BucketRegion": region_of(row),
                "BucketArn": bucket_arn(row.name),
            }
            for row in rows[:limit]
        ],
    }
    if prefix:
        answer["Prefix"] = prefix
    if len(rows) > limit:
        answer["ContinuationToken"] = rows[limit - 1].name
    return answer


async def delete_bucket(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteBucket. Uploads that were never completed do not keep a bucket: they are in its way."""
    bucket = storage.bucket(params)
    for _ in range(_ATTEMPTS_MAX):
        writes = storage.writes(bucket.name)
        await storage.parts.ledger.committed()
        if not await _is_empty(storage, bucket.name):
            raise bucket_not_empty(bucket.name)
        if storage.writes(bucket.name) == writes:
            storage.bucket(params)
            with storage.parts.ledger.stage() as turn:
                storage.buckets.delete(turn, bucket.name)
            return None
    text = "A conflicting conditional operation is currently in progress against this resource."
    raise ServiceError("OperationAborted", text, status=409)


async def _is_empty(storage: Storage, bucket: str) -> bool:
    store = storage.parts.store
    if await store.scan(OBJECT, (bucket,), limit=1):
        return False
    return not await store.scan(UPLOAD, (bucket,), limit=1)


async def get_bucket_location(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketLocation: null for the oldest region."""
    region = region_of(storage.bucket(params))
    return {"LocationConstraint": None if region == HOME else region}


async def get_bucket_versioning(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketVersioning: empty when it never was on."""
    status = storage.bucket(params).versioning
    return {"Status": status} if status else {}


async def put_bucket_versioning(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketVersioning."""
    bucket = storage.bucket(params)
    asked = params.get("VersioningConfiguration", {})
    status = asked.get("Status")
    if asked.get("MFADelete") == "Enabled" or params.get("MFA"):
        raise not_supported("MFA delete")
    if status not in (ENABLED, SUSPENDED):
        raise malformed_xml()
    with storage.parts.ledger.stage() as turn:
        storage.buckets.put(turn, bucket._replace(versioning=status))
    return None
