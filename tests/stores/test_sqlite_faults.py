"""Every write and every flush of a commit fails once: what was committed stays, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.stores.migrations import generated
from stepwell.stores.sqlite import SqliteStore, writer
from tests.contract.kit import LOG, PLAIN, LogRow, PlainRow

TABLES = (PLAIN, LOG)
CALLS_MAX = 100
ROWS = 4


class Disk:
    """Counts writes and flushes, and fails one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.fail_at = 0
        self.error: type[apsw.Error] = apsw.IOError

    def call(self) -> None:
        """One more write or flush."""
        self.calls += 1
        if self.calls == self.fail_at:
            raise self.error("as planned")


class FailingFile(apsw.VFSFile):
    """A file whose writes and flushes may fail."""

    def __init__(self, disk: Disk, base: str, name: Any, flags: Any) -> None:
        self._disk = disk
        super().__init__(base, name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        """Write, or fail."""
        self._disk.call()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Flush, or fail."""
        self._disk.call()
        super().xSync(flags)


class FailingSystem(apsw.VFS):
    """Opens failing files."""

    def __init__(self, disk: Disk, base: str) -> None:
        self._disk = disk
        self._base = base
        super().__init__("failing", base)

    def xOpen(self, name: Any, flags: Any) -> FailingFile:  # noqa: N802
        """A file of the disk."""
        return FailingFile(self._disk, self._base, name, flags)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk under every database opened meanwhile."""
    before = apsw.vfs_names()[0]
    disk = Disk()
    system = FailingSystem(disk, before)
    apsw.set_default_vfs("failing")
    yield disk
    apsw.set_default_vfs(before)
    system.unregister()


def changes(number: int) -> dict[Any, Any]:
    """A commit over two tables, some pages large."""
    rows = {(number, i): LogRow(number, i, b"x" * 3000) for i in range(ROWS)}
    return {PLAIN: {(number,): PlainRow(number, str(number), 0, None)}, LOG: rows}


async def numbers(store: SqliteStore) -> list[int]:
    """The commits the store holds; each is there wholly."""
    found = [row.id for row in await store.scan(PLAIN, limit=99)]
    for number in found:
        assert await store.count(LOG, (number,)) == ROWS
    assert await store.count(LOG) == ROWS * len(found)
    return found


@pytest.mark.parametrize("checkpoint_pages", [1, writer.CHECKPOINT_PAGES])
@pytest.mark.parametrize(
    ("error", "expected"), [(apsw.IOError, StorageTrouble), (apsw.FullError, StoreFull)]
)
async def test_any_write_or_flush_of_a_commit_may_fail(
    disk: Disk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[apsw.Error],
    expected: type[StorageTrouble],
    checkpoint_pages: int,
) -> None:
    """The commit fails as a whole, the next one works, and a restart finds the same.

    With a checkpoint after every commit, its failures must not pass for failures of a commit.
    """
    monkeypatch.setattr(writer, "CHECKPOINT_PAGES", checkpoint_pages)
    disk.error = error
    troubles: list[StorageTrouble] = []
    for place in range(1, CALLS_MAX):
        directory = tmp_path / str(place)
        store = SqliteStore(directory, TABLES, migrations=generated(TABLES, "sqlite"))
        await store.open()
        await store.commit(changes(1))
        await store.commit({})
        disk.fail_at = disk.calls + place
        failed = False
        try:
            await store.commit(changes(2))
        except StorageTrouble as trouble:
            failed = True
            troubles.append(trouble)
            store.reset()
        assert await numbers(store) == ([1] if failed else [1, 2])
        # An empty commit is done after the checkpoint that followed the one before it.
        await store.commit({})
        reached = disk.calls >= disk.fail_at
        disk.fail_at = 0
        if failed:
            await store.commit(changes(2))
        await store.commit(changes(3))
        await store.close()
        again = SqliteStore(directory, TABLES, migrations=generated(TABLES, "sqlite"))
        await again.open()
        assert await numbers(again) == [1, 2, 3]
        await again.close()
        if not reached:
            break
    assert len(troubles) >= 5
    assert {type(trouble) for trouble in troubles} == {expected}
