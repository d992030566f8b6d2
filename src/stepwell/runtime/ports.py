"""What the runtime needs from outside: a store, a clock, ids."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, TypeVar

from stepwell.runtime.tables import Key, Table

R = TypeVar("R", bound=tuple[Any, ...])

Changes = Mapping[Table[Any], Mapping[Key, tuple[Any, ...] | None]]
"""What one transaction leaves behind: for each table, key -> the row to put, or None to delete."""


class Store(Protocol):
    """Durable tables.

    Every method may raise StorageTrouble. Reads see committed rows only. `commit` calls are applied
    in the order in which they were made, each wholly or not at all; a commit whose predecessor
    failed fails too until `reset` is called.
    """

    async def open(self) -> None:
        """Take ownership of the data, bring the schema up to date. Raises StoreInUse, StoreTooNew."""

    def commit(self, changes: Changes) -> Awaitable[None]:
        """Start one transaction; the awaitable is done when it is on disk."""

    def reset(self) -> None:
        """After a failed commit: forget the failure and accept commits again."""

    async def get(self, table: Table[R], key: Key) -> R | None:
        """The row of that key."""

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
        """Rows in the order of the key, or of an index (its columns, then the key).

        `prefix` fixes the first columns of that order. `after` (exclusive) and `until` (inclusive)
        bound the columns that follow the prefix; each may be shorter than what is left.
        With `reverse` the order is turned round, and `after` is where to continue downwards.
        """

    async def count(self, table: Table[Any], prefix: Key = (), *, index: str | None = None) -> int:
        """How many rows have that prefix."""

    async def close(self) -> None:
        """Finish what was committed and let go of the data."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Epoch milliseconds; never goes back."""


class Ids(Protocol):
    """Where ids and chance come from."""

    def next_id(self) -> int:
        """A 63-bit id, greater than every earlier one of this node, ordered by time across nodes."""

    def uuid(self) -> str:
        """A random UUID."""

    def secret(self, size: int) -> bytes:
        """That many bytes nobody can guess."""
