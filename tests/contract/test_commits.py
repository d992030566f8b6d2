"""What a commit promises, in every store."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwell.errors import StorageTrouble, StoreInUse
from tests.contract.kit import BARE, LOG, PLAIN, BareRow, LogRow, Opener, PlainRow


def plain(number: int, name: str | None = None, note: str | None = None) -> dict[Any, Any]:
    """One row of the plain table as a change."""
    return {(number,): PlainRow(number, name, 0, note)}


async def test_an_append_only_row_is_put_once(opener: Opener) -> None:
    """A second put of the key fails the commit with all its tables; the first row stays."""
    store = await opener.open()
    await store.commit({LOG: {(1, 1): LogRow(1, 1, b"first")}})
    with pytest.raises(StorageTrouble):
        await store.commit({PLAIN: plain(1), LOG: {(1, 1): LogRow(1, 1, b"second")}})
    assert await store.get(LOG, (1, 1)) == LogRow(1, 1, b"first")
    assert await store.get(PLAIN, (1,)) is None


async def test_a_unique_value_is_taken_once(opener: Opener) -> None:
    """A second row with the value fails the whole commit; missing values are not equal."""
    store = await opener.open()
    await store.commit({PLAIN: {**plain(1, "a"), **plain(2, None), **plain(3, None)}})
    with pytest.raises(StorageTrouble):
        await store.commit({BARE: {("g", 1): BareRow("g", 1)}, PLAIN: plain(4, "a")})
    assert await store.get(BARE, ("g", 1)) is None
    assert await store.count(PLAIN) == 3


async def test_a_unique_value_is_free_after_a_delete_in_the_same_commit(opener: Opener) -> None:
    """Deletes come before puts, in whatever order they stand."""
    store = await opener.open()
    await store.commit({PLAIN: plain(1, "a")})
    await store.commit({PLAIN: {**plain(2, "a"), (1,): None}})
    assert await store.scan(PLAIN, limit=9) == [PlainRow(2, "a", 0, None)]


async def test_commits_come_in_the_order_of_the_calls(opener: Opener) -> None:
    """Commits nobody waits for between are applied one after the other."""
    store = await opener.open()
    waiting = [store.commit({PLAIN: plain(1, None, str(i))}) for i in range(20)]
    await waiting[-1]
    assert await store.get(PLAIN, (1,)) == PlainRow(1, None, 0, "19")
    await asyncio.gather(*waiting)


async def test_a_failed_commit_fails_the_later_ones_until_reset(opener: Opener) -> None:
    """What was handed over after the failure and before the reset never happens."""
    store = await opener.open()
    await store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    failing = [
        store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}}),
        store.commit({PLAIN: plain(1)}),
        store.commit({PLAIN: plain(2)}),
    ]
    for commit in failing:
        with pytest.raises(StorageTrouble):
            await commit
    with pytest.raises(StorageTrouble):
        await store.commit({PLAIN: plain(3)})
    store.reset()
    await store.commit({PLAIN: plain(4)})
    assert [row.id for row in await store.scan(PLAIN, limit=9)] == [4]


async def test_a_commit_made_before_the_reset_stays_failed(opener: Opener) -> None:
    """A reset does not revive commits that were still queued behind the failed one."""
    store = await opener.open()
    await store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    first = store.commit({LOG: {(1, 1): LogRow(1, 1, b"")}})
    behind = [store.commit({PLAIN: plain(i)}) for i in range(5)]
    with pytest.raises(StorageTrouble):
        await first
    store.reset()
    await store.commit({PLAIN: plain(9)})
    results = await asyncio.gather(*behind, return_exceptions=True)
    assert all(isinstance(result, StorageTrouble) for result in results)
    assert [row.id for row in await store.scan(PLAIN, limit=9)] == [9]


@pytest.mark.parametrize(
    "row",
    [
        PlainRow(2**63, None, 0, None),
        PlainRow(1, None, 0, b"7"),  # type: ignore[arg-type]
        PlainRow(1, None, None, None),  # type: ignore[arg-type]
        PlainRow(1, None, 0, "\ud800"),
        (1, None, 0),
    ],
    ids=["too large", "wrong type", "missing", "no UTF-8", "too short"],
)
async def test_a_row_that_does_not_fit_is_refused(opener: Opener, row: Any) -> None:
    """A value the table cannot hold fails the commit and nothing else."""
    store = await opener.open()
    with pytest.raises(StorageTrouble):
        await store.commit({PLAIN: {**plain(5), (row[0],): row}})
    store.reset()
    assert await store.count(PLAIN) == 0
    await store.commit({PLAIN: plain(6)})
    assert await store.count(PLAIN) == 1


async def test_large_values_come_back_whole(opener: Opener) -> None:
    """Payloads of the largest size AWS has, and more, are kept exactly."""
    store = await opener.open()
    row = LogRow(1, 1, bytes(range(256)) * 8_192, "ä€\U0001f600" * 100_000)
    await store.commit({LOG: {(1, 1): row}})
    assert await store.get(LOG, (1, 1)) == row


async def test_a_commit_may_have_very_many_rows(opener: Opener) -> None:
    """Twelve thousand rows are one commit, and can be deleted in one."""
    store = await opener.open()
    rows: dict[Any, Any] = {(1, i): LogRow(1, i, b"x") for i in range(12_000)}
    await store.commit({LOG: rows})
    assert await store.count(LOG, (1,)) == 12_000
    await store.commit({LOG: dict.fromkeys(rows)})
    assert await store.count(LOG, (1,)) == 0


async def test_deleting_what_is_not_there_is_no_trouble(opener: Opener) -> None:
    """A delete of an absent key changes nothing."""
    store = await opener.open()
    await store.commit({PLAIN: {(1,): None}, LOG: {(1, 1): None}})
    assert await store.count(PLAIN) == 0


async def test_reopening_finds_all_that_was_committed(opener: Opener) -> None:
    """Closing finishes commits nobody waited for; a new store on the same place sees them."""
    store = await opener.open()
    waiting = [store.commit({PLAIN: plain(i)}) for i in range(10)]
    await opener.close()
    await asyncio.gather(*waiting)
    again = await opener.open()
    assert [row.id for row in await again.scan(PLAIN, limit=99)] == list(range(10))


async def test_a_place_has_one_owner(opener: Opener) -> None:
    """A second store on the same data is refused; after closing the first it is not."""
    await opener.open()
    with pytest.raises(StoreInUse):
        await opener.open()
    await opener.close()
    await opener.open()


async def test_a_closed_store_answers_with_trouble(opener: Opener) -> None:
    """After closing, reads and commits raise StorageTrouble; closing again does nothing."""
    store = await opener.open()
    await opener.close()
    await store.close()
    with pytest.raises(StorageTrouble):
        await store.get(PLAIN, (1,))
    with pytest.raises(StorageTrouble):
        await store.scan(PLAIN, limit=1)
    with pytest.raises(StorageTrouble):
        await store.commit({PLAIN: plain(1)})


async def test_a_bound_longer_than_the_order_is_a_bug_of_the_caller(opener: Opener) -> None:
    """It raises ValueError at once instead of answering something."""
    store = await opener.open()
    with pytest.raises(ValueError, match="longer than the order"):
        await store.scan(PLAIN, (1,), after=(2,), limit=1)
