"""Group commit.

Operations change the state in memory and stage rows in the open turn, synchronously. The turn
becomes one transaction as soon as the one before it is on disk, so the price of a flush is shared
by everyone who came meanwhile. Whoever must know that its effects are safe awaits `committed()`.

State in memory runs ahead of the disk, and later operations may see it: their own answers wait for
a commit that comes no earlier. When a commit fails, nothing of it and nothing after it happened:
every waiter gets the StorageTrouble, and the owners of state in memory are told to drop it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from stepwell.errors import StorageTrouble, StoreInUse
from stepwell.runtime.ports import Store
from stepwell.runtime.turn import Turn

__all__ = ["Ledger", "Turn"]

_log = logging.getLogger("stepwell.runtime")


class Ledger:
    """The open turn and the commit under way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open = Turn()
        self._waiting: list[asyncio.Future[None]] = []
        self._busy = False
        self._on_rollback: list[Callable[[], None]] = []
        self._on_lost: list[Callable[[StorageTrouble], None]] = []
        self._committing: asyncio.Task[None] | None = None
        self.commits = 0
        self.open_number = 1
        """The number of the open turn."""
        self.safe_number = 0
        """The number of the last turn that is on disk."""

    def on_rollback(self, forget: Callable[[], None]) -> None:
        """Register what drops state in memory when a commit failed."""
        self._on_rollback.append(forget)

    def on_lost(self, stop: Callable[[StorageTrouble], None]) -> None:
        """Register what ends the process when somebody else owns the data now."""
        self._on_lost.append(stop)

    def stage(self) -> Stage:
        """A turn of one operation:

        Joins the open one when the block ends, vanishes if it raises.
        """
        return Stage(self)

    def join(self, turn: Turn) -> None:
        """Make what an operation staged part of the open turn."""
        if self._open.changes or self._open.done:
            self._open.absorb(turn)
        else:
            self._open = turn
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def committed(self) -> None:
        """Return once everything staged so far is on disk. Raises StorageTrouble if it is not."""
        if self._busy:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting

    def _flush(self) -> None:
        turn, self._open = self._open, Turn()
        waiting, self._waiting = self._waiting, []
        number, self.open_number = self.open_number, self.open_number + 1
        self._committing = asyncio.ensure_future(self._commit(turn, waiting, number))

    async def _commit(self, turn: Turn, waiting: list[asyncio.Future[None]], number: int) -> None:
        try:
            if turn.changes:
                await self._store.commit(turn.changes)
                self.commits += 1
        except StorageTrouble as trouble:
            self._roll_back(trouble, waiting)
            return
        except Exception as bug:
            # A row the store can't take. Nothing of the turn is kept, and nobody waits for ever.
            _log.exception("a commit broke")
            self._roll_back(StorageTrouble(f"The commit broke: {bug}"), waiting)
            return
        self.safe_number = number
        if self._open.changes or self._open.done or self._waiting:
            self._flush()
        else:
            self._busy = False
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for action in turn.done:
            try:
                action()
            except Exception:
                _log.exception("what follows a commit failed")

    def _roll_back(self, trouble: StorageTrouble, waiting: list[asyncio.Future[None]]) -> None:
        later, self._waiting = self._waiting, []
        self._open = Turn()
        self._busy = False
        self.safe_number = self.open_number
        self.open_number += 1
        self._store.reset()
        if isinstance(trouble, StoreInUse):
            for stop in self._on_lost:
                stop(trouble)
        for forget in self._on_rollback:
            forget()
        for future in (*waiting, *later):
            if not future.done():
                future.set_exception(trouble)


class Stage:
    """The block of `Ledger.stage`."""

    __slots__ = ("_ledger", "_turn")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._turn = Turn()

    def __enter__(self) -> Turn:
        return self._turn

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._ledger.join(self._turn)
