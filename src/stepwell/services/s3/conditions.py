"""Conditional requests: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since.

ETags count before times: a matching If-Match makes If-Unmodified-Since true, a failing
If-None-Match makes If-Modified-Since false (RFC 9110, and S3's pages of GetObject and CopyObject).
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from stepwell.services.s3.errors import failed_condition, no_such_key, not_modified
from stepwell.services.s3.records import ObjectRow


def check_read(params: Mapping[str, Any], row: ObjectRow) -> None:
    """The conditions of a read. Raises ServiceError PreconditionFailed, NotModified."""
    _check_unchanged(params, row, "IfMatch", "IfUnmodifiedSince", ("If-Match",) * 2)
    none_match, since = params.get("IfNoneMatch"), params.get("IfModifiedSince")
    headers = {
        "etag": f'"{row.etag}"',
        "last-modified": formatdate(row.modified_at // 1000, usegmt=True),
    }
    if none_match is not None:
        if _matches(none_match, row.etag):
            raise not_modified(headers)
    elif since is not None and row.modified_at // 1000 <= since:
        raise not_modified(headers)


def check_source(params: Mapping[str, Any], row: ObjectRow) -> None:
    """The conditions on the source of a copy. Raises ServiceError PreconditionFailed."""
    names = ("x-amz-copy-source-If-Match", "x-amz-copy-source-If-Unmodified-Since")
    _check_unchanged(params, row, "CopySourceIfMatch", "CopySourceIfUnmodifiedSince", names)
    none_match = params.get("CopySourceIfNoneMatch")
    since = params.get("CopySourceIfModifiedSince")
    if none_match is not None:
        if _matches(none_match, row.etag):
            raise failed_condition("x-amz-copy-source-If-None-Match")
    elif since is not None and row.modified_at // 1000 <= since:
        raise failed_condition("x-amz-copy-source-If-Modified-Since")


def check_write(params: Mapping[str, Any], key: str, row: ObjectRow | None) -> None:
    """The conditions of a write. Raises ServiceError PreconditionFailed, NoSuchKey."""
    there = row is not None and not row.is_marker
    if params.get("IfNoneMatch") is not None and there:
        raise failed_condition("If-None-Match")
    match = params.get("IfMatch")
    if match is None:
        return
    if row is None or not there:
        raise no_such_key(key)
    if not _matches(match, row.etag):
        raise failed_condition("If-Match")


def _check_unchanged(
    params: Mapping[str, Any], row: ObjectRow, match: str, unmodified: str, names: tuple[str, str]
) -> None:
    wanted, since = params.get(match), params.get(unmodified)
    if wanted is not None:
        if not _matches(wanted, row.etag):
            raise failed_condition(names[0])
    elif since is not None and row.modified_at // 1000 > since:
        raise failed_condition("If-Unmodified-Since" if names[0] == "If-Match" else names[1])


def _matches(wanted: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in wanted.split(",")]
    return "*" in tags or etag in tags
