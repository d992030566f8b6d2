"""CreateTable, DescribeTable, ListTables, DeleteTable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.descriptions import described
from stepwell.services.dynamodb.dynamodb import DynamoDb, check_name
from stepwell.services.dynamodb.errors import in_use, invalid
from stepwell.services.dynamodb.records import StreamRow, TableRow
from stepwell.services.dynamodb.schema import Settings, TableSchema
from stepwell.services.dynamodb.table_checks import (
    check_stream,
    check_supported,
    check_table,
    check_throughput,
)
from stepwell.services.dynamodb.tagging import checked_tags
from stepwell.values import encode_text

LIST_MAX = 100


async def create_table(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """CreateTable: the table can be used at once."""
    await dynamodb.ready()
    scope, name = dynamodb.scope_and_name(call, params["TableName"])
    settings, view = _settings(dynamodb, params)
    if dynamodb.tables.get(scope, name) is not None:
        raise in_use(f"Table already exists: {name}")
    row = TableRow(scope, name, dynamodb.parts.ids.next_id(), dynamodb.parts.clock.now(), "")
    with dynamodb.ledger.stage() as turn:
        if view is not None:
            settings["stream"] = begin_stream(dynamodb, turn, row, settings["keys"], view)
        row = row._replace(settings=encode_text(settings))
        dynamodb.tables.put(turn, row)
    table = dynamodb.schema(row)
    await dynamodb.ledger.committed()
    return {"TableDescription": await described(dynamodb, table)}


def _settings(dynamodb: DynamoDb, params: Params) -> tuple[Settings, str | None]:
    check_supported(params)
    for member in ("AttributeDefinitions", "KeySchema"):
        if not params.get(member):
            field = member[0].lower() + member[1:]
            raise invalid(
                f"1 validation error detected: Value null at '{field}' failed to satisfy"
                " constraint: Member must not be null"
            )
    local = params.get("LocalSecondaryIndexes") or []
    global_ = params.get("GlobalSecondaryIndexes") or []
    for index in (*local, *global_):
        check_name(index["IndexName"], "indexName")
    check_table(params["AttributeDefinitions"], params["KeySchema"], local, global_)
    billing = params.get("BillingMode", "PROVISIONED")
    check_throughput(billing, params.get("ProvisionedThroughput"), global_)
    settings: Settings = {
        "attributes": params["AttributeDefinitions"],
        "keys": params["KeySchema"],
        "local": [new_index(dynamodb, each, ready=True) for each in local],
        "global": [new_index(dynamodb, each, ready=True) for each in global_],
        "billing": billing,
        "throughput": params.get("ProvisionedThroughput"),
        "sse": params.get("SSESpecification"),
        "class": params.get("TableClass"),
        "protected": params.get("DeletionProtectionEnabled", False),
        "on_demand": params.get("OnDemandThroughput"),
        "warm": params.get("WarmThroughput"),
        "tags": checked_tags(params.get("Tags") or []),
        "uuid": dynamodb.parts.ids.uuid(),
    }
    if billing == "PAY_PER_REQUEST":
        settings["on_demand_at"] = dynamodb.parts.clock.now()
    return settings, check_stream(params.get("StreamSpecification"))


def new_index(dynamodb: DynamoDb, given: Mapping[str, Any], *, ready: bool) -> dict[str, Any]:
    """An index as settings keep it."""
    return {**given, "id": dynamodb.parts.ids.next_id(), "ready": ready}


def begin_stream(
    dynamodb: DynamoDb, turn: Turn, row: TableRow, keys: list[Any], view: str
) -> dict[str, Any]:
    """Give a table a stream; what the settings keep of it."""
    number, now = dynamodb.parts.ids.next_id(), dynamodb.parts.clock.now()
    label = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    shard = f"shardId-{now:020d}-{dynamodb.parts.ids.secret(4).hex()}"
    stream = StreamRow(
        row.scope, number, row.name, label, view, encode_text(keys), shard, now, 0, 0
    )
    dynamodb.streams.begin(turn, stream)
    return {"id": number, "label": label, "view": view}


async def describe_table(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DescribeTable"""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    return {"Table": await described(dynamodb, table)}


async def list_tables(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """ListTables"""
    await dynamodb.ready()
    start, limit = params.get("ExclusiveStartTableName", ""), params.get("Limit", LIST_MAX)
    names = [row.name for row in dynamodb.tables.of(call.scope) if row.name > start]
    answer: dict[str, Any] = {"TableNames": names[:limit]}
    if len(names) > limit:
        answer["LastEvaluatedTableName"] = names[limit - 1]
    return answer


async def delete_table(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DeleteTable: the name is free at once, the items are cleared in the background."""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    shown = await described(dynamodb, table, status="DELETING")
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"], tell=True)
    if table.settings.get("protected"):
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. Disable"
            " deletion protection first."
        )
    with dynamodb.ledger.stage() as turn:
        dynamodb.tables.delete(turn, table.row.scope, table.name)
        _abandon(dynamodb, turn, table)
    dynamodb.forget(table)
    await dynamodb.ledger.committed()
    return {"TableDescription": shown}


def _abandon(dynamodb: DynamoDb, turn: Turn, table: TableSchema) -> None:
    dynamodb.chores.abandon(turn, table.id, "items")
    for index in table.indexes:
        dynamodb.chores.abandon(turn, index.id, "entries")
    if table.expiry is not None:
        dynamodb.chores.abandon(turn, table.expiry.id, "entries")
    if table.stream is not None:
        dynamodb.streams.end(turn, table.row.scope, table.stream.id)
