"""Query and Scan: pages of a table or an index, filtered and cut to what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwell.services.api import Answer, Call, Encoded, Params
from stepwell.services.dynamodb import capacity, legacy
from stepwell.services.dynamodb.attribute_values import Item
from stepwell.services.dynamodb.capacity import Cost
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.dynamodb.errors import invalid, invalid_values
from stepwell.services.dynamodb.expressions.conditions import parse_condition
from stepwell.services.dynamodb.expressions.evaluate import holds
from stepwell.services.dynamodb.expressions.key_conditions import (
    KeyCondition,
    bind,
    parse_key_condition,
)
from stepwell.services.dynamodb.expressions.mentioned import attributes_of
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import project
from stepwell.services.dynamodb.expressions.tree import Condition, Path
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.keys import KeySchema, hash_bytes
from stepwell.services.dynamodb.pages import Page, Reading, read_page, segment_bounds, start_of
from stepwell.services.dynamodb.records import ITEM
from stepwell.services.dynamodb.requests import check_one_style, projection_of
from stepwell.services.dynamodb.schema import Index, TableSchema
from stepwell.values import encode

_EXPRESSIONS = ("FilterExpression", "KeyConditionExpression", "ProjectionExpression")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a page is to show of the items it finds."""

    condition: Condition | None
    paths: list[Path] | None
    count_only: bool
    from_table: bool
    """A local index does not have it all: the items are read too."""


async def query(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """Query"""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"])
    index = _index(table, params)
    keys = table.keys if index is None else index.keys
    check_one_style(params)
    placeholders = Placeholders.of(params, *_EXPRESSIONS)
    wanted = _wanted(index, params, placeholders, "QueryFilter")
    condition = _key_condition(params, keys, placeholders)
    placeholders.all_used()
    _check_filter(wanted.condition, keys, params)
    hashed = hash_bytes(condition.hash)
    start = start_of(table, index, params.get("ExclusiveStartKey"))
    if start is not None:
        if start[0] != hashed:
            raise invalid(
                "The provided starting key is outside query boundaries based on provided conditions"
            )
        if keys.range is not None and not condition.bounds.holds(start[1][:-1]):
            raise invalid("The provided starting key does not match the range key predicate")
    reverse = not params.get("ScanIndexForward", True)
    after, until = condition.bounds.after_until(reverse=reverse)
    reading = Reading(
        table,
        index,
        prefix=(hashed,),
        after=start[1:] if start is not None else None if after is None else (after,),
        until=None if until is None else (until,),
        reverse=reverse,
        limit=params.get("Limit"),
    )
    return await _answer(dynamodb, reading, wanted, params)


async def scan(dynamodb: DynamoDb, call: Call, params: Params) -> Answer:
    """Scan"""
    await dynamodb.ready()
    table = dynamodb.find(call, params["TableName"])
    index = _index(table, params)
    check_one_style(params)
    placeholders = Placeholders.of(params, "FilterExpression", "ProjectionExpression")
    wanted = _wanted(index, params, placeholders, "ScanFilter")
    placeholders.all_used()
    low, high = _segment(params)
    start = start_of(table, index, params.get("ExclusiveStartKey"))
    if start is not None and ((low and start[0] <= low) or (high and start[0] > high)):
        raise invalid(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use"
            " ExclusiveStartKey with correct Segment. TotalSegments: "
            f"{params['TotalSegments']} Segment: {params['Segment']}"
        )
    reading = Reading(
        table,
        index,
        prefix=(),
        after=start if start is not None else None if low is None else (low,),
        until=None if high is None else (high,),
        reverse=False,
        limit=params.get("Limit"),
    )
    return await _answer(dynamodb, reading, wanted, params)


def _index(table: TableSchema, params: Params) -> Index | None:
    name = params.get("IndexName")
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    if not index.is_ready:
        raise invalid(f"Cannot read from backfilling global secondary index: {name}")
    if params.get("ConsistentRead") and not index.is_local:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return index


def _wanted(
    index: Index | None,
    params: Params,
    placeholders: Placeholders,
    filter_name: str,
) -> _Wanted:
    text = params.get("FilterExpression")
    if text is not None:
        condition: Condition | None = parse_condition(text, "FilterExpression", placeholders)
    else:
        condition = legacy.filters(params.get(filter_name), params)
    paths = projection_of(params, placeholders)
    select = params.get("Select")
    if select is not None:
        _check_select(select, index, paths, params)
    from_table = False
    if index is not None and index.projected is not None:
        needed = attributes_of(condition) | {str(path[0]) for path in paths or ()}
        missing = needed - index.projected
        if missing and not index.is_local:
            raise invalid_values(
                f"Global secondary index {index.name} does not project {_listed(missing)}"
            )
        from_table = bool(missing) or select == "ALL_ATTRIBUTES"
    return _Wanted(condition, paths, select == "COUNT", from_table)


def _listed(names: set[str]) -> str:
    return f"[{', '.join(sorted(names))}]"


def _check_select(
    select: str, index: Index | None, paths: list[Path] | None, params: Params
) -> None:
    style = "AttributesToGet" if params.get("AttributesToGet") else "ProjectionExpression"
    if select == "SPECIFIC_ATTRIBUTES":
        if paths is None:
            raise invalid(
                "Must specify the AttributesToGet or ProjectionExpression when choosing"
                " to get SPECIFIC_ATTRIBUTES"
            )
    elif paths is not None:
        shown = {"COUNT": "only the Count"}.get(select, select)
        raise invalid(f"Cannot specify the {style} when choosing to get {shown}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and index is None:
        raise invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    if select != "ALL_ATTRIBUTES" or index is None or index.is_local:
        return
    if index.projected is not None:
        raise invalid_values(
            "Select type ALL_ATTRIBUTES is not supported for global secondary index"
            f" {index.name} because its projection type is not ALL"
        )


def _key_condition(params: Params, keys: KeySchema, placeholders: Placeholders) -> KeyCondition:
    text = params.get("KeyConditionExpression")
    if text is not None:
        return parse_key_condition(text, keys, placeholders)
    if params.get("KeyConditions") is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be"
            " specified in the request."
        )
    return bind(legacy.key_conditions(params["KeyConditions"]), keys)


def _check_filter(condition: Condition | None, keys: KeySchema, params: Params) -> None:
    used = attributes_of(condition) & set(keys.names)
    if used:
        name = next(each for each in keys.names if each in used)
        kind = "QueryFilter" if params.get("QueryFilter") else "Filter Expression"
        raise invalid(
            f"{kind} can only contain non-primary key attributes: Primary key attribute: {name}"
        )


def _segment(params: Params) -> tuple[bytes | None, bytes | None]:
    segment, total = params.get("Segment"), params.get("TotalSegments")
    if segment is None and total is None:
        return None, None
    if total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request"
            " when Segment parameter is present"
        )
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when"
            " parameter TotalSegments is present"
        )
    if segment >= total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments:"
            f" Segment: {segment} is not less than TotalSegments: {total}"
        )
    return segment_bounds(segment, total)


