"""UpdateTable: billing, throughput, one index more or less, the stream, and what is only kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.errors import ServiceError
from stepwell.runtime.turn import Turn
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb.descriptions import described
from stepwell.services.dynamodb.dynamodb import DynamoDb, check_name
from stepwell.services.dynamodb.errors import in_use, invalid, invalid_values, not_found
from stepwell.services.dynamodb.schema import Settings, TableSchema
from stepwell.services.dynamodb.table_checks import (
    check_stream,
    check_supported,
    check_table,
)
from stepwell.services.dynamodb.tables import begin_stream, new_index
from stepwell.values import encode_text

_KEPT = {
    "SSESpecification": "sse",
    "TableClass": "class",
    "DeletionProtectionEnabled": "protected",
    "OnDemandThroughput": "on_demand",
    "WarmThroughput": "warm",
}
_CHANGES = (
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    *_KEPT,
)


async def update_table(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """UpdateTable"""
    await dynamodb.ready()
    check_supported(params)
    table = dynamodb.find(call, params["TableName"], tell=True)
    if all(params.get(name) is None for name in _CHANGES):
        raise invalid(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled,"
            " GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required"
        )
    settings = dict(table.settings)
    for member, name in _KEPT.items():
        if params.get(member) is not None:
            settings[name] = params[member]
    _bill(dynamodb, settings, params)
    with dynamodb.ledger.stage() as turn:
        _index(dynamodb, turn, table, settings, params)
        _stream(dynamodb, turn, table, settings, params.get("StreamSpecification"))
        row = table.row._replace(settings=encode_text(settings))
        dynamodb.tables.put(turn, row)
        turn.after_commit(dynamodb.chores.kick)
    await dynamodb.ledger.committed()
    return {"TableDescription": await described(dynamodb, dynamodb.schema(row))}


def _bill(dynamodb: DynamoDb, settings: Settings, params: Params) -> None:
    throughput = params.get("ProvisionedThroughput")
    billing = params.get("BillingMode") or settings["billing"]
    if billing == "PAY_PER_REQUEST":
        if throughput is not None:
            raise invalid_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode"
                " is PAY_PER_REQUEST"
            )
        if settings["billing"] != billing:
            settings["on_demand_at"] = dynamodb.parts.clock.now()
            settings["throughput"] = None
    elif settings["billing"] != billing and throughput is None:
        raise invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is"
            " PROVISIONED"
        )
    if throughput is not None and throughput == settings.get("throughput"):
        read, write = throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]
        raise invalid(
            "The provisioned throughput for the table will not change. The requested value equals"
            " the current value. Current ReadCapacityUnits provisioned for the table:"
            f" {read}. Requested ReadCapacityUnits: {read}. Current WriteCapacityUnits provisioned"
            f" for the table: {write}. Requested WriteCapacityUnits: {write}. Refer to the Amazon"
            " DynamoDB Developer Guide for current limits and how to request higher limits."
        )
    if throughput is not None:
        settings["throughput"] = throughput
    settings["billing"] = billing


def _index(
    dynamodb: DynamoDb, turn: Turn, table: TableSchema, settings: Settings, params: Params
) -> None:
    updates = params.get("GlobalSecondaryIndexUpdates") or []
    created = [each["Create"] for each in updates if each.get("Create")]
    deleted = [each["Delete"]["IndexName"] for each in updates if each.get("Delete")]
    if len(created) + len(deleted) > 1:
        raise ServiceError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted"
            " simultaneously per table",
        )
    for each in updates:
        if each.get("Update"):
            _change_index(settings, each["Update"])
    for name in deleted:
        index = table.index(name)
        if index is None or index.is_local:
            raise not_found()
        settings["global"] = [each for each in settings["global"] if each["IndexName"] != name]
        dynamodb.chores.abandon(turn, index.id, "entries")
        _forget_definitions(settings)
    for given in created:
        _create_index(dynamodb, table, settings, given, params)


def _change_index(settings: Settings, given: Mapping[str, Any]) -> None:
    changed = []
    found = False
    for index in settings.get("global", ()):
        if index["IndexName"] == given["IndexName"]:
            found = True
            kept = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
            index = {**index, **{name: given[name] for name in kept if name in given}}
        changed.append(index)
    if not found:
        raise not_found()
    settings["global"] = changed


def _forget_definitions(settings: Settings) -> None:
    """An attribute that no key has any more is not defined any more."""
    used = {each["AttributeName"] for each in settings["keys"]}
    for index in (*settings["local"], *settings["global"]):
        used |= {each["AttributeName"] for each in index["KeySchema"]}
    settings["attributes"] = [
        each for each in settings["attributes"] if each["AttributeName"] in used
    ]


def _create_index(
    dynamodb: DynamoDb,
    table: TableSchema,
    settings: Settings,
    given: Mapping[str, Any],
    params: Params,
) -> None:
    check_name(given["IndexName"], "indexName")
    if table.index(given["IndexName"]) is not None:
        raise invalid("Attempting to create an index which already exists")
    if not all(index.is_ready for index in table.indexes):
        raise in_use(
            f"Attempt to change a resource which is still in use: Table is being updated:"
            f" {table.name}"
        )
    known = {each["AttributeName"]: each for each in settings["attributes"]}
    known |= {each["AttributeName"]: each for each in params.get("AttributeDefinitions") or []}
    wanted = [*settings["global"], new_index(dynamodb, given, ready=False)]
    check_table(list(known.values()), settings["keys"], settings["local"], wanted)
    settings["attributes"], settings["global"] = list(known.values()), wanted


def _stream(
    dynamodb: DynamoDb,
    turn: Turn,
    table: TableSchema,
    settings: Settings,
    given: Mapping[str, Any] | None,
) -> None:
    if given is None:
        return
    view = check_stream(given)
    if view is not None:
        if table.stream is not None:
            raise invalid(f"Table already has an enabled stream: TableName: {table.name}")
        settings["stream"] = begin_stream(dynamodb, turn, table.row, settings["keys"], view)
        settings.pop("last_stream", None)
        return
    if table.stream is None:
        raise invalid(f"Table already has a disabled stream: TableName: {table.name}")
    settings["last_stream"] = settings["stream"]
    settings["stream"] = None
    dynamodb.streams.end(turn, table.row.scope, table.stream.id)
