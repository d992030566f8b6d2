"""What operations cost in capacity units, as AWS counts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stepwell.services.dynamodb.attribute_values import Item, item_size, same_item
from stepwell.services.dynamodb.schema import Index, TableSchema

READ_BYTES, WRITE_BYTES = 4096, 1024


@dataclass(slots=True)
class Cost:
    """Units used of a table and of its indexes."""

    table: float = 0.0
    indexes: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All units together."""
        return self.table + sum(self.indexes.values())

    def add(self, other: Cost) -> None:
        """Add what another operation used of the same table."""
        self.table += other.table
        for name, units in other.indexes.items():
            self.indexes[name] = self.indexes.get(name, 0.0) + units


def read_units(size: int, *, consistent: bool, transactional: bool = False) -> float:
    """Units of reading so many bytes."""
    blocks = max(1, -(-size // READ_BYTES))
    return blocks * (2.0 if transactional else 1.0 if consistent else 0.5)


def write_cost(
    table: TableSchema, before: Item | None, after: Item | None, *, transactional: bool = False
) -> Cost:
    """Units of replacing an item."""
    factor = 2.0 if transactional else 1.0
    cost = Cost(_write_units(before, after) * factor)
    for index in table.indexes:
        units = _index_units(index, before, after) * factor
        if units:
            cost.indexes[index.name] = units
    return cost


def _write_units(before: Item | None, after: Item | None) -> float:
    size = max(item_size(item) if item is not None else 0 for item in (before, after))
    return float(max(1, -(-size // WRITE_BYTES)))


def _index_units(index: Index, before: Item | None, after: Item | None) -> float:
    old, new = (_entry(index, item) for item in (before, after))
    if old is None and new is None:
        return 0.0
    if old is None or new is None:
        return _write_units(old, new)
    if same_item(old, new):
        return 0.0
    if same_item(index.keys.of(old), index.keys.of(new)):
        return _write_units(old, new)
    return _write_units(old, None) + _write_units(None, new)


def _entry(index: Index, item: Item | None) -> Item | None:
    if item is None or any(name not in item for name in index.keys.names):
        return None
    return index.shown(item)


def told(
    table: TableSchema, cost: Cost, wanted: str | None, kind: str = ""
) -> dict[str, Any] | None:
    """ConsumedCapacity, if it was asked for. `kind` is Read or Write where that is shown too."""
    if wanted not in ("TOTAL", "INDEXES"):
        return None

    def units(value: float) -> dict[str, float]:
        shown = {"CapacityUnits": value}
        return shown | {f"{kind}CapacityUnits": value} if kind else shown

    answer: dict[str, Any] = {"TableName": table.name, **units(cost.total)}
    if wanted == "INDEXES":
        answer["Table"] = units(cost.table)
        for is_local, name in ((True, "LocalSecondaryIndexes"), (False, "GlobalSecondaryIndexes")):
            of_kind = {
                index.name: units(cost.indexes[index.name])
                for index in table.indexes
                if index.is_local is is_local and index.name in cost.indexes
            }
            if of_kind:
                answer[name] = of_kind
    return answer


def told_many(
    costs: Iterable[tuple[TableSchema, Cost]], wanted: str | None, kind: str = ""
) -> list[dict[str, Any]] | None:
    """ConsumedCapacity of several operations, one entry for each table."""
    if wanted not in ("TOTAL", "INDEXES"):
        return None
    sums: dict[int, tuple[TableSchema, Cost]] = {}
    for table, cost in costs:
        sums.setdefault(table.id, (table, Cost()))[1].add(cost)
    shown = (told(table, cost, wanted, kind) for table, cost in sums.values())
    return [each for each in shown if each is not None]


def collection_metrics(
    table: TableSchema, key: Mapping[str, Any], wanted: str | None
) -> dict[str, Any] | None:
    """ItemCollectionMetrics, if asked for: an estimate, and only for tables with local indexes."""
    if wanted != "SIZE" or not any(index.is_local for index in table.indexes):
        return None
    name = table.keys.hash.name
    return {"ItemCollectionKey": {name: key[name]}, "SizeEstimateRangeGB": [0.0, 1.0]}