async def _answer(dynamodb: DynamoDb, reading: Reading, wanted: _Wanted, params: Params) -> Answer:
    page = await read_page(dynamodb.store, reading)
    plain = wanted.condition is None and wanted.paths is None and not wanted.from_table
    if plain and not any(b'"B' in row.item for row in page.rows):
        return _as_stored(reading, page, wanted, params)
    items: list[Item] = []
    fetched = 0.0
    for row in page.rows:
        item = loaded(row.item)
        if wanted.from_table:
            whole = await dynamodb.store.get(ITEM, (reading.table.id, *reading.place_of(row)))
            if whole is None:
                continue
            fetched += capacity.read_units(
                whole.size, consistent=bool(params.get("ConsistentRead"))
            )
            item = loaded(whole.item)
        if wanted.condition is None or holds(wanted.condition, item):
            items.append(item if wanted.paths is None else project(item, wanted.paths))
    answer: dict[str, Any] = {"Count": len(items), "ScannedCount": len(page.rows)}
    if not wanted.count_only:
        answer["Items"] = items
    if page.last is not None:
        answer["LastEvaluatedKey"] = page.last
    answer["ConsumedCapacity"] = _consumed(reading, page, fetched, params)
    return answer


def _as_stored(reading: Reading, page: Page, wanted: _Wanted, params: Params) -> Encoded:
    """The answer for items that are shown as they are kept: they need not be read."""
    count = len(page.rows)
    parts = [b'"Count":%d,"ScannedCount":%d' % (count, count)]
    if not wanted.count_only:
        parts.append(b'"Items":[%b]' % b",".join(row.item for row in page.rows))
    if page.last is not None:
        parts.append(b'"LastEvaluatedKey":%b' % encode(page.last))
    consumed = _consumed(reading, page, 0.0, params)
    if consumed is not None:
        parts.append(b'"ConsumedCapacity":%b' % encode(consumed))
    return Encoded(b"{%b}" % b",".join(parts))


def _consumed(
    reading: Reading, page: Page, fetched: float, params: Mapping[str, Any]
) -> dict[str, Any] | None:
    units = capacity.read_units(page.size, consistent=bool(params.get("ConsistentRead")))
    cost = Cost(units) if reading.index is None else Cost(fetched, {reading.index.name: units})
    return capacity.told(reading.table, cost, params.get("ReturnConsumedCapacity"))
