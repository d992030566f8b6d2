"""When a bucket's objects expire (`expiring.py`), with the size below which nothing moves.

A put replaces all of it, as S3 does.
"""

from __future__ import annotations

from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.s3.errors import missing_configuration
from stepwell.services.s3.lifecycle_rules import SETTING, checked_rules
from stepwell.services.s3.storage import Storage, set_setting, settings_of
from stepwell.values import JsonValue

_SIZE = "TransitionDefaultMinimumObjectSize"
_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")
_DEFAULT_SIZE = _SIZES[0]


async def put_lifecycle(storage: Storage, call: Call, params: Params) -> Answer:
    """PutBucketLifecycleConfiguration."""
    bucket = storage.bucket(params)
    given = (params.get("LifecycleConfiguration") or {}).get("Rules") or []
    rules = checked_rules(given, storage.parts.ids.uuid)
    size = params.get(_SIZE, _DEFAULT_SIZE)
    if size not in _SIZES:
        raise ServiceError(
            "InvalidRequest", f"Invalid TransitionDefaultMinimumObjectSize found: {size}"
        )
    set_setting(storage, bucket, SETTING, cast(JsonValue, {"Rules": rules, _SIZE: size}))
    storage.lifecycle_changed()
    return {_SIZE: size}


async def get_lifecycle(storage: Storage, call: Call, params: Params) -> Answer:
    """GetBucketLifecycleConfiguration."""
    bucket = storage.bucket(params)
    kept = cast("dict[str, Any] | None", settings_of(bucket).get(SETTING))
    if kept is None:
        text = "The lifecycle configuration does not exist"
        raise missing_configuration("NoSuchLifecycleConfiguration", text, bucket.name)
    # What was kept before sizes were has none.
    return {_SIZE: _DEFAULT_SIZE, **kept}


async def delete_lifecycle(storage: Storage, call: Call, params: Params) -> Answer:
    """DeleteBucketLifecycle."""
    set_setting(storage, storage.bucket(params), SETTING, None)
    return None
