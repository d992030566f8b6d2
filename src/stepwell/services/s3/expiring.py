"""What lifecycle rules end: newest versions, older ones, lone markers, unfinished uploads.

Rounds go through the buckets that have rules, page by page. Each end is looked up again under the
key's lock and staged with its notification, so an object that changed meanwhile stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from stepwell.errors import ServiceError
from stepwell.runtime.rounds import Rounds
from stepwell.runtime.tables import Key, Table
from stepwell.services.api import Call
from stepwell.services.s3.deleting import EXPIRED, end_version
from stepwell.services.s3.lifecycle_rules import Rule, expiry_of, midnight_after, rules_of
from stepwell.services.s3.multipart import abort_multipart_upload
from stepwell.services.s3.records import OBJECT, UPLOAD, VERSION, BucketRow, ObjectRow
from stepwell.services.s3.storage import Storage, account_of, region_of

R = TypeVar("R", bound=tuple[Any, ...])
ROUND_MS = 3_600_000
FIRST_ROUND_MS = 60_000
"""After a start; what became due while the server was down ends then."""
_PAGE = 200


def rounds(storage: Storage) -> Rounds:
    """Expires once an hour, beside the loop."""
    parts = storage.parts
    return Rounds(
        "expiring objects",
        parts.clock,
        parts.alarm,
        lambda: expire(storage),
        ROUND_MS,
        goes_on=lambda: any(rules_of(row.settings) for row in storage.buckets.everything()),
    )


async def expire(storage: Storage) -> None:
    """End whatever is due now."""
    await storage.ready()
    for bucket in list(storage.buckets.everything()):
        rules = rules_of(bucket.settings)
        if any(rule.noncurrent_days is not None for rule in rules):
            await _older(storage, bucket, rules)
        if any(rule.lone_markers or rule.days is not None or rule.at is not None for rule in rules):
            await _newest(storage, bucket, rules)
        if any(rule.upload_days is not None for rule in rules):
            await _uploads(storage, bucket, rules)


async def _rows(storage: Storage, table: Table[R], bucket: BucketRow) -> AsyncIterator[R]:
    """All rows of a bucket, page by page."""
    after: Key | None = None
    while True:
        rows = await storage.parts.store.scan(table, (bucket.name,), after=after, limit=_PAGE)
        for row in rows:
            yield row
        if len(rows) < _PAGE:
            return
        after = table.key_of(rows[-1])[1:]


async def _newest(storage: Storage, bucket: BucketRow, rules: Sequence[Rule]) -> None:
    """End newest versions, and delete markers below which nothing is left."""
    now = storage.parts.clock.now()
    async for row in _rows(storage, OBJECT, bucket):
        if row.is_marker:
            await _lone_marker(storage, bucket, rules, row)
            continue
        found = expiry_of(bucket.settings, row)
        if found is not None and found[0] <= now:
            await end_version(storage, _caller(storage, bucket), row, None, EXPIRED)


async def _older(storage: Storage, bucket: BucketRow, rules: Sequence[Rule]) -> None:
    """End what has not been the newest version for long enough."""
    rules = [rule for rule in rules if rule.noncurrent_days is not None]
    async for row in _rows(storage, VERSION, bucket):
        await _older_version(storage, bucket, rules, row)


async def _older_version(
    storage: Storage, bucket: BucketRow, rules: Sequence[Rule], row: ObjectRow
) -> None:
    wanting = [rule for rule in rules if rule.wants(row)]
    if not wanting:
        return
    now, store = storage.parts.clock.now(), storage.parts.store
    most = max(rule.newer_kept for rule in wanting)
    newer = await store.scan(VERSION, (bucket.name, row.key), after=(row.sequence,), limit=most + 1)
    # A version stopped being the newest when the next one came.
    successor = newer[0] if newer else await storage.current(bucket.name, row.key)
    if successor is None:
        return
    for rule in wanting:
        due = midnight_after(successor.modified_at, rule.noncurrent_days or 0)
        if due <= now and len(newer) >= rule.newer_kept:
            await end_version(storage, _caller(storage, bucket), row, row.version, EXPIRED)
            return


async def _lone_marker(
    storage: Storage, bucket: BucketRow, rules: Sequence[Rule], row: ObjectRow
) -> None:
    now = storage.parts.clock.now()
    if not any(_ends_marker(rule, row, now) for rule in rules):
        return
    if await storage.newest_before(bucket.name, row.key) is None:
        await end_version(storage, _caller(storage, bucket), row, row.version, EXPIRED)


def _ends_marker(rule: Rule, marker: ObjectRow, now: int) -> bool:
    if not marker.key.startswith(rule.prefix) or rule.tags:
        return False
    if rule.lone_markers:
        return True
    due = rule.expires_at(marker)
    return due is not None and due <= now


async def _uploads(storage: Storage, bucket: BucketRow, rules: Sequence[Rule]) -> None:
    now = storage.parts.clock.now()
    async for row in _rows(storage, UPLOAD, bucket):
        if any(
            rule.upload_days is not None
            and row.key.startswith(rule.prefix)
            and midnight_after(row.initiated_at, rule.upload_days) <= now
            for rule in rules
        ):
            params = {"Bucket": bucket.name, "Key": row.key, "UploadId": row.upload}
            # It may have been completed meanwhile, or the bucket may be gone.
            with suppress(ServiceError):
                await abort_multipart_upload(storage, _caller(storage, bucket), params)


def _caller(storage: Storage, bucket: BucketRow) -> Call:
    """S3 itself, as notifications name it."""
    return Call(account_of(bucket), region_of(bucket), storage.parts.ids.uuid(), "")
