"""The stores of simulations: a disk that outlives its store, and a store that breaks on demand."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.stores.faulty import FaultyStore, StoreCrashed
from stepwell.stores.memory import MemoryStore
from tests.contract.kit import LOG, PLAIN, PlainRow

TABLES = (PLAIN, LOG)


def plain(number: int) -> dict[Any, Any]:
    """A change that puts one row."""
    return {PLAIN: {(number,): PlainRow(number, None, 0, None)}}


async def reopened(store: MemoryStore) -> list[int]:
    """The plain rows a new store finds on a copy of the disk."""
    again = MemoryStore(TABLES, store.disk.copy())
    await again.open()
    return [row.id for row in await again.scan(PLAIN, limit=99)]


async def test_a_copy_of_the_disk_is_a_restart() -> None:
    """What was committed is there; what is written later to the old disk is not."""
    store = MemoryStore(TABLES)
    await store.open()
    await store.commit(plain(1))
    copy = store.disk.copy()
    await store.commit(plain(2))
    again = MemoryStore(TABLES, copy)
    await again.open()
    await again.commit(plain(3))
    assert [row.id for row in await again.scan(PLAIN, limit=9)] == [1, 3]
    assert [row.id for row in await store.scan(PLAIN, limit=9)] == [1, 2]


async def test_a_row_is_seen_only_once_it_is_committed() -> None:
    """A read right after the call does not see what is not acknowledged."""
    store = MemoryStore(TABLES)
    await store.open()
    commit = store.commit(plain(1))
    assert await store.get(PLAIN, (1,)) is None
    await commit
    assert await store.get(PLAIN, (1,)) is not None


@pytest.mark.parametrize(
    ("when", "kept"), [("crash_before", [1]), ("crash_after", [1, 2])], ids=["before", "after"]
)
async def test_a_crash_at_a_commit(when: str, kept: list[int]) -> None:
    """The commit raises the crash, every later use raises it too, the disk has what it has."""
    inner = MemoryStore(TABLES)
    told: list[str] = []
    points: dict[str, Any] = {when: 2}
    store = FaultyStore(inner, on_crash=lambda: told.append("crash"), **points)
    await store.open()
    await store.commit(plain(1))
    assert told == []
    with pytest.raises(StoreCrashed):
        await store.commit(plain(2))
    with pytest.raises(StoreCrashed):
        store.commit(plain(3))
    with pytest.raises(StoreCrashed):
        await store.get(PLAIN, (1,))
    with pytest.raises(StoreCrashed):
        store.reset()
    assert told == ["crash"]
    assert store.commits == 2
    assert await reopened(inner) == kept


async def test_a_commit_that_fails_poisons_until_reset() -> None:
    """The n-th commit and those after it fail; after reset all goes on."""
    inner = MemoryStore(TABLES)
    store = FaultyStore(inner, fail_at=2)
    await store.open()
    await store.commit(plain(1))
    for _ in range(2):
        with pytest.raises(StoreFull):
            await store.commit(plain(2))
    store.reset()
    await store.commit(plain(3))
    assert store.commits == 4
    assert await reopened(inner) == [1, 3]


async def test_the_given_crash_and_trouble_are_raised() -> None:
    """A simulator may bring its own exceptions."""
    inner = MemoryStore(TABLES)
    trouble = StorageTrouble("mine")
    store = FaultyStore(
        inner, fail_at=1, crash_before=2, trouble=trouble, crash=KeyboardInterrupt()
    )
    await store.open()
    with pytest.raises(StorageTrouble, match="mine"):
        await store.commit(plain(1))
    store.reset()
    with pytest.raises(KeyboardInterrupt):
        await store.commit(plain(2))
