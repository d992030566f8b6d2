"""What DescribeTable shows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.records import ENTRY, ITEM
from stepwell.services.dynamodb.schema import TableSchema, stream_arn

_KEPT = {
    "on_demand": "OnDemandThroughput",
}


async def described(
    dynamodb: DynamoDb, table: TableSchema, *, status: str = "ACTIVE"
) -> dict[str, Any]:
    """The TableDescription."""
    settings = table.settings
    shown: dict[str, Any] = {
        "AttributeDefinitions": settings["attributes"],
        "TableName": table.name,
        "KeySchema": settings["keys"],
        "TableStatus": status,
        "CreationDateTime": table.row.created_at / 1000,
        "ProvisionedThroughput": _throughput(settings.get("throughput")),
        "TableSizeBytes": 0,
        "ItemCount": await dynamodb.counts.of(ITEM, table.id),
        "TableArn": table.arn,
        "TableId": settings["uuid"],
        "DeletionProtectionEnabled": settings.get("protected", False),
        **_billing(settings),
        **_stream(table),
    }
    for name, member in _KEPT.items():
        if settings.get(name) is not None:
            shown[member] = settings[name]
    if settings.get("class") is not None:
        shown["TableClassSummary"] = {"TableClass": settings["class"]}
    if settings.get("warm") is not None:
        shown["WarmThroughput"] = {**settings["warm"], "Status": "ACTIVE"}
    if settings.get("sse") is not None and settings["sse"].get("Enabled", True):
        shown["SSEDescription"] = _encryption(table)
    for kind, member in (("local", "Local"), ("global", "Global")):
        indexes = [
            await _index(dynamodb, table, each, kind == "global") for each in settings.get(kind, ())
        ]
        if indexes:
            shown[f"{member}SecondaryIndexes"] = indexes
    return shown


def _throughput(given: Mapping[str, int] | None) -> dict[str, int]:
    zero = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    return {"NumberOfDecreasesToday": 0, **(given or zero)}


def _billing(settings: Mapping[str, Any]) -> dict[str, Any]:
    if settings.get("on_demand_at") is None:
        return {}
    return {
        "BillingModeSummary": {
            "BillingMode": settings["billing"],
            "LastUpdateToPayPerRequestDateTime": settings["on_demand_at"] / 1000,
        }
    }


def _stream(table: TableSchema) -> dict[str, Any]:
    stream = table.settings.get("stream") or table.settings.get("last_stream")
    if stream is None:
        return {}
    shown: dict[str, Any] = {
        "LatestStreamLabel": stream["label"],
        "LatestStreamArn": stream_arn(table.row.scope, table.name, stream["label"]),
    }
    if table.settings.get("stream") is not None:
        shown["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["view"]}
    return shown


def _encryption(table: TableSchema) -> dict[str, Any]:
    given = table.settings["sse"]
    account, region = table.row.scope.split(":")
    key = given.get("KMSMasterKeyId") or "alias/aws/dynamodb"
    if not key.startswith("arn:"):
        kind = "" if key.startswith("alias/") else "key/"
        key = f"arn:aws:kms:{region}:{account}:{kind}{key}"
    return {"Status": "ENABLED", "SSEType": given.get("SSEType", "KMS"), "KMSMasterKeyArn": key}


async def _index(
    dynamodb: DynamoDb, table: TableSchema, given: Mapping[str, Any], is_global: bool
) -> dict[str, Any]:
    shown = {
        "IndexName": given["IndexName"],
        "KeySchema": given["KeySchema"],
        "Projection": given["Projection"],
        "IndexSizeBytes": 0,
        "ItemCount": await dynamodb.counts.of(ENTRY, given["id"]),
        "IndexArn": f"{table.arn}/index/{given['IndexName']}",
    }
    if is_global:
        shown["IndexStatus"] = "ACTIVE" if given["ready"] else "CREATING"
        if not given["ready"]:
            shown["Backfilling"] = True
        shown["ProvisionedThroughput"] = _throughput(given.get("ProvisionedThroughput"))
        for name in ("OnDemandThroughput", "WarmThroughput"):
            if given.get(name) is not None:
                shown[name] = given[name]
    return shown
