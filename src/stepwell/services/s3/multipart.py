"""Multipart uploads: parts are stored as they come, completing one only writes its index entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import blobs, checksums, shown
from stepwell.services.s3.conditions import check_write
from stepwell.services.s3.errors import (
    invalid_argument,
    invalid_request,
    malformed_xml,
    no_such_upload,
)
from stepwell.services.s3.lifecycle_rules import expiration_shown
from stepwell.services.s3.listing import coding
from stepwell.services.s3.names import check_key, check_metadata
from stepwell.services.s3.notifications import Happened, notify
from stepwell.services.s3.ranges import of_copy
from stepwell.services.s3.records import PART, UPLOAD, BucketRow, PartRow, UploadRow
from stepwell.services.s3.storage import Storage
from stepwell.services.s3.writing import Content, beside, copied, new_version

PART_BYTES_MIN = 5 * 1024 * 1024
PARTS_MAX = 10_000
_PAGE = 1_000


async def create_multipart_upload(storage: Storage, call: Call, params: Params) -> Answer:
    """CreateMultipartUpload."""
    bucket, key = storage.bucket(params), str(params["Key"])
    check_key(key)
    shown.refuse_unsupported(params)
    check_metadata(params.get("Metadata", {}))
    algorithm = str(params.get("ChecksumAlgorithm") or "").upper()
    if algorithm and algorithm not in checksums.ALGORITHMS:
        raise invalid_request("Checksum algorithm provided is unsupported.")
    kind = _checksum_type(algorithm, params.get("ChecksumType"))
    headers = shown.headers_of(params, bucket)
    row = UploadRow(
        bucket.name,
        key,
        f"{storage.parts.ids.next_id():016x}{storage.parts.ids.secret(16).hex()}",
        storage.parts.clock.now(),
        shown.dumped(headers),
        shown.dumped(params.get("Metadata", {})),
        shown.dumped(shown.tags_of(params.get("Tagging"))),
        algorithm,
        kind,
    )
    with storage.parts.ledger.stage() as turn:
        turn.put(UPLOAD, row)
    await storage.parts.ledger.committed()
    answer: dict[str, Any] = {"Bucket": bucket.name, "Key": key, "UploadId": row.upload}
    answer["ServerSideEncryption"] = headers["ServerSideEncryption"]
    if algorithm:
        answer |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    return answer


def _checksum_type(algorithm: str, kind: str | None) -> str:
    usual = checksums.COMPOSITE
    if algorithm in ("", "CRC64NVME"):
        usual = checksums.FULL_OBJECT
    chosen = kind or usual
    whole = chosen == checksums.FULL_OBJECT
    if (whole and algorithm.startswith("SHA")) or (not whole and algorithm in ("", "CRC64NVME")):
        name = (algorithm or "null").lower()
        raise invalid_request(
            f"The {chosen} checksum type cannot be used with the {name} checksum algorithm."
        )
    return chosen


async def upload_part(storage: Storage, call: Call, params: Params) -> Answer:
    """UploadPart."""
    bucket = storage.bucket(params)
    shown.refuse_unsupported(params)
    number, body = _number(params), params.get("Body", b"")
    upload = await _upload(storage, bucket, params)
    part = await _put_part(storage, params, upload, number, body)
    answer = {"ETag": f'"{part.etag}"', "ServerSideEncryption": "AES256"}
    return answer | shown.loaded(part.checksums)


async def upload_part_copy(storage: Storage, call: Call, params: Params) -> Answer:
    """UploadPartCopy."""
    bucket = storage.bucket(params)
    shown.refuse_unsupported(params)
    number, upload = _number(params), await _upload(storage, bucket, params)
    _, origin = await copied(storage, params)
    span = of_copy(params.get("CopySourceRange"), origin.size)
    if span.size > storage.object_bytes_max:
        raise invalid_request(
            "The specified copy source is larger than the maximum allowable size for a copy "
            f"source: {storage.object_bytes_max}"
        )
    body = await blobs.read_whole(storage.parts.store, blobs.read_blobs(origin.blobs), span)
    part = await _put_part(storage, {}, upload, number, body)
    result = {"ETag": f'"{part.etag}"', "LastModified": part.modified_at / 1000}
    answer: dict[str, Any] = {"ServerSideEncryption": "AES256"}
    if origin.version != "null":
        answer["CopySourceVersionId"] = origin.version
    return answer | {"CopyPartResult": result | shown.loaded(part.checksums)}


async def _put_part(
    storage: Storage, params: Params, upload: UploadRow, number: int, body: bytes
) -> PartRow:
    algorithm = upload.algorithm or checksums.DEFAULT_ALGORITHM
    sent = checksums.given(params)
    if upload.algorithm and sent and f"Checksum{algorithm}" not in sent:
        name = next(iter(sent)).removeprefix("Checksum").lower()
        text = (
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.lower()}, "
            f"actual checksum Type: {name}"
        )
        raise invalid_request(text)
    etag, kept = await beside(
        body, lambda: (checksums.md5(body), _part_checksums(params, body, algorithm))
    )
    async with storage.locks.hold([(upload.bucket, upload.upload)]):
        if await storage.parts.store.get(UPLOAD, UPLOAD.key_of(upload)) is None:
            raise no_such_upload(upload.upload)
        old = await storage.parts.store.get(PART, (upload.upload, number))
        with storage.parts.ledger.stage() as turn:
            if old is not None:
                blobs.delete(turn, [(old.blob, old.size)])
            blob, size = blobs.write(turn, storage.parts.ids, body)
            now = storage.parts.clock.now()
            text = shown.dumped(kept)
            row = PartRow(upload.upload, number, blob, size, etag, now, text)
            turn.put(PART, row)
        await storage.parts.ledger.committed()
    return row


def _part_checksums(params: Params, body: bytes, algorithm: str) -> dict[str, str]:
    """What the caller sent, verified, and what completing the upload will need."""
    kept = checksums.verified(params, body, algorithm)
    member = f"Checksum{algorithm}"
    if member not in kept:
        kept[member] = checksums.digest(algorithm, body)
    return kept


async def complete_multipart_upload(storage: Storage, call: Call, params: Params) -> Answer:
    """CompleteMultipartUpload."""
    bucket, key = storage.bucket(params), str(params["Key"])
    asked = params.get("MultipartUpload", {}).get("Parts", [])
    if not asked or len(asked) > PARTS_MAX:
        raise malformed_xml()
    names = [(bucket.name, str(params["UploadId"])), (bucket.name, key)]
    async with storage.locks.hold(names):
        upload = await _upload(storage, bucket, params)
        parts = await _parts(storage, upload)
        chosen = _chosen(asked, parts, upload)
        content = _content(params, upload, chosen)
        before = await storage.before(bucket, key)
        check_write(params, key, before.current)
        bucket = storage.bucket(params)
        with storage.parts.ledger.stage() as turn:
            row = new_version(storage, turn, bucket, key, before, content)
            used = {part.number for part in chosen}
            _end_upload(turn, upload, parts, kept=used)
            event = "ObjectCreated:CompleteMultipartUpload"
            notify(storage, turn, call, Happened(event, bucket, row))
        await storage.parts.ledger.committed()
    location = f"{call.base_url}/{bucket.name}/{key}"
    place = {"Location": location, "Bucket": bucket.name, "Key": key}
    return place | shown.written(row) | expiration_shown(bucket, row)


def _chosen(
    asked: Sequence[dict[str, Any]], parts: Sequence[PartRow], upload: UploadRow
) -> list[PartRow]:
    """The parts of the object.

    Raises ServiceError InvalidPart, InvalidPartOrder, EntityTooSmall.
    """
    known, chosen, last = {part.number: part for part in parts}, [], 0
    for item in asked:
        number, etag = item.get("PartNumber"), str(item.get("ETag", "")).strip('"')
        if number is None:
            raise malformed_xml()
        if number <= last:
            text = (
                "The list of parts was not in ascending order. Parts must be ordered by part "
                "number."
            )
            raise ServiceError("InvalidPartOrder", text, fields={"UploadId": upload.upload})
        last = number
        part = known.get(number)
        if part is None or part.etag != etag or not _same_checksums(item, part):
            text = (
                "One or more of the specified parts could not be found.  The part may not have "
                "been uploaded, or the specified entity tag may not match the part's entity tag."
            )
            fields = {"UploadId": upload.upload, "PartNumber": number, "ETag": etag}
            raise ServiceError("InvalidPart", text, fields=fields)
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < PART_BYTES_MIN:
            text = "Your proposed upload is smaller than the minimum allowed size"
            fields = {
                "ProposedSize": part.size,
                "MinSizeAllowed": PART_BYTES_MIN,
                "PartNumber": part.number,
                "ETag": part.etag,
            }
            raise ServiceError("EntityTooSmall", text, fields=fields)
    return chosen


def _same_checksums(item: dict[str, Any], part: PartRow) -> bool:
    kept = shown.loaded(part.checksums)
    return all(
        kept.get(member, item[member]) == item[member]
        for member in checksums.MEMBERS
        if item.get(member)
    )


def _content(params: Params, upload: UploadRow, parts: Sequence[PartRow]) -> Content:
    algorithm = upload.algorithm or checksums.DEFAULT_ALGORITHM
    member = f"Checksum{algorithm}"
    known = [(str(shown.loaded(part.checksums)[member]), part.size) for part in parts]
    whole = checksums.of_parts(algorithm, upload.checksum_type, known)
    sent = params.get(member)
    if sent is not None and sent.partition("-")[0] != whole.partition("-")[0]:
        text = f"The {algorithm} you specified did not match the calculated checksum."
        raise ServiceError("BadDigest", text)
    return Content(
        [(part.blob, part.size) for part in parts],
        sum(part.size for part in parts),
        checksums.etag_of_parts([part.etag for part in parts]),
        shown.loaded(upload.headers),
        shown.loaded(upload.metadata),
        {member: whole, "ChecksumType": upload.checksum_type},
        shown.loaded(upload.tags),
    )


async def abort_multipart_upload(storage: Storage, call: Call, params: Params) -> Answer:
    """AbortMultipartUpload."""
    bucket = storage.bucket(params)
    async with storage.locks.hold([(bucket.name, str(params["UploadId"]))]):
        upload = await _upload(storage, bucket, params)
        parts = await _parts(storage, upload)
        with storage.parts.ledger.stage() as turn:
            _end_upload(turn, upload, parts, kept=set())
        await storage.parts.ledger.committed()
    return None


def _end_upload(turn: Turn, upload: UploadRow, parts: Sequence[PartRow], *, kept: set[int]) -> None:
    """Stage the end of an upload; the bytes of the `kept` parts live on in the object."""
    turn.delete(UPLOAD, UPLOAD.key_of(upload))
    for part in parts:
        turn.delete(PART, PART.key_of(part))
        if part.number not in kept:
            blobs.delete(turn, [(part.blob, part.size)])


async def list_parts(storage: Storage, call: Call, params: Params) -> Answer:
    """ListParts."""
    bucket = storage.bucket(params)
    upload = await _upload(storage, bucket, params)
    limit = min(int(params.get("MaxParts", _PAGE)), _PAGE)
    after = int(params.get("PartNumberMarker") or 0)
    rows = await storage.parts.store.scan(PART, (upload.upload,), after=(after,), limit=limit + 1)
    page = rows[:limit]
    return {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.upload,
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(rows) > limit,
        "StorageClass": shown.loaded(upload.headers).get("StorageClass", "STANDARD"),
        "Parts": [
            {
                "PartNumber": row.number,
                "LastModified": row.modified_at / 1000,
                "ETag": f'"{row.etag}"',
                "Size": row.size,
                **shown.loaded(row.checksums),
            }
            for row in page
        ],
    }


async def list_multipart_uploads(storage: Storage, call: Call, params: Params) -> Answer:
    """ListMultipartUploads, without groups."""
    bucket = storage.bucket(params)
    if params.get("Delimiter"):
        raise ServiceError(
            "NotImplemented",
            "Stepwell's S3 does not group multipart uploads by a delimiter.",
            status=501,
        )
    limit = min(int(params.get("MaxUploads", _PAGE)), _PAGE)
    prefix, coded = params.get("Prefix", ""), coding(params)
    marker, upload_marker = params.get("KeyMarker", ""), params.get("UploadIdMarker", "")
    after = (marker, upload_marker or "\U0010ffff") if marker else None
    rows: list[UploadRow] = []
    while len(rows) <= limit:
        batch = await storage.parts.store.scan(UPLOAD, (bucket.name,), after=after, limit=_PAGE)
        rows.extend(row for row in batch if row.key.startswith(prefix))
        if len(batch) < _PAGE:
            break
        after = (batch[-1].key, batch[-1].upload)
    page = rows[:limit]
    answer: dict[str, Any] = {
        "Bucket": bucket.name,
        "KeyMarker": coded(marker),
        "UploadIdMarker": upload_marker,
        "MaxUploads": limit,
        "Prefix": coded(prefix),
        "IsTruncated": len(rows) > limit,
        "Uploads": [
            {
                "Key": coded(row.key),
                "UploadId": row.upload,
                "Initiated": row.initiated_at / 1000,
                "StorageClass": shown.loaded(row.headers).get("StorageClass", "STANDARD"),
            }
            for row in page
        ],
    }
    if len(rows) > limit and page:
        answer |= {"NextKeyMarker": coded(page[-1].key), "NextUploadIdMarker": page[-1].upload}
    if params.get("EncodingType"):
        answer["EncodingType"] = params["EncodingType"]
    return answer


async def _upload(storage: Storage, bucket: BucketRow, params: Params) -> UploadRow:
    key = (bucket.name, str(params["Key"]), str(params["UploadId"]))
    row = await storage.parts.store.get(UPLOAD, key)
    if row is None:
        raise no_such_upload(key[2])
    return row


async def _parts(storage: Storage, upload: UploadRow) -> list[PartRow]:
    rows: list[PartRow] = []
    after: tuple[int] | None = None
    while True:
        page = await storage.parts.store.scan(PART, (upload.upload,), after=after, limit=_PAGE)
        rows.extend(page)
        if len(page) < _PAGE:
            return rows
        after = (page[-1].number,)


def _number(params: Params) -> int:
    number = int(params["PartNumber"])
    if not 1 <= number <= PARTS_MAX:
        text = "Part number must be an integer between 1 and 10000, inclusive"
        raise invalid_argument(text, "partNumber", str(number))
    return number
