"""What the parts around the executions ask of them: one port, so that no part knows the whole."""

from __future__ import annotations

from typing import Protocol

from stepwell.engine.inputs import Input
from stepwell.language.program import Resource
from stepwell.runtime.live import Live, LiveExecutions
from stepwell.runtime.open_executions import OpenExecutions
from stepwell.runtime.ports import Answered, Beginning, Refused, ServiceCall
from stepwell.runtime.records import ExecutionRow
from stepwell.runtime.turn import Turn
from stepwell.values import JsonValue


class Telling(Protocol):
    """The executions, as the outbox and the activity tasks see them."""

    @property
    def live(self) -> LiveExecutions:
        """The executions in memory."""

    @property
    def open(self) -> OpenExecutions:
        """How many there are, where a quota asks for it."""

    def deliver(self, turn: Turn, live: Live, given: Input) -> None:
        """Tell an execution something, and whoever is concerned by what follows."""

    def answered(
        self, turn: Turn, live: Live, call: ServiceCall, outcome: Answered | Refused
    ) -> None:
        """Tell a task what came of a call that took its time."""

    def call_again(
        self,
        live: Live,
        *,
        branch: int,
        event: int,
        resource: Resource,
        parameters: JsonValue,
        token: str | None,
        account: str | None,
    ) -> ServiceCall:
        """A call that was recorded before a restart."""

    def begin(self, turn: Turn, beginning: Beginning) -> Live:
        """Put a new execution into memory and the turn. It must still be told that it started."""

    async def stop(
        self, execution: ExecutionRow, *, error: str | None, cause: str | None, request_id: str
    ) -> ExecutionRow:
        """Abort a running execution."""
