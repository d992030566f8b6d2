"""ExecuteStatement, BatchExecuteStatement, ExecuteTransaction."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, cast

from stepwell.errors import ServiceError
from stepwell.services.api import Answer, Call, Params
from stepwell.services.dynamodb import capacity
from stepwell.services.dynamodb.attribute_values import Item
from stepwell.services.dynamodb.capacity import Cost
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid
from stepwell.services.dynamodb.expressions.evaluate import find, holds
from stepwell.services.dynamodb.expressions.tree import Path
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.pages import read_page, start_of
from stepwell.services.dynamodb.partiql.parser import parse
from stepwell.services.dynamodb.partiql.plans import (
    change_write,
    check_write,
    insert_write,
    key_of,
    readings,
)
from stepwell.services.dynamodb.partiql.statements import Change, Check, Insert, Select, Statement
from stepwell.services.dynamodb.schema import Index, TableSchema
from stepwell.services.dynamodb.transactions import transact, transact_reads
from stepwell.services.dynamodb.writes import Outcome, Write, cost_of, returned
from stepwell.values import BadJson, decode, encode

BATCH_MAX, TRANSACTION_MAX = 25, 100
_CODES = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "DuplicateItemException": "DuplicateItem",
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "ValidationError",
}


async def execute_statement(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """ExecuteStatement"""
    statement = parse(params["Statement"], params.get("Parameters") or ())
    if isinstance(statement, Select):
        return await _select(dynamodb, call, statement, params)
    return await _write(dynamodb, call, statement, params)


async def _write(
    dynamodb: DynamoDb, call: Call, statement: Statement, params: Mapping[str, Any]
) -> dict[str, Any]:
    if isinstance(statement, Select | Check):
        raise invalid("EXISTS is only supported in ExecuteTransaction")
    answer: dict[str, Any] = {"Items": []}
    done: list[tuple[Write, Outcome]] = []

    def prepare(table: TableSchema, _: Mapping[str, Any]) -> Write:
        return _prepare(table, statement)

    await dynamodb.write(call, {**params, "TableName": statement.table}, prepare, done.append)
    write, outcome = done[-1]
    if isinstance(statement, Change):
        shown = returned(write, outcome, statement.returning)
        answer["Items"] = [shown] if shown else []
    wanted = params.get("ReturnConsumedCapacity")
    answer["ConsumedCapacity"] = capacity.told(write.table, cost_of(write, outcome), wanted)
    return answer


def _prepare(table: TableSchema, statement: Statement) -> Write:
    match statement:
        case Insert():
            return insert_write(table, statement)
        case Change():
            return change_write(table, statement)
        case Check():
            return check_write(table, statement.select)
        case Select():
            raise invalid(
                "Transactions either read or write; SELECT and other statements cannot"
                " stand together"
            )


async def _select(
    dynamodb: DynamoDb, call: Call, select: Select, params: Mapping[str, Any]
) -> dict[str, Any]:
    await dynamodb.ready()
    table = dynamodb.find(call, select.table)
    index = _index(table, select, params)
    parts = readings(table, index, select, params.get("Limit"))
    at, start = _read_token(params)
    items: list[Item] = []
    size, read, answer = 0, 0, dict[str, Any]()
    for number in range(at, len(parts)):
        part = parts[number]
        if start is not None:
            place = start_of(table, index, start)
            after = place if place is None else place[len(part.prefix) :]
            part = part.from_there(after)
            start = None
        if part.limit is not None:
            part = part.at_most(part.limit - read)
        page = await read_page(dynamodb.store, part)
        size += page.size
        read += len(page.rows)
        for row in page.rows:
            item = loaded(row.item)
            if select.where is None or holds(select.where, item):
                items.append(_shown(item, select.paths))
        if page.last is not None:
            answer["LastEvaluatedKey"] = page.last
            answer["NextToken"] = _token(params, number, page.last)
            break
    units = capacity.read_units(size, consistent=bool(params.get("ConsistentRead")))
    cost = Cost(units) if index is None else Cost(0.0, {index.name: units})
    told = capacity.told(table, cost, params.get("ReturnConsumedCapacity"))
    return {"Items": items, **answer, "ConsumedCapacity": told}


def _index(table: TableSchema, select: Select, params: Mapping[str, Any]) -> Index | None:
    if select.index is None:
        return None
    index = table.index(select.index)
    if index is None:
        raise invalid(f"The table does not have the specified index: {select.index}")
    if not index.is_ready:
        raise invalid(f"Cannot read from backfilling global secondary index: {index.name}")
    if params.get("ConsistentRead") and not index.is_local:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return index


def _shown(item: Item, paths: tuple[Path, ...] | None) -> Item:
    """What SELECT shows: each path by its last name."""
    if paths is None:
        return item
    shown: Item = {}
    for path in paths:
        value = find(item, path)
        if value is not None:
            shown[str(next(part for part in reversed(path) if isinstance(part, str)))] = value
    return shown


def _digest(params: Mapping[str, Any]) -> str:
    asked = [params["Statement"], params.get("Parameters")]
    return hashlib.sha256(encode(asked)).hexdigest()[:16]


def _token(params: Mapping[str, Any], number: int, last: Item) -> str:
    return base64.b64encode(encode([_digest(params), number, last])).decode()


def _read_token(params: Mapping[str, Any]) -> tuple[int, Item | None]:
    token = params.get("NextToken")
    if token is None:
        return 0, None
    try:
        digest, number, last = cast("list[Any]", decode(base64.b64decode(token)))
        if digest == _digest(params):
            return int(number), loaded(encode(last))
    except (BadJson, ValueError, binascii.Error):
        pass
    raise invalid("Given NextToken is invalid, or it belongs to another statement")


async def batch_execute_statement(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """BatchExecuteStatement: each statement by itself."""
    given = params["Statements"]
    if len(given) > BATCH_MAX:
        raise invalid(f"Member must have length less than or equal to {BATCH_MAX}")
    wanted = params.get("ReturnConsumedCapacity")
    responses = []
    consumed = []
    for each in given:
        try:
            answer, table = await _one(dynamodb, call, each, wanted)
        except ServiceError as error:
            code = _CODES.get(error.code, error.code.removesuffix("Exception"))
            problem = {"Code": code, "Message": error.message, **error.fields}
            responses.append({"Error": problem})
            continue
        shown: dict[str, Any] = {"TableName": table}
        if answer["Items"]:
            shown["Item"] = answer["Items"][0]
        responses.append(shown)
        consumed.append(answer["ConsumedCapacity"])
    told = [each for each in consumed if each is not None]
    return {"Responses": responses, "ConsumedCapacity": told or None}


async def _one(
    dynamodb: DynamoDb, call: Call, given: Mapping[str, Any], wanted: str | None
) -> tuple[dict[str, Any], str]:
    statement = parse(given["Statement"], given.get("Parameters") or ())
    params = {**given, "ReturnConsumedCapacity": wanted}
    if not isinstance(statement, Select):
        answer = await _write(dynamodb, call, statement, params)
        table = statement.select.table if isinstance(statement, Check) else statement.table
        return answer, table
    await dynamodb.ready()
    if key_of(dynamodb.find(call, statement.table), statement.where) is None:
        raise invalid(
            "Select statements within BatchExecuteStatement must specify the primary key in the"
            " where clause."
        )
    return await _select(dynamodb, call, statement, params), statement.table


async def execute_transaction(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """ExecuteTransaction: all read or all write, in one commit."""
    given = params["TransactStatements"]
    statements = [parse(each["Statement"], each.get("Parameters") or ()) for each in given]
    wanted = params.get("ReturnConsumedCapacity")
    if all(isinstance(each, Select) for each in statements):
        selects = [each for each in statements if isinstance(each, Select)]
        return await _read_all(dynamodb, call, selects, wanted)

    def prepare() -> list[tuple[Write, bool]]:
        prepared = []
        for each, asked in zip(statements, given, strict=True):
            name = each.select.table if isinstance(each, Check) else each.table
            tell_old = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            prepared.append((_prepare(dynamodb.find(call, name), each), tell_old))
        return prepared

    def told(writes: list[Write], outcomes: list[Outcome]) -> dict[str, Any]:
        pairs = zip(writes, outcomes, strict=True)
        costs = [(w.table, cost_of(w, o, transactional=True)) for w, o in pairs]
        answer: dict[str, Any] = {"Responses": [{} for _ in writes]}
        consumed = capacity.told_many(costs, wanted, "Write")
        return answer if consumed is None else answer | {"ConsumedCapacity": consumed}

    token = params.get("ClientRequestToken")
    digest = hashlib.sha256(encode(given)).hexdigest()
    return await transact(dynamodb, call, prepare, told, token=token, digest=digest)


async def _read_all(
    dynamodb: DynamoDb, call: Call, selects: list[Select], wanted: str | None
) -> dict[str, Any]:
    await dynamodb.ready()
    plans = []
    for select in selects:
        table = dynamodb.find(call, select.table)
        key = key_of(table, select.where)
        if key is None:
            raise invalid(
                "Select statements within ExecuteTransaction must specify the primary key in the"
                " where clause."
            )
        plans.append((table, key))
    rows, consumed = await transact_reads(dynamodb, plans, wanted)
    responses: list[dict[str, Any]] = []
    for row, select in zip(rows, selects, strict=True):
        item = None if row is None else loaded(row.item)
        met = item is not None and (select.where is None or holds(select.where, item))
        responses.append({"Item": _shown(item, select.paths)} if item is not None and met else {})
    return {"Responses": responses, "ConsumedCapacity": consumed}
