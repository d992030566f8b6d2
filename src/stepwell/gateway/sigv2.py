"""Signature Version 2 of S3's presigned addresses, which SDKs still make in the oldest regions.

It covers the method, a few headers, the end of the address's time and the path with its
sub-resources, by HMAC-SHA1.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from stepwell.errors import ServiceError

SUBRESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)
"""Parts of the query that the signature covers."""


def is_signed_so(query: bytes) -> bool:
    """Whether an address is signed so."""
    return b"AWSAccessKeyId=" in query and b"Signature=" in query


def check_signature(
    method: str,
    resource: str,
    headers: Mapping[str, str],
    parameters: Mapping[str, str],
    secret: str,
) -> None:
    """Raises ServiceError InvalidSignatureException. `resource` begins with the bucket."""
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", "")]
    lines.append(parameters.get("Expires", ""))
    amazon = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    token = parameters.get("x-amz-security-token")
    if token is not None:
        amazon["x-amz-security-token"] = token
    lines.extend(f"{name}:{amazon[name]}" for name in sorted(amazon))
    covered = sorted((name, value) for name, value in parameters.items() if name in SUBRESOURCES)
    query = "&".join(f"{name}={value}" if value else name for name, value in covered)
    lines.append(f"{resource}?{query}" if query else resource)
    digest = hmac.digest(secret.encode(), "\n".join(lines).encode(), "sha1")
    wanted = base64.b64encode(digest)
    if not hmac.compare_digest(wanted, parameters.get("Signature", "").encode()):
        text = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        )
        raise ServiceError("InvalidSignatureException", text)
