"""GetItem, PutItem, UpdateItem, DeleteItem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwell.services.api import Answer, Call, Encoded, Params
from stepwell.services.dynamodb import capacity
from stepwell.services.dynamodb.attribute_values import Item, checked_item
from stepwell.services.dynamodb.capacity import Cost
from stepwell.services.dynamodb.dynamodb import DynamoDb, Prepare
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import project
from stepwell.services.dynamodb.expressions.tree import Path
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.keys import check_key, place
from stepwell.services.dynamodb.records import ITEM, ItemRow
from stepwell.services.dynamodb.requests import check_one_style, projection_of
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.services.dynamodb.writes import Write, prepare_delete, prepare_put, prepare_update


def put(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """PutItem's write."""
    _check_return_values(params)
    return prepare_put(table, params)


def delete(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """DeleteItem's write."""
    _check_return_values(params)
    return prepare_delete(table, params)


PREPARED: dict[str, Prepare] = {"PutItem": put, "UpdateItem": prepare_update, "DeleteItem": delete}
"""The writes of single items."""


def _check_return_values(params: Mapping[str, Any]) -> None:
    if params.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise invalid("Return values set to invalid value")


async def put_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """PutItem"""
    return await dynamodb.write(call, params, put)


async def update_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """UpdateItem"""
    return await dynamodb.write(call, params, prepare_update)


async def delete_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """DeleteItem"""
    return await dynamodb.write(call, params, delete)


async def get_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """GetItem"""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"])
    where, paths = read_request(table, params)
    row = await dynamodb.store.get(ITEM, (table.id, *where))
    wanted = params.get("ReturnConsumedCapacity")
    if row is not None and paths is None and wanted in (None, "NONE") and b'"B' not in row.item:
        return Encoded(b'{"Item":%b}' % row.item)
    answer: dict[str, Any] = {}
    if row is not None:
        answer["Item"] = shown(row, paths)
    cost = read_cost(row, consistent=bool(params.get("ConsistentRead")))
    answer["ConsumedCapacity"] = capacity.told(table, cost, wanted)
    return answer


def read_request(
    table: TableSchema, params: Mapping[str, Any], *, key: Mapping[str, Any] | None = None
) -> tuple[tuple[bytes, bytes], list[Path] | None]:
    """Where the item lies, and which paths of it are wanted."""
    check_one_style(params)
    placeholders = Placeholders.of(params, "ProjectionExpression")
    paths = projection_of(params, placeholders)
    placeholders.all_used()
    return place_of(table, params["Key"] if key is None else key), paths


def place_of(table: TableSchema, key: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Where the item of a key lies. Raises ValidationException."""
    good = checked_item(key)
    check_key(table.keys, good)
    return place(table.keys, good)


def shown(row: ItemRow, paths: list[Path] | None) -> Item:
    """The item, or what is wanted of it."""
    item = loaded(row.item)
    return item if paths is None else project(item, paths)


def read_cost(row: ItemRow | None, *, consistent: bool, transactional: bool = False) -> Cost:
    """What reading one item costs."""
    size = 0 if row is None else row.size
    return Cost(capacity.read_units(size, consistent=consistent, transactional=transactional))
