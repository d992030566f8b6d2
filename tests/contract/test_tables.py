"""Every table the product declares, in every store, against a naive model."""

from __future__ import annotations

import random
from typing import Any

import pytest

from stepwell.runtime.ports import Store
from stepwell.runtime.records import LEASE
from stepwell.runtime.tables import Key, Table
from stepwell.stores.migrations.declared import declared_tables
from tests.contract.kit import BARE, LOG, MIXED, PLAIN, Model, Opener, random_row, random_value

COMMITS = 25
CHANGES_PER_COMMIT_MAX = 8
SCANS_PER_ORDER = 25

CHECKED = [
    PLAIN,
    MIXED,
    BARE,
    LOG,
    # A store may keep a lease of its own there.
    *(table for table in declared_tables() if table is not LEASE),
]


@pytest.mark.parametrize("table", CHECKED, ids=lambda table: table.name)
async def test_a_table_answers_as_the_model_does(opener: Opener, table: Table[Any]) -> None:
    """After random puts and deletes every answer is the model's; after reopening too."""
    chance = random.Random(table.name)
    model = Model(table)
    store = await opener.open([table, LEASE])
    for _ in range(COMMITS):
        await store.commit({table: _random_changes(model, chance)})
    assert len(model.rows) > COMMITS // 3
    await _compare(store, model, chance)
    await opener.close()
    await _compare(await opener.open([table, LEASE]), model, chance)


def _random_changes(model: Model, chance: random.Random) -> dict[Key, Any]:
    changes: dict[Key, Any] = {}
    for _ in range(chance.randint(1, CHANGES_PER_COMMIT_MAX)):
        if model.rows and chance.random() < 0.25:
            key = chance.choice(sorted(model.rows, key=repr))
            if key not in changes:
                changes[key] = None
                del model.rows[key]
    for _ in range(chance.randint(1, CHANGES_PER_COMMIT_MAX)):
        row = random_row(model.table, chance)
        if model.rows and chance.random() < 0.3:
            row = _with_key_of(model, row, chance)
        key = model.table.key_of(row)
        if key not in changes and model.accepts(row):
            changes[key] = row
            model.put(row)
    return changes


def _with_key_of(model: Model, row: Any, chance: random.Random) -> Any:
    other = chance.choice(sorted(model.rows.values(), key=repr))
    values = list(row)
    for i in model.table.key_positions:
        values[i] = other[i]
    return model.table.row(*values)


async def _compare(store: Store, model: Model, chance: random.Random) -> None:
    table = model.table
    for key, row in model.rows.items():
        found = await store.get(table, key)
        assert found == row
        assert type(found) is table.row
    for index in [None, *(index.name for index in table.indexes)]:
        everything = await store.scan(table, index=index, limit=10_000)
        assert everything == model.scan(
            (), index=index, after=None, until=None, limit=10_000, reverse=False
        )
        for _ in range(SCANS_PER_ORDER):
            await _compare_scan(store, model, index, chance)


async def _compare_scan(
    store: Store, model: Model, index: str | None, chance: random.Random
) -> None:
    names = model.order(index)
    columns = {column.name: column for column in model.table.columns}
    base = chance.choice(list(model.rows.values()))
    position = {name: i for i, name in enumerate(model.names)}
    length = chance.randint(0, len(names))
    prefix = tuple(base[position[name]] for name in names[:length])

    def bound() -> Key | None:
        size = chance.randint(0, len(names) - length)
        if size == 0:
            return None
        wanted = names[length : length + size]
        if chance.random() < 0.5:
            return tuple(random_value(columns[name], chance) for name in wanted)
        row = chance.choice(list(model.rows.values()))
        return tuple(row[position[name]] for name in wanted)

    after, until, limit = bound(), bound(), chance.choice((0, 1, 3, 1000))
    reverse = chance.random() < 0.5
    asked = (prefix, index, after, until, limit, reverse)
    found = await store.scan(
        model.table, prefix, index=index, after=after, until=until, limit=limit, reverse=reverse
    )
    assert found == model.scan(
        prefix, index=index, after=after, until=until, limit=limit, reverse=reverse
    ), asked
    some = tuple(chance.sample(model.names, chance.randint(1, len(model.names))))
    picked = await store.pick(
        model.table, some, prefix,
        index=index, after=after, until=until, limit=limit, reverse=reverse,
    )  # fmt: skip
    assert picked == [tuple(getattr(row, name) for name in some) for row in found], (some, *asked)
    assert {type(values) for values in picked} <= {tuple}
    counted = model.scan(prefix, index=index, after=None, until=None, limit=10**9, reverse=False)
    assert await store.count(model.table, prefix, index=index) == len(counted)
