"""Names of buckets, keys and metadata: what S3 takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stepwell.errors import ServiceError
from stepwell.services.s3.errors import invalid_argument

KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def check_bucket(name: str) -> None:
    """Raises ServiceError InvalidBucketName."""
    bad = (
        _BUCKET.fullmatch(name) is None
        or ".." in name
        or _ADDRESS.fullmatch(name) is not None
        or name.startswith(("xn--", "sthree-"))
        or name.endswith(("-s3alias", "--ol-s3"))
    )
    if bad:
        text = "The specified bucket is not valid."
        raise ServiceError("InvalidBucketName", text, fields={"BucketName": name})


def check_key(key: str) -> None:
    """Raises ServiceError KeyTooLongError, InvalidArgument."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES_MAX:
        raise ServiceError(
            "KeyTooLongError",
            "Your key is too long",
            fields={"Size": size, "MaxSizeAllowed": KEY_BYTES_MAX},
        )
    if "\0" in key or not key:
        raise invalid_argument("A key has at least one character, and none of them is NUL.")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raises ServiceError MetadataTooLarge."""
    size = sum(len(name.encode()) + len(text.encode()) for name, text in metadata.items())
    if size > METADATA_BYTES_MAX:
        raise ServiceError(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            fields={"Size": size, "MaxSizeAllowed": METADATA_BYTES_MAX},
        )


def bucket_arn(name: str) -> str:
    """The ARN of a bucket."""
    return f"arn:aws:s3:::{name}"
