"""What is stored with an object and shown with it: from the parameters, and back into answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from stepwell.errors import ServiceError
from stepwell.services.s3.errors import invalid_argument, not_supported
from stepwell.services.s3.records import BucketRow, ObjectRow
from stepwell.services.s3.storage import NULL, settings_of
from stepwell.values import JsonObject, decode, encode_text

KEPT = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "StorageClass",
    "WebsiteRedirectLocation",
    "SSEKMSKeyId",
    "BucketKeyEnabled",
)
"""Members that are kept as they came."""

STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
    "EXPRESS_ONEZONE",
)
REFUSED = {
    "SSECustomerAlgorithm": "encryption with keys of customers (SSE-C)",
    "SSECustomerKey": "encryption with keys of customers (SSE-C)",
    "CopySourceSSECustomerKey": "encryption with keys of customers (SSE-C)",
    "ObjectLockMode": "Object Lock",
    "ObjectLockRetainUntilDate": "Object Lock",
    "ObjectLockLegalHoldStatus": "Object Lock",
    "WriteOffsetBytes": "appending to objects",
    "MFA": "MFA delete",
}
_OWNER_ACLS = ("private", "bucket-owner-full-control", "bucket-owner-read")
DEFAULT_TYPE = "binary/octet-stream"
TAGS_MAX = 10


def refuse_unsupported(params: Mapping[str, Any]) -> None:
    """Raises ServiceError for what would change the meaning of a call and is not there."""
    for name, what in REFUSED.items():
        if params.get(name):
            raise not_supported(what)
    granted = any(
        params.get(f"Grant{right}")
        for right in ("FullControl", "Read", "ReadACP", "WriteACP", "Write")
    )
    if granted or params.get("ACL", "private") not in _OWNER_ACLS:
        raise ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs")


def headers_of(params: Mapping[str, Any], bucket: BucketRow) -> JsonObject:
    """What is kept of a write's parameters. Raises ServiceError."""
    kept: JsonObject = {name: params[name] for name in KEPT if params.get(name) is not None}
    storage = kept.get("StorageClass", "STANDARD")
    if storage not in STORAGE_CLASSES:
        raise ServiceError("InvalidStorageClass", "The storage class you specified is not valid")
    kept.setdefault("ContentType", DEFAULT_TYPE)
    encryption = params.get("ServerSideEncryption") or _default_encryption(bucket)
    if encryption not in ("AES256", "aws:kms", "aws:kms:dsse"):
        text = "The encryption method specified is not supported"
        raise invalid_argument(text, "x-amz-server-side-encryption", str(encryption))
    kept["ServerSideEncryption"] = encryption
    return kept


def _default_encryption(bucket: BucketRow) -> str:
    configured = settings_of(bucket).get("encryption")
    if isinstance(configured, dict):
        rules = configured.get("Rules")
        if isinstance(rules, list) and rules and isinstance(rules[0], dict):
            default = rules[0].get("ApplyServerSideEncryptionByDefault")
            if isinstance(default, dict):
                return str(default.get("SSEAlgorithm", "AES256"))
    return "AES256"


def tags_of(tagging: str | None) -> dict[str, str]:
    """The tags of a `Tagging` header. Raises ServiceError InvalidArgument, BadRequest."""
    if not tagging:
        return {}
    pairs = parse_qsl(tagging, keep_blank_values=True, max_num_fields=50)
    return checked_tags([{"Key": key, "Value": value} for key, value in pairs], TAGS_MAX)


def checked_tags(tags: list[dict[str, str]], most: int) -> dict[str, str]:
    """Tags by key. Raises ServiceError InvalidTag, BadRequest."""
    if len(tags) > most:
        what = "Object" if most == TAGS_MAX else "Bucket"
        text = f"{what} tags cannot be greater than {most}"
        raise ServiceError("BadRequest", text)
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 1 <= len(key) <= 128:
            raise ServiceError("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > 256:
            raise ServiceError("InvalidTag", "The TagValue you have provided is invalid")
        if key.startswith("aws:"):
            text = "System tags cannot be added/updated by requester"
            raise ServiceError("InvalidTag", text)
        if key in found:
            text = "Cannot provide multiple Tags with the same key"
            raise ServiceError("InvalidTag", text)
        found[key] = value
    return found


def tag_set(tags: str) -> list[dict[str, str]]:
    """Tags of a row as answers list them."""
    kept = decode(tags)
    assert isinstance(kept, dict)
    return [{"Key": key, "Value": str(value)} for key, value in kept.items()]


def written(row: ObjectRow) -> dict[str, Any]:
    """What the answer to a write tells of the new object."""
    headers = loaded(row.headers)
    answer: dict[str, Any] = {"ETag": f'"{row.etag}"', **loaded(row.checksums)}
    for name in ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"):
        if headers.get(name):
            answer[name] = headers[name]
    return answer | version_shown(row)


def version_shown(row: ObjectRow) -> dict[str, Any]:
    """The version id, which objects of buckets without versioning do not show."""
    return {} if row.version == NULL else {"VersionId": row.version}


def described(row: ObjectRow, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the answer to a read tells of an object, all but its bytes and length."""
    answer: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": row.modified_at / 1000,
        "ETag": f'"{row.etag}"',
        **loaded(row.headers),
        "Metadata": loaded(row.metadata),
        **version_shown(row),
    }
    if answer.get("StorageClass") == "STANDARD":
        del answer["StorageClass"]
    if params.get("ChecksumMode") == "ENABLED" and not params.get("Range"):
        answer |= loaded(row.checksums)
    tags = len(loaded(row.tags))
    if tags:
        answer["TagCount"] = tags
    for name in (
        "CacheControl",
        "ContentDisposition",
        "ContentEncoding",
        "ContentLanguage",
        "ContentType",
        "Expires",
    ):
        if params.get(f"Response{name}") is not None:
            answer[name] = params[f"Response{name}"]
    return answer


def loaded(text: str) -> dict[str, Any]:
    """A column that holds a JSON object."""
    value = decode(text)
    assert isinstance(value, dict)
    return value


def dumped(value: Mapping[str, Any]) -> str:
    """A JSON object as a column holds it."""
    return encode_text(dict(value))
