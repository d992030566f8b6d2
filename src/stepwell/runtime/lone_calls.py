"""Calls of services that no execution makes: tests of states do them for real."""

from __future__ import annotations

from stepwell.engine.inputs import Started
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Answered, Later, Refused, ServiceCall
from stepwell.runtime.telling import Telling

ROUNDS_MAX = 10
"""An integration that asks to be called again is called no more often than this."""


class LoneCalls:
    """Through the same integrations as the tasks of executions. Nothing repeats them."""

    def __init__(self, parts: Parts, executions: Telling) -> None:
        self._ledger = parts.ledger
        self._integrations = parts.integrations
        self._executions = executions

    async def call(self, call: ServiceCall) -> Answered | Refused:
        """What the service answers; its effects are on disk."""
        for _ in range(ROUNDS_MAX):
            with self._ledger.stage() as turn:
                outcome = self._integrations.call(turn, call)
                if isinstance(outcome, Answered) and outcome.begin is not None:
                    begin = outcome.begin
                    child = self._executions.begin(turn, begin)
                    self._executions.deliver(turn, child, Started(begin.input, begin.value))
            await self._ledger.committed()
            if not isinstance(outcome, Later):
                return outcome
            answer = await outcome.work()
            if answer is not None:
                return answer
        return Refused("States.Runtime", "The service gave no answer.")
