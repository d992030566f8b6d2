"""Point-in-time recovery: whether it is on is kept and shown. There is nothing to restore from."""

from __future__ import annotations

from typing import Any

from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.values import encode_text

_SETTING = "recovery"
_DAYS = range(1, 36)
_LATEST_AGO_MS = 5 * 60 * 1000


async def update_continuous_backups(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """UpdateContinuousBackups: turns recovery on, or off."""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    wanted = params["PointInTimeRecoverySpecification"]
    days = wanted.get("RecoveryPeriodInDays", _DAYS[-1])
    if days not in _DAYS:
        raise invalid(f"RecoveryPeriodInDays must be between {_DAYS[0]} and {_DAYS[-1]}")
    kept = table.settings.get(_SETTING) or {"since": dynamodb.parts.clock.now()}
    recovery = kept | {"days": days} if wanted["PointInTimeRecoveryEnabled"] else None
    settings = {**table.settings, _SETTING: recovery}
    with dynamodb.ledger.stage() as turn:
        dynamodb.tables.put(turn, table.row._replace(settings=encode_text(settings)))
    await dynamodb.ledger.committed()
    return _described(dynamodb, recovery)


async def describe_continuous_backups(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeContinuousBackups."""
    await dynamodb.ready()
    table: TableSchema = dynamodb.find(call, params["TableName"], tell=True)
    return _described(dynamodb, table.settings.get(_SETTING))


def _described(dynamodb: DynamoDb, recovery: dict[str, Any] | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery is not None:
        latest = max(recovery["since"], dynamodb.parts.clock.now() - _LATEST_AGO_MS)
        shown = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery["days"],
            "EarliestRestorableDateTime": recovery["since"] / 1000,
            "LatestRestorableDateTime": latest / 1000,
        }
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": shown,
        }
    }
