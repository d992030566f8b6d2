"""DeleteObject and DeleteObjects: the end of an object, a marker above it, or of one version."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3.conditions import check_write
from stepwell.services.s3.errors import malformed_xml
from stepwell.services.s3.names import check_key
from stepwell.services.s3.notifications import Happened, notify
from stepwell.services.s3.records import OBJECT, VERSION, BucketRow, ObjectRow
from stepwell.services.s3.shown import refuse_unsupported, version_shown
from stepwell.services.s3.storage import Before, Storage

KEYS_MAX = 1_000
REMOVED, EXPIRED = "ObjectRemoved", "LifecycleExpiration"
"""Why something ends, as notifications call it."""


class _Plan(NamedTuple):
    """What deleting one key or version will do; looked up before anything is staged."""

    key: str
    wanted: str | None
    before: Before
    target: ObjectRow | None
    """The version that ends."""
    heir: ObjectRow | None
    """The version that becomes the newest, when the newest ends."""


async def delete_object(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteObject."""
    bucket, key = storage.bucket(params), str(params["Key"])
    check_key(key)
    refuse_unsupported(params)
    async with storage.locks.hold([(bucket.name, key)]):
        plan = await _plan(storage, bucket, key, params.get("VersionId"))
        if params.get("IfMatch") is not None:
            check_write({"IfMatch": params["IfMatch"]}, key, plan.before.current)
        bucket = storage.bucket(params)
        with storage.parts.ledger.stage() as turn:
            answer = _carry_out(storage, turn, call, bucket, plan)
        await storage.parts.ledger.committed()
    return answer


async def end_version(
    storage: Storage, call: Call, row: ObjectRow, version: str | None, why: str
) -> None:
    """Delete the key of a row, or with `version` that one, unless it changed since it was read."""
    async with storage.locks.hold([(row.bucket, row.key)]):
        bucket = storage.buckets.get(row.bucket)
        if bucket is None:
            return
        plan = await _plan(storage, bucket, row.key, version)
        bucket = storage.buckets.get(row.bucket)
        if plan.target != row or bucket is None:
            return
        with storage.parts.ledger.stage() as turn:
            _carry_out(storage, turn, call, bucket, plan, why)
        await storage.parts.ledger.committed()


async def delete_objects(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteObjects: all in one turn, but for several versions of one key."""
    bucket = storage.bucket(params)
    refuse_unsupported(params)
    asked = params.get("Delete", {}).get("Objects", [])
    if not 0 < len(asked) <= KEYS_MAX or not all(item.get("Key") for item in asked):
        raise malformed_xml()
    names = {(bucket.name, item["Key"]) for item in asked}
    done: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    async with storage.locks.hold(names):
        for items in _rounds(asked):
            plans = await _plans(storage, bucket, items, errors)
            bucket = storage.bucket(params)
            with storage.parts.ledger.stage() as turn:
                for plan in plans:
                    answer = _carry_out(storage, turn, call, bucket, plan)
                    done.append(_told(plan, answer))
            await storage.parts.ledger.committed()
    quiet = params["Delete"].get("Quiet", False)
    return {"Deleted": [] if quiet else done, "Errors": errors}


def _rounds(asked: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What can be done at once: no key twice, for each version changes what the others are."""
    rounds: list[list[dict[str, Any]]] = []
    seen: Counter[str] = Counter()
    for item in asked:
        number = seen[item["Key"]]
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(item)
        seen[item["Key"]] += 1
    return rounds


async def _plans(
    storage: Storage,
    bucket: BucketRow,
    asked: list[dict[str, Any]],
    errors: list[dict[str, Any]],
) -> list[_Plan]:
    """What to do for each key; what is refused joins the errors."""
    plans: list[_Plan] = []
    for item in asked:
        key, version = item["Key"], item.get("VersionId")
        try:
            check_key(key)
            plan = await _plan(storage, bucket, key, version)
            if item.get("ETag") is not None:
                check_write({"IfMatch": item["ETag"]}, key, plan.before.current)
            plans.append(plan)
        except ServiceError as error:
            told = {"Key": key, "Code": error.code, "Message": error.message}
            errors.append(told | ({"VersionId": version} if version else {}))
    return plans


def _told(plan: _Plan, answer: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"Key": plan.key}
    if plan.wanted is not None:
        told["VersionId"] = plan.wanted
    if answer.get("DeleteMarker"):
        told["DeleteMarker"] = True
        told["DeleteMarkerVersionId"] = answer["VersionId"]
    return told


async def _plan(storage: Storage, bucket: BucketRow, key: str, wanted: str | None) -> _Plan:
    before = await storage.before(bucket, key)
    if wanted is None:
        return _Plan(key, None, before, before.current, None)
    target = await storage.version(bucket.name, key, wanted, before.current)
    heir = None
    if target is not None and target == before.current:
        heir = await storage.newest_before(bucket.name, key)
    return _Plan(key, wanted, before, target, heir)


def _carry_out(
    storage: Storage, turn: Turn, call: Call, bucket: BucketRow, plan: _Plan, why: str = REMOVED
) -> dict[str, Any]:
    if plan.wanted is not None:
        return _end_version(storage, turn, call, bucket, plan, why)
    if bucket.versioning:
        return _put_marker(storage, turn, call, bucket, plan, why)
    if plan.target is not None:
        storage.end(turn, plan.target)
        turn.delete(OBJECT, (bucket.name, plan.key))
        notify(storage, turn, call, Happened(f"{why}:Delete", bucket, plan.target))
    return {}


def _put_marker(
    storage: Storage, turn: Turn, call: Call, bucket: BucketRow, plan: _Plan, why: str = REMOVED
) -> dict[str, Any]:
    sequence = storage.parts.ids.next_id()
    version, now = storage.new_version(bucket, sequence), storage.parts.clock.now()
    marker = ObjectRow(
        bucket.name, plan.key, sequence, version, 1, 0, "", now, "[]", "{}", "{}", "{}", "{}"
    )
    storage.place(turn, bucket, plan.before, marker)
    event = f"{why}:DeleteMarkerCreated"
    notify(storage, turn, call, Happened(event, bucket, marker))
    return {"DeleteMarker": True, "VersionId": version}


def _end_version(
    storage: Storage, turn: Turn, call: Call, bucket: BucketRow, plan: _Plan, why: str = REMOVED
) -> dict[str, Any]:
    target, current = plan.target, plan.before.current
    answer: dict[str, Any] = {"VersionId": plan.wanted}
    if target is None:
        return answer
    storage.end(turn, target)
    if current is None or target.sequence != current.sequence:
        turn.delete(VERSION, VERSION.key_of(target))
    elif plan.heir is None:
        turn.delete(OBJECT, (bucket.name, plan.key))
    else:
        turn.delete(VERSION, VERSION.key_of(plan.heir))
        turn.put(OBJECT, plan.heir)
    notify(storage, turn, call, Happened(f"{why}:Delete", bucket, target))
    if target.is_marker:
        answer["DeleteMarker"] = True
    shown = version_shown(target)
    return answer | shown
