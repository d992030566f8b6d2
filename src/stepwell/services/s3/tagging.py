"""Tags of objects."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3 import shown
from stepwell.services.s3.errors import no_such_key, no_such_version
from stepwell.services.s3.notifications import Happened, notify
from stepwell.services.s3.records import OBJECT, VERSION
from stepwell.services.s3.storage import Storage


async def get_object_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """GetObjectTagging."""
    bucket = storage.bucket(params)
    row = await storage.find(bucket.name, str(params["Key"]), params.get("VersionId"))
    return {"TagSet": shown.tag_set(row.tags)} | shown.version_shown(row)


async def put_object_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """PutObjectTagging."""
    asked = params.get("Tagging", {}).get("TagSet", [])
    tags = shown.checked_tags(asked, shown.TAGS_MAX)
    return await _replace(storage, call, params, tags, "ObjectTagging:Put")


async def delete_object_tagging(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteObjectTagging."""
    return await _replace(storage, call, params, {}, "ObjectTagging:Delete")


async def _replace(
    storage: Storage, call: Call, params: Params, tags: Mapping[str, str], event: str
) -> Answer:
    bucket, key = storage.bucket(params), str(params["Key"])
    async with storage.locks.hold([(bucket.name, key)]):
        row = await storage.find(bucket.name, key, params.get("VersionId"))
        current = await storage.current(bucket.name, key)
        bucket = storage.bucket(params)
        if current is None:
            raise no_such_key(key) if row.version == "null" else no_such_version(key, row.version)
        changed = row._replace(tags=shown.dumped(tags))
        with storage.parts.ledger.stage() as turn:
            turn.put(OBJECT if current.sequence == row.sequence else VERSION, changed)
            notify(storage, turn, call, Happened(event, bucket, changed))
        await storage.parts.ledger.committed()
    return shown.version_shown(row)
