"""Writes of single items: prepared from the request, then carried out on the item as it is.

`prepare_*` checks everything that can be checked without the item. `Write.outcome` says what the
item becomes, or raises; nothing is changed yet. `DynamoDb.stage` makes it part of a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stepwell.services.dynamodb import capacity, legacy
from stepwell.services.dynamodb.attribute_values import (
    ITEM_BYTES_MAX,
    Item,
    checked_item,
    item_size,
    kind_of,
)
from stepwell.services.dynamodb.capacity import Cost
from stepwell.services.dynamodb.errors import condition_failed, invalid, invalid_values
from stepwell.services.dynamodb.expressions.apply import updated
from stepwell.services.dynamodb.expressions.evaluate import find, holds
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import project
from stepwell.services.dynamodb.expressions.tree import Condition, Path, Update
from stepwell.services.dynamodb.expressions.updates import parse_update
from stepwell.services.dynamodb.items import loaded
from stepwell.services.dynamodb.keys import check_item_key, check_key, check_key_values, place
from stepwell.services.dynamodb.records import ItemRow
from stepwell.services.dynamodb.requests import check_one_style, condition_of
from stepwell.services.dynamodb.schema import TableSchema

Change = Callable[[Item | None], "Item | None"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write makes of an item."""

    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Write:
    """A write that waits for its item."""

    table: TableSchema
    key: Item
    place: tuple[bytes, bytes]
    condition: Condition | None
    change: Change
    paths: tuple[Path, ...] = ()
    """What an update touches."""
    is_check: bool = False

    @property
    def row_key(self) -> tuple[int, bytes, bytes]:
        """Where the item lies."""
        return (self.table.id, *self.place)

    def outcome(self, row: ItemRow | None, *, tell_old: bool = False) -> Outcome:
        """The item before and after.

        Raises ConditionalCheckFailedException (with the old item, if `tell_old`) and
        ValidationException.
        """
        before = None if row is None else loaded(row.item)
        if self.condition is not None and not holds(self.condition, before or {}):
            raise condition_failed(before if tell_old else None)
        after = self.change(before)
        if after is not None and after is not before:
            check_index_keys(self.table, after)
        return Outcome(before, after)


def prepare_put(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """PutItem, and the Put of a transaction."""
    check_one_style(params)
    item = checked_item(params["Item"])
    check_item_key(table.keys, item)
    if item_size(item) > ITEM_BYTES_MAX:
        raise invalid("Item size has exceeded the maximum allowed size")
    placeholders = Placeholders.of(params, "ConditionExpression")
    condition = condition_of(params, placeholders)
    placeholders.all_used()
    return Write(
        table, table.keys.of(item), place(table.keys, item), condition, lambda before: item
    )


def prepare_delete(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """DeleteItem, and the Delete of a transaction."""
    key, condition = _keyed(table, params)
    return Write(table, key, place(table.keys, key), condition, lambda before: None)


def prepare_check(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """The ConditionCheck of a transaction."""
    key, condition = _keyed(table, params)
    where = place(table.keys, key)
    return Write(table, key, where, condition, lambda before: before, is_check=True)


def _keyed(table: TableSchema, params: Mapping[str, Any]) -> tuple[Item, Condition | None]:
    check_one_style(params)
    key = checked_item(params["Key"])
    placeholders = Placeholders.of(params, "ConditionExpression")
    condition = condition_of(params, placeholders)
    placeholders.all_used()
    check_key(table.keys, key)
    return key, condition


def prepare_update(table: TableSchema, params: Mapping[str, Any]) -> Write:
    """UpdateItem, and the Update of a transaction."""
    check_one_style(params)
    key = checked_item(params["Key"])
    placeholders = Placeholders.of(params, "UpdateExpression", "ConditionExpression")
    update = Update()
    if params.get("UpdateExpression") is not None:
        update = parse_update(params["UpdateExpression"], placeholders)
    elif params.get("AttributeUpdates") is not None:
        update = legacy.updates(params["AttributeUpdates"])
    condition = condition_of(params, placeholders)
    placeholders.all_used()
    check_key(table.keys, key)
    return update_write(table, key, update, condition)


def update_write(
    table: TableSchema, key: Item, update: Update, condition: Condition | None
) -> Write:
    """The write of an update. Raises ValidationException when it touches the key."""
    for path in update.paths:
        if path[0] in table.keys.names:
            raise invalid_values(
                f"Cannot update attribute {path[0]}. This attribute is part of the key"
            )

    def change(before: Item | None) -> Item:
        after = updated(before if before is not None else key, update)
        if item_size(after) > ITEM_BYTES_MAX:
            raise invalid("Item size to update has exceeded the maximum allowed size")
        return after

    return Write(table, key, place(table.keys, key), condition, change, update.paths)


def check_index_keys(table: TableSchema, item: Item) -> None:
    """Refuse an item whose attributes do not fit the keys of an index."""
    for index in table.indexes:
        present = True
        for attribute in index.keys.attributes:
            value = item.get(attribute.name)
            if value is None:
                present = False
            elif attribute.kind not in value:
                raise invalid_values(
                    f"Type mismatch for Index Key {attribute.name} Expected: {attribute.kind} "
                    f"Actual: {kind_of(value)} IndexName: {index.name}"
                )
        if present:
            check_key_values(index.keys, item, index=index.name)


def returned(write: Write, outcome: Outcome, wanted: str) -> Item | None:
    """The Attributes of the answer; None for none."""
    before, after = outcome.before, outcome.after
    if wanted == "ALL_OLD":
        return before
    if wanted == "ALL_NEW":
        return after
    if wanted in ("UPDATED_OLD", "UPDATED_NEW"):
        item = before if wanted == "UPDATED_OLD" else after
        paths = [path for path in write.paths if item and find(item, path) is not None]
        return project(item or {}, paths) if paths else None
    return None


def answer(write: Write, outcome: Outcome, params: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of PutItem, UpdateItem and DeleteItem."""
    shown: dict[str, Any] = {}
    attributes = returned(write, outcome, params.get("ReturnValues", "NONE"))
    if attributes is not None:
        shown["Attributes"] = attributes
    wanted = params.get("ReturnConsumedCapacity")
    if wanted in ("TOTAL", "INDEXES"):
        shown["ConsumedCapacity"] = capacity.told(write.table, cost_of(write, outcome), wanted)
    metrics = capacity.collection_metrics(
        write.table, write.key, params.get("ReturnItemCollectionMetrics")
    )
    if metrics is not None:
        shown["ItemCollectionMetrics"] = metrics
    return shown


def cost_of(write: Write, outcome: Outcome, *, transactional: bool = False) -> Cost:
    """What the write costs."""
    return capacity.write_cost(
        write.table, outcome.before, outcome.after, transactional=transactional
    )
