"""A store that breaks where a simulation tells it to.

Rules: commits are numbered from 1 in the order in which they were made. A crash is not an error
answer: the commit raises `StoreCrashed` (a BaseException, so that nothing handles it by
accident), or whatever was given, and from then on every use raises it again. What the inner store
holds at that instant is what the next process finds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from stepwell.errors import StorageTrouble, StoreFull
from stepwell.runtime.ports import Changes, Store
from stepwell.runtime.tables import Key, Table

R = TypeVar("R", bound=tuple[Any, ...])


class StoreCrashed(BaseException):
    """The process is dead from here on; only a simulator sees this."""


class FaultyStore:
    """Wraps a store: counts commits, crashes before or after one, fails one.

    `on_crash` is called at the crash, because the task that commits may be awaited by nobody.
    """

    def __init__(
        self,
        inner: Store,
        *,
        crash_before: int | None = None,
        crash_after: int | None = None,
        fail_at: int | None = None,
        crash: BaseException | None = None,
        trouble: StorageTrouble | None = None,
        on_crash: Callable[[], None] | None = None,
    ) -> None:
        self.inner = inner
        self.commits = 0
        self.crashed = False
        self._crash_before = crash_before
        self._crash_after = crash_after
        self._fail_at = fail_at
        self._crash = crash if crash is not None else StoreCrashed("the store crashed as planned")
        self._trouble = trouble if trouble is not None else StoreFull("no space left, as planned")
        self._on_crash = on_crash
        self._failed = False

    async def open(self) -> None:
        """Open the inner store."""
        self._alive()
        await self.inner.open()

    def commit(self, changes: Changes) -> Awaitable[None]:
        """Commit, or break if it is this one's turn."""
        self._alive()
        self.commits += 1
        number = self.commits
        if self._failed or number == self._fail_at:
            self._failed = True
            return self._fail()
        if number == self._crash_before:
            return self._die()
        done = self.inner.commit(changes)
        return self._die_after(done) if number == self._crash_after else self._watch(done)

    def reset(self) -> None:
        """Accept commits again."""
        self._alive()
        self._failed = False
        self.inner.reset()

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""
        self._alive()
        return await self.inner.get(table, key)

    async def scan(
        self,
        table: Table[R],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[R]:
        """Rows in order; see the port."""
        self._alive()
        return await self.inner.scan(
            table, prefix, index=index, after=after, until=until, limit=limit, reverse=reverse
        )

    async def pick(
        self,
        table: Table[Any],
        columns: tuple[str, ...],
        prefix: Key = (),
        *,
        index: str | None = None,
        after: Key | None = None,
        until: Key | None = None,
        limit: int,
        reverse: bool = False,
    ) -> list[tuple[Any, ...]]:
        """Some columns of rows in order; see the port."""
        self._alive()
        return await self.inner.pick(
            table,
            columns,
            prefix,
            index=index,
            after=after,
            until=until,
            limit=limit,
            reverse=reverse,
        )

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""
        self._alive()
        return await self.inner.count(table, prefix, index=index)

    async def close(self) -> None:
        """Close the inner store; after a crash too, so that its disk can be opened again."""
        await self.inner.close()

    def _alive(self) -> None:
        if self.crashed:
            raise self._crash

    def _now_dead(self) -> BaseException:
        if not self.crashed:
            self.crashed = True
            if self._on_crash is not None:
                self._on_crash()
        return self._crash

    async def _fail(self) -> None:
        raise self._trouble

    async def _die(self) -> None:
        raise self._now_dead()

    async def _die_after(self, done: Awaitable[None]) -> None:
        await done
        raise self._now_dead()

    async def _watch(self, done: Awaitable[None]) -> None:
        await done
        self._alive()
