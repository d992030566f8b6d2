"""BatchGetItem and BatchWriteItem. Nothing is ever left over but what exceeds a page of 16 MB."""

from __future__ import annotations

from typing import Any

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb import capacity
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import constraint, invalid
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.item_operations import place_of, read_cost, shown
from stepwell.services.dynamodb.records import ITEM
from stepwell.services.dynamodb.requests import check_one_style, projection_of
from stepwell.services.dynamodb.schema import TableSchema
from stepwell.services.dynamodb.writes import Write, cost_of, prepare_delete, prepare_put

GET_MAX, WRITE_MAX = 100, 25
GET_BYTES_MAX = 16 * 1024 * 1024
_TWICE = "Provided list of item keys contains duplicates"


async def batch_get_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """BatchGetItem"""
    await dynamodb.ready()
    requests = params["RequestItems"]
    if not requests:
        raise constraint("requestItems", "{}", "have length greater than or equal to 1")
    if sum(len(each.get("Keys", ())) for each in requests.values()) > GET_MAX:
        raise invalid("Too many items requested for the BatchGetItem call")
    plans = [(name, each, *_plan(dynamodb, call, name, each)) for name, each in requests.items()]
    responses: dict[str, list[Any]] = {}
    left: dict[str, Any] = {}
    costs = []
    size = 0
    for name, each, table, places, paths in plans:
        found = responses.setdefault(name, [])
        for key, where in zip(each["Keys"], places, strict=True):
            if size > GET_BYTES_MAX:
                left.setdefault(name, {**each, "Keys": []})["Keys"].append(key)
                continue
            row = await dynamodb.store.get(ITEM, (table.id, *where))
            costs.append((table, read_cost(row, consistent=bool(each.get("ConsistentRead")))))
            if row is not None:
                size += row.size
                found.append(shown(row, paths))
    return {
        "Responses": responses,
        "UnprocessedKeys": left,
        "ConsumedCapacity": capacity.told_many(costs, params.get("ReturnConsumedCapacity")),
    }


def _plan(dynamodb: DynamoDb, call: Call, name: str, given: dict[str, Any]) -> Any:
    table = dynamodb.find(call, name)
    check_one_style(given)
    placeholders = Placeholders.of(given, "ProjectionExpression")
    paths = projection_of(given, placeholders)
    placeholders.all_used()
    places = [place_of(table, key) for key in given["Keys"]]
    if len(set(places)) < len(places):
        raise invalid(_TWICE)
    return table, places, paths


async def batch_write_item(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """BatchWriteItem: each put and delete by itself, here all in one commit."""
    requests = params["RequestItems"]
    if not requests:
        raise constraint("requestItems", "{}", "have length greater than or equal to 1")
    if sum(map(len, requests.values())) > WRITE_MAX:
        raise invalid("Too many items requested for the BatchWriteItem call")
    while True:
        await dynamodb.ready()
        writes = [
            _write(dynamodb.find(call, name), each)
            for name, given in requests.items()
            for each in given
        ]
        if len({write.row_key for write in writes}) < len(writes):
            raise invalid(_TWICE)
        rows = await dynamodb.items.fetch([write.row_key for write in writes])
        if dynamodb.is_ready and all(dynamodb.is_current(write.table) for write in writes):
            break
    outcomes = [write.outcome(rows[write.row_key]) for write in writes]
    with dynamodb.ledger.stage() as turn:
        for write, outcome in zip(writes, outcomes, strict=True):
            dynamodb.stage(turn, write, outcome)
    await dynamodb.ledger.committed()
    wanted = params.get("ReturnConsumedCapacity")
    costs: list[tuple[TableSchema, capacity.Cost]] = []
    if wanted in ("TOTAL", "INDEXES"):
        costs = [(w.table, cost_of(w, o)) for w, o in zip(writes, outcomes, strict=True)]
    answer: dict[str, Any] = {
        "UnprocessedItems": {},
        "ConsumedCapacity": capacity.told_many(costs, wanted),
    }
    answer["ItemCollectionMetrics"] = metrics_of(writes, params)
    return answer


def metrics_of(writes: list[Write], params: Params) -> dict[str, list[Any]] | None:
    """ItemCollectionMetrics of several writes, by table."""
    wanted = params.get("ReturnItemCollectionMetrics")
    if wanted != "SIZE":
        return None
    told: dict[str, list[Any]] = {}
    for write in writes:
        metrics = capacity.collection_metrics(write.table, write.key, wanted)
        if metrics is not None and metrics not in told.setdefault(write.table.name, []):
            told[write.table.name].append(metrics)
    return told


def _write(table: TableSchema, given: dict[str, Any]) -> Write:
    if len(given) != 1:
        raise ServiceError(
            "ValidationException",
            "Supplied WriteRequest is empty, must contain exactly one of the supported requests"
            if not given
            else "Supplied WriteRequest has more than one requests set, must contain exactly one of"
            " the supported requests",
        )
    if "PutRequest" in given:
        return prepare_put(table, given["PutRequest"])
    return prepare_delete(table, given["DeleteRequest"])
