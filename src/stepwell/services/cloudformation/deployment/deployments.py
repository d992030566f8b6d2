"""What makes stacks go on.

A deployment is no task: where it is stands in the rows of the stack and of its resources. `poke`
makes a look at them; what is ready is recorded as an attempt and begun once that is on disk; an
attempt that ends is recorded and pokes again. After a crash, or a commit that failed, every
attempt on disk that nobody works at is made again, as repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from stepwell.errors import StorageTrouble
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.deployment import (
    applying,
    attempts,
    breaking,
    removing,
    restoring,
)
from stepwell.services.cloudformation.documents import (
    APPLY,
    CLEANUP,
    REMOVE,
    RESTORE,
    read_attempt,
    read_operation,
)
from stepwell.services.cloudformation.ports import Target
from stepwell.services.cloudformation.records import StackRow
from stepwell.services.cloudformation.stacks import Stacks

_log = logging.getLogger("stepwell.cloudformation")

ATTEMPTS_MAX = 32
"""How many resources are worked at at the same time, all stacks together."""
_TROUBLE_MS = 1_000

_PHASES = {
    APPLY: applying.advance,
    RESTORE: restoring.advance,
    CLEANUP: removing.advance_cleanup,
    REMOVE: removing.advance_removal,
}


class Deployments:
    """See the module."""

    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks
        self._looking: set[str] = set()
        self._again: set[str] = set()
        self._working: set[Target] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(ATTEMPTS_MAX)
        self._onlookers: dict[str, set[asyncio.Event]] = {}
        self._closing = False
        self._resumes_later = False
        stacks.parts.ledger.on_rollback(self._read_again)

    def poke(self, stack: str) -> None:
        """Have a look at a stack, soon: something about it changed."""
        if self._closing:
            return
        if stack in self._looking:
            self._again.add(stack)
            return
        self._looking.add(stack)
        self._spawn(self._look(stack))

    def begin(self, turn: Turn, target: Target) -> None:
        """Work at the attempt that is staged for a resource, once it is on disk."""
        turn.after_commit(lambda: self._start(target, repeated=False))

    def ring(self, stack: str, at: int) -> None:
        """Have a look at that time."""
        self._stacks.parts.alarm.call_at(at, lambda: self.poke(stack))

    async def resume(self) -> None:
        """Take up everything that is not over."""
        stacks = self._stacks
        for row in [row for row in stacks.stacks.everything() if row.operation]:
            try:
                self._take_up(row)
            except Exception as bug:
                # One odd stack must not keep the others, nor the server, from going on.
                await breaking.broke(stacks, row.id, row.phase, bug)
        for wait in stacks.waits.everything():
            if wait.deadline:
                self.ring(wait.stack, wait.deadline)

    def _take_up(self, row: StackRow) -> None:
        """Work at every attempt of a stack that nobody works at."""
        stacks, operation = self._stacks, read_operation(row)
        assert operation is not None
        for resource in stacks.resources.of(row.id):
            attempt = read_attempt(resource)
            if attempt is not None and not attempt.token:
                self._start((row.id, resource.logical_id, 0), repeated=True)
        for leftover in stacks.leftovers.of(row.id):
            if leftover.status == removing.BEGUN:
                self._start((row.id, leftover.logical_id, leftover.number), repeated=True)
        if operation.deadline:
            self.ring(row.id, operation.deadline)
        self.poke(row.id)

    async def over(self, stack: str, patience_ms: int) -> None:
        """Return once the stack's deployment is over, or that time has passed."""
        if self._is_over(stack) or self._closing:
            return
        parts, seen = self._stacks.parts, asyncio.Event()
        onlookers = self._onlookers.setdefault(stack, set())
        onlookers.add(seen)
        give_up = parts.alarm.call_at(parts.clock.now() + patience_ms, seen.set)
        try:
            await seen.wait()
        finally:
            give_up()
            onlookers.discard(seen)
            if not onlookers:
                self._onlookers.pop(stack, None)

    def stop_waiting(self) -> None:
        """Let everybody go who waits for a deployment."""
        for onlookers in self._onlookers.values():
            for seen in onlookers:
                seen.set()

    def _is_over(self, stack: str) -> bool:
        row = self._stacks.stacks.get(stack)
        return row is None or not row.operation

    async def settle(self) -> None:
        """Return once nothing runs (what waits for an answer does not count)."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks), return_exceptions=True)

    @property
    def is_still(self) -> bool:
        """Whether nothing runs."""
        return not self._tasks

    async def close(self) -> None:
        """Let go: everything is recorded and will be taken up again."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*list(self._tasks), return_exceptions=True)

    # -- looking

    async def _look(self, stack: str) -> None:
        try:
            while True:
                self._again.discard(stack)
                await self._advance(stack)
                if stack not in self._again or self._closing:
                    return
                # Much may be ready at once: let others have their turn.
                await asyncio.sleep(0)
        except StorageTrouble as trouble:
            _log.warning("%s: looked at again: %s", stack, trouble)
            self.ring(stack, self._stacks.parts.clock.now() + _TROUBLE_MS)
        except Exception:
            _log.exception("%s: the deployment can't even be ended", stack)
        finally:
            self._looking.discard(stack)
            if self._is_over(stack):
                for seen in self._onlookers.get(stack, ()):
                    seen.set()

    async def _advance(self, stack: str) -> None:
        await self._stacks.ready()
        row = self._stacks.stacks.get(stack)
        operation = None if row is None else read_operation(row)
        if row is None or operation is None:
            return
        try:
            self._stacks.waiting.collect(row)
            advance = _PHASES.get(operation.phase)
            if advance is not None:
                await advance(self._stacks, row, operation)
        except StorageTrouble:
            raise
        except Exception as bug:
            await breaking.broke(self._stacks, stack, row.phase, bug)

    # -- working

    def _start(self, target: Target, *, repeated: bool) -> None:
        if target in self._working or self._closing:
            return
        self._working.add(target)
        self._spawn(self._work(target, repeated=repeated))

    async def _work(self, target: Target, *, repeated: bool) -> None:
        try:
            await self._attempt(target, repeated=repeated)
        except StorageTrouble as trouble:
            _log.warning("%s: %s is tried again: %s", *target[:2], trouble)
            now = self._stacks.parts.clock.now()
            again = now + _TROUBLE_MS
            self._stacks.parts.alarm.call_at(again, lambda: self._start(target, repeated=True))
            return
        finally:
            self._working.discard(target)
        self.poke(target[0])

    async def _attempt(self, target: Target, *, repeated: bool) -> None:
        try:
            async with self._room:
                record = await attempts.run(self._stacks, target, repeated=repeated)
            # A commit may have failed meanwhile: what is recorded goes on from what is on disk.
            await self._stacks.ready()
            if record is not None:
                record()
        except StorageTrouble:
            raise
        except Exception as bug:
            await breaking.attempt_broke(self._stacks, target, bug)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _read_again(self) -> None:
        """A commit failed: only the store knows what was begun.

        Not at once: where there is no space the next commit would fail as well, and so on.
        """
        if self._closing or self._resumes_later:
            return
        self._resumes_later = True
        later = self._stacks.parts.clock.now() + _TROUBLE_MS
        self._stacks.parts.alarm.call_at(later, lambda: self._spawn(self._resume_later()))

    async def _resume_later(self) -> None:
        self._resumes_later = False
        if self._closing:
            return
        try:
            await self._stacks.ready()
            await self.resume()
        except StorageTrouble:
            self._read_again()
