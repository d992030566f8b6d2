"""From a WHERE clause to keys: what must be read, and what is written."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.errors import ServiceError
from stepwell.services.dynamodb.attribute_values import (
    ITEM_BYTES_MAX,
    AttributeValue,
    Item,
    item_size,
)
from stepwell.services.dynamodb.errors import condition_failed, invalid
from stepwell.services.dynamodb.expressions.key_conditions import bind
from stepwell.services.dynamodb.expressions.tree import (
    At,
    Between,
    Both,
    Comparison,
    Condition,
    Given,
    OneOf,
    Predicate,
)
from stepwell.services.dynamodb.keys import (
    Bounds,
    KeySchema,
    check_item_key,
    check_key,
    hash_bytes,
    place,
)
from stepwell.services.dynamodb.pages import Reading
from stepwell.services.dynamodb.partiql.parser import NO_KEY
from stepwell.services.dynamodb.partiql.statements import Change, Insert, Select
from stepwell.services.dynamodb.schema import Index, TableSchema
from stepwell.services.dynamodb.writes import Write, update_write

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
Wanted = tuple[str, str, tuple[AttributeValue, ...]]


def conjuncts(condition: Condition | None) -> Iterator[Condition]:
    """The conditions that must all hold."""
    if isinstance(condition, Both):
        for each in condition.conditions:
            yield from conjuncts(each)
    elif condition is not None:
        yield condition


def key_of(table: TableSchema, where: Condition | None) -> Item | None:
    """The key that a WHERE clause fixes, or None when it does not fix all of it."""
    fixed: Item = {}
    for each in conjuncts(where):
        wanted = _wanted(each)
        if wanted is not None and wanted[1] == "=" and wanted[0] not in fixed:
            fixed[wanted[0]] = wanted[2][0]
    if any(name not in fixed for name in table.keys.names):
        return None
    key = table.keys.of(fixed)
    check_key(table.keys, key)
    return key


def insert_write(table: TableSchema, insert: Insert) -> Write:
    """INSERT: refuses an item that is there."""
    check_item_key(table.keys, insert.item)
    if item_size(insert.item) > ITEM_BYTES_MAX:
        raise invalid("Item size has exceeded the maximum allowed size")

    def change(before: Item | None) -> Item:
        if before is not None:
            raise ServiceError("DuplicateItemException", "Duplicate primary key exists in table")
        return insert.item

    key = table.keys.of(insert.item)
    return Write(table, key, place(table.keys, key), None, change)


def change_write(table: TableSchema, change: Change) -> Write:
    """UPDATE, which needs its item, and DELETE, which does not when it only names a key."""
    key = key_of(table, change.where)
    if key is None:
        raise invalid(NO_KEY)
    if change.update is not None:
        return update_write(table, key, change.update, change.where)
    only_key = len(list(conjuncts(change.where))) == len(table.keys.names)
    condition = None if only_key else change.where
    return Write(table, key, place(table.keys, key), condition, lambda before: None)


def check_write(table: TableSchema, select: Select) -> Write:
    """EXISTS: a condition on an item that must be there."""
    key = key_of(table, select.where)
    if key is None or select.where is None:
        raise invalid(NO_KEY)

    def change(before: Item | None) -> Item | None:
        if before is None:
            raise condition_failed()
        return before

    where = place(table.keys, key)
    return Write(table, key, where, select.where, change, is_check=True)


def readings(
    table: TableSchema, index: Index | None, select: Select, limit: int | None
) -> list[Reading]:
    """What must be read, one after the other: parts of the table, or all of it."""
    keys = table.keys if index is None else index.keys
    hashes = _hashes(keys, select.where)
    reverse = _reverse(keys, select, hashes)
    if hashes is None:
        return [Reading(table, index, (), None, None, False, limit)]
    bounds = _bounds(keys, hashes[0], select.where)
    after, until = bounds.after_until(reverse=reverse)
    return [
        Reading(
            table,
            index,
            (hash_bytes(each),),
            None if after is None else (after,),
            None if until is None else (until,),
            reverse,
            limit,
        )
        for each in hashes
    ]


def _hashes(keys: KeySchema, where: Condition | None) -> list[AttributeValue] | None:
    """The hash keys that are asked for, each once; None for all."""
    for each in conjuncts(where):
        found: list[AttributeValue] = []
        if isinstance(each, OneOf) and each.operand == At((keys.hash.name,)):
            found = [option.value for option in each.options if isinstance(option, Given)]
            if len(found) < len(each.options):
                continue
        else:
            wanted = _wanted(each)
            if wanted is None or wanted[:2] != (keys.hash.name, "="):
                continue
            found = [wanted[2][0]]
        if any(keys.hash.kind not in value for value in found):
            raise invalid(
                "One or more parameter values were invalid: Condition parameter type does not match"
                " schema type"
            )
        return list({str(value): value for value in found}.values())
    return None


def _reverse(keys: KeySchema, select: Select, hashes: list[AttributeValue] | None) -> bool:
    if not select.order:
        return False
    if select.where is None:
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
    if hashes is None:
        raise invalid(
            "Must have at least one non-optional hash key condition in WHERE clause when using"
            " ORDER BY clause."
        )
    if any(name not in keys.names for name, _ in select.order):
        wrong = next(name for name, _ in select.order if name not in keys.names)
        raise invalid(
            f"Variable reference {wrong} in ORDER BY clause must be part of the primary key"
        )
    falls = dict(select.order)
    return falls[keys.range.name] if keys.range and keys.range.name in falls else False


def _bounds(keys: KeySchema, hashed: AttributeValue, where: Condition | None) -> Bounds:
    """The bounds of range keys, from the first condition that gives some."""
    if keys.range is None:
        return Bounds()
    fixed: Wanted = (keys.hash.name, "=", (hashed,))
    for each in conjuncts(where):
        wanted = _wanted(each)
        if wanted is None or wanted[0] != keys.range.name:
            continue
        if all(keys.range.kind in value for value in wanted[2]):
            return bind([fixed, wanted], keys).bounds
    return Bounds()


def _wanted(condition: Condition) -> Wanted | None:
    """A condition on one attribute that a key could meet."""
    match condition:
        case Comparison(operator, At(path), Given(value)) if operator in _TURNED:
            return (str(path[0]), operator, (value,)) if len(path) == 1 else None
        case Comparison(operator, Given(value), At(path)) if operator in _TURNED:
            return (str(path[0]), _TURNED[operator], (value,)) if len(path) == 1 else None
        case Between(At(path), Given(low), Given(high)):
            return (str(path[0]), "between", (low, high)) if len(path) == 1 else None
        case Predicate("begins_with", At(path), Given(value)):
            return (str(path[0]), "begins_with", (value,)) if len(path) == 1 else None
    return None
