"""ListObjects, ListObjectsV2, ListObjectVersions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from stepwell.services.api import Answer, Call, Params
from stepwell.services.paging import name_in, token_of
from stepwell.services.s3.errors import invalid_argument
from stepwell.services.s3.records import OBJECT, VERSION, BucketRow, ObjectRow
from stepwell.services.s3.shown import loaded
from stepwell.services.s3.storage import Storage, account_of, owner
from stepwell.services.s3.walking import Keys, group_of, page_of

KEYS_MAX = 1_000


async def list_objects(storage: Storage, call: Call, params: Params) -> Answer:
    """ListObjects, the first version."""
    bucket, limit, coded = storage.bucket(params), _limit(params), coding(params)
    prefix, delimiter = params.get("Prefix", ""), params.get("Delimiter", "")
    marker = params.get("Marker", "")
    page = await page_of(storage.parts.store, bucket.name, prefix, delimiter, marker or None, limit)
    answer = _heading(params, bucket, limit, coded) | {
        "Marker": coded(marker),
        "IsTruncated": page.truncated,
        "Contents": [_entry(row, coded) | _owned(bucket) for row in page.rows],
        "CommonPrefixes": [{"Prefix": coded(group)} for group in page.groups],
    }
    if page.truncated and delimiter:
        answer["NextMarker"] = coded(page.last)
    return answer


async def list_objects_v2(storage: Storage, call: Call, params: Params) -> Answer:
    """ListObjectsV2."""
    bucket, limit, coded = storage.bucket(params), _limit(params), coding(params)
    prefix, delimiter = params.get("Prefix", ""), params.get("Delimiter", "")
    start, token = params.get("StartAfter"), params.get("ContinuationToken")
    after = start if token is None else _read_token(token)
    page = await page_of(storage.parts.store, bucket.name, prefix, delimiter, after or None, limit)
    with_owner = _owned(bucket) if params.get("FetchOwner") else {}
    answer = _heading(params, bucket, limit, coded) | {
        "KeyCount": len(page.rows) + len(page.groups),
        "IsTruncated": page.truncated,
        "Contents": [_entry(row, coded) | with_owner for row in page.rows],
        "CommonPrefixes": [{"Prefix": coded(group)} for group in page.groups],
    }
    if start is not None:
        answer["StartAfter"] = coded(start)
    if token is not None:
        answer["ContinuationToken"] = token
    if page.truncated:
        answer["NextContinuationToken"] = token_of(page.last)
    return answer


async def list_object_versions(storage: Storage, call: Call, params: Params) -> Answer:
    """ListObjectVersions: all versions of a key, newest first, before the next key."""
    bucket, limit, coded = storage.bucket(params), _limit(params), coding(params)
    prefix, delimiter = params.get("Prefix", ""), params.get("Delimiter", "")
    marker, version_marker = params.get("KeyMarker", ""), params.get("VersionIdMarker", "")
    if version_marker and not marker:
        text = "A version-id marker cannot be specified without a key marker."
        raise invalid_argument(text, "version-id-marker", version_marker)
    answer = _heading(params, bucket, limit, coded) | {
        "KeyMarker": coded(marker),
        "VersionIdMarker": version_marker,
        "IsTruncated": False,
        "Versions": [],
        "DeleteMarkers": [],
        "CommonPrefixes": [],
    }
    count, last = 0, ("", "")
    walk = _Versions(storage, bucket, prefix, delimiter, marker, version_marker)
    while limit and (item := await walk.next()) is not None:
        if count == limit:
            answer |= {
                "IsTruncated": True,
                "NextKeyMarker": coded(last[0]),
                "NextVersionIdMarker": last[1],
            }
            break
        count += 1
        if isinstance(item, str):
            answer["CommonPrefixes"].append({"Prefix": coded(item)})
            last = (item, "")
            continue
        row, is_latest = item
        shown = _version(row, coded, is_latest) | _owned(bucket)
        answer["DeleteMarkers" if row.is_marker else "Versions"].append(shown)
        last = (row.key, row.version)
    return answer


class _Versions:
    """Versions and groups in the order in which they are listed."""

    def __init__(
        self,
        storage: Storage,
        bucket: BucketRow,
        prefix: str,
        delimiter: str,
        marker: str,
        version_marker: str,
    ) -> None:
        self._store = storage.parts.store
        self._bucket = bucket.name
        self._prefix, self._delimiter = prefix, delimiter
        self._marker, self._version_marker = marker, version_marker
        self._keys = Keys(self._store, self._bucket, prefix, marker or None)
        self._begun = not version_marker
        self._pending: list[tuple[ObjectRow, bool]] = []

    async def next(self) -> str | tuple[ObjectRow, bool] | None:
        """A group, or a version and whether it is the newest; None at the end."""
        if not self._begun:
            self._begun = True
            first = await self._store.get(OBJECT, (self._bucket, self._marker))
            if first is not None and first.key.startswith(self._prefix):
                self._pending = await self._all(first)
        while not self._pending:
            row = await self._keys.next()
            if row is None:
                return None
            group = group_of(row.key, self._prefix, self._delimiter)
            if group is not None:
                self._keys.jump(group)
                if not self._marker or group > self._marker:
                    return group
                continue
            self._pending = await self._all(row)
        return self._pending.pop(0)

    async def _all(self, row: ObjectRow) -> list[tuple[ObjectRow, bool]]:
        """All versions of a key from behind the marker on, newest first."""
        found = [(row, True)]
        after: tuple[int] | None = None
        while True:
            older = await self._store.scan(
                VERSION, (self._bucket, row.key), after=after, limit=KEYS_MAX, reverse=True
            )
            found.extend((each, False) for each in older)
            if len(older) < KEYS_MAX:
                break
            after = (older[-1].sequence,)
        if not self._version_marker or row.key != self._marker:
            return found
        ids = [each.version for each, _ in found]
        if self._version_marker in ids:
            return found[ids.index(self._version_marker) + 1 :]
        return []


def _limit(params: Params) -> int:
    limit = int(params.get("MaxKeys", KEYS_MAX))
    if limit < 0:
        text = "Argument maxKeys must be an integer between 0 and 2147483647"
        raise invalid_argument(text, "maxKeys", str(limit))
    return min(limit, KEYS_MAX)


def coding(params: Params) -> Callable[[str], str]:
    """How names are written: as they are, or so that any XML parser can read them."""
    kind = params.get("EncodingType")
    if kind is None:
        return str
    if kind != "url":
        raise invalid_argument(
            "Invalid Encoding Method specified in Request", "encoding-type", str(kind)
        )
    return lambda text: quote_plus(text, safe="/*")


def _heading(
    params: Params, bucket: BucketRow, limit: int, coded: Callable[[str], str]
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "Name": bucket.name,
        "Prefix": coded(params.get("Prefix", "")),
        "MaxKeys": limit,
    }
    if params.get("Delimiter"):
        answer["Delimiter"] = coded(params["Delimiter"])
    if params.get("EncodingType"):
        answer["EncodingType"] = params["EncodingType"]
    return answer


def _entry(row: ObjectRow, coded: Callable[[str], str]) -> dict[str, Any]:
    kept = loaded(row.checksums)
    names = [name.removeprefix("Checksum") for name in kept if name != "ChecksumType"]
    entry: dict[str, Any] = {
        "Key": coded(row.key),
        "LastModified": row.modified_at / 1000,
        "ETag": f'"{row.etag}"',
        "Size": row.size,
        "StorageClass": loaded(row.headers).get("StorageClass", "STANDARD"),
    }
    if names:
        entry |= {"ChecksumAlgorithm": names, "ChecksumType": kept.get("ChecksumType")}
    return entry


def _version(row: ObjectRow, coded: Callable[[str], str], is_latest: bool) -> dict[str, Any]:
    entry = {"VersionId": row.version, "IsLatest": is_latest}
    if row.is_marker:
        return entry | {"Key": coded(row.key), "LastModified": row.modified_at / 1000}
    return entry | _entry(row, coded)


def _owned(bucket: BucketRow) -> dict[str, Any]:
    return {"Owner": owner(account_of(bucket))}


def _read_token(token: str) -> str:
    try:
        return name_in(token)
    except ValueError as error:
        text = "The continuation token provided is incorrect"
        raise invalid_argument(text, "continuation-token", token) from error
