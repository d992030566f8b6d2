"""Expressions that are evaluated beside the loop: when one is done, its execution goes on.

Nothing is kept of them. The timer that the engine set is on disk; here it only rings earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from stepwell.engine.commands import AwaitExpression
from stepwell.runtime.live import Live
from stepwell.runtime.timers import Timers
from stepwell.runtime.turn import Turn


class Evaluations:
    """See the module. `spawn` runs work beside the loop."""

    def __init__(self, timers: Timers, spawn: Callable[[Awaitable[None]], None]) -> None:
        self._timers = timers
        self._spawn = spawn

    def await_(self, turn: Turn, live: Live, command: AwaitExpression) -> None:
        """Ring the timer of the command once its expression has an outcome."""
        execution = live.row.id
        turn.after_commit(lambda: self._spawn(self._await(execution, command)))

    async def _await(self, execution: int, command: AwaitExpression) -> None:
        await asyncio.wrap_future(command.pending.begin())
        self._timers.hurry(execution, command.branch, command.kind, command.event)
