"""Templates and policies in buckets: `TemplateURL` in all the ways that S3 is addressed."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from stepwell.deploy.reading import STORED_BYTES_MAX
from stepwell.deploy.resource_type import Cloud
from stepwell.errors import ServiceError
from stepwell.services.cloudformation.errors import invalid

_VIRTUAL = re.compile(r"(?P<bucket>.+)\.s3(?:[.-].+)?")
_STORE_ITSELF = re.compile(r"s3(?:[.-].+)?")
_LOCAL = re.compile(r"(?P<bucket>.+)\.localhost")


async def fetch(url: str, cloud: Cloud) -> str:
    """The text of an object. Raises ValidationError.

    Only the path and a bucket in the host count: whatever the host is called, it is this server's
    S3 that is read, never the network.
    """
    bucket, key, version = _place(url)
    params = {"Bucket": bucket, "Key": key, "VersionId": version}
    try:
        answer = await cloud.call("s3", "GetObject", params)
    except ServiceError as error:
        if error.code in ("NoSuchKey", "NoSuchBucket", "AccessDenied", "NoSuchVersion"):
            raise invalid(
                f"S3 error: {error.message}\nFor more information check "
                "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
            ) from error
        raise
    body = answer["Body"]
    if not isinstance(body, bytes):
        body = await _whole(body)
    if len(body) > STORED_BYTES_MAX:
        raise invalid("Template may not exceed 1000000 bytes in size.")
    try:
        return bytes(body).decode()
    except UnicodeDecodeError:
        raise invalid("Template format error: the object is not UTF-8 text.") from None


async def _whole(stream: object) -> bytes:
    """The bytes of a body that comes in pieces."""
    parts: list[bytes] = []
    size = 0
    async for part in stream:  # type: ignore[attr-defined]
        parts.append(part)
        size += len(part)
        if size > STORED_BYTES_MAX:
            break
    return b"".join(parts)


def _place(url: str) -> tuple[str, str, str | None]:
    """Bucket, key and version of an address."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise invalid("TemplateURL must be a supported URL.") from None
    if parts.scheme == "s3":
        bucket, key = parts.netloc, unquote(parts.path[1:])
    elif parts.scheme in ("http", "https"):
        bucket, key = _of_host(host, unquote(parts.path[1:]))
    else:
        raise invalid("TemplateURL must be a supported URL.")
    if not bucket or not key:
        raise invalid(f"S3 error: {url} names no object.")
    version = parse_qs(parts.query).get("versionId")
    return bucket, key, version[0] if version else None


def _of_host(host: str, path: str) -> tuple[str, str]:
    """As the gateway reads hosts: `bucket.s3.region.amazonaws.com`, `bucket.localhost`, or none."""
    found = _VIRTUAL.fullmatch(host)
    if found is None and not _STORE_ITSELF.fullmatch(host):
        found = _LOCAL.fullmatch(host)
    if found is not None:
        return found["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key
