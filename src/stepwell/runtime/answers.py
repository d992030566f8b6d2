"""What workers say of the tasks whose tokens they hold: done, failed, still at it.

A token leads to its execution and the event that scheduled the task. One that is no longer good is
refused with what became of it.
"""

from __future__ import annotations

from stepwell.engine.inputs import TaskCompleted, TaskFailed
from stepwell.errors import ServiceError
from stepwell.runtime.live import Live
from stepwell.runtime.notices import log_heartbeat
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Caller
from stepwell.runtime.records import TOKEN, ExecutionRow, TokenRow
from stepwell.runtime.telling import Telling
from stepwell.runtime.tokens import (
    check_secret,
    invalid_token,
    place_of,
    task_is_over,
    unknown_task,
)
from stepwell.values import BadJson, decode_payload

_LATER_TOKENS_SEEN = 100
"""How many later tokens of an execution are looked through for the next attempt of a task."""


class Answers:
    """See the module."""

    def __init__(self, parts: Parts, executions: Telling) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._executions = executions

    async def task_succeeded(self, *, call: Caller, token: str, output: str) -> None:
        """Complete the task of a token."""
        try:
            value = decode_payload(output)
        except BadJson as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        live, row, branch = await self._open_task(call, token)
        with self._ledger.stage() as turn:
            told = TaskCompleted(branch, row.event, output, value, call.request_id)
            self._executions.deliver(turn, live, told)
        await self._ledger.committed()

    async def task_failed(
        self, *, call: Caller, token: str, error: str | None, cause: str | None
    ) -> None:
        """Fail the task of a token."""
        live, row, branch = await self._open_task(call, token)
        with self._ledger.stage() as turn:
            told = TaskFailed(branch, row.event, error, cause, call.request_id)
            self._executions.deliver(turn, live, told)
        await self._ledger.committed()

    async def task_heartbeat(self, *, call: Caller, token: str) -> None:
        """Start the heartbeat clock of a token's task again."""
        live, row, _ = await self._open_task(call, token)
        with self._ledger.stage() as turn:
            beaten = row._replace(beaten_at=self._clock.now(), beats=row.beats + 1)
            live.tokens[row.event] = beaten
            live.turn = self._ledger.open_number
            turn.put(TOKEN, beaten)
        await self._ledger.committed()
        log_heartbeat(beaten)

    async def _open_task(self, call: Caller, token: str) -> tuple[Live, TokenRow, int]:
        """The execution, the open token and the branch that a token stands for."""
        execution, event = place_of(token)
        live = await self._executions.live.get(execution)
        if live is None:
            await self._refuse_late(call, token, execution, event)
            raise unknown_task()
        _check_owner(call, live.row)
        check_secret(token, live.row, event)
        row = live.tokens.get(event)
        if row is None or row.closed_at is not None:
            # Whoever hears that it is closed may rely on what closed it.
            await self._ledger.committed()
            raise await self._over(row or await self._store.get(TOKEN, (execution, event)))
        for branch in live.execution.branches.values():
            if branch.scheduled == event:
                return live, row, branch.id
        raise await self._over(row)

    async def _refuse_late(self, call: Caller, token: str, execution: int, event: int) -> None:
        row = await self._executions.live.row(execution)
        if row is None:
            return
        _check_owner(call, row)
        check_secret(token, row, event)
        raise await self._over(await self._store.get(TOKEN, (execution, event)))

    async def _over(self, row: TokenRow | None) -> ServiceError:
        """Why a token is no longer good, and which attempt took over."""
        if row is None:
            return task_is_over(None)
        later = await self._store.scan(
            TOKEN, (row.execution,), after=(row.event,), limit=_LATER_TOKENS_SEEN
        )
        return task_is_over(
            row,
            next((t for t in later if (t.state, t.attempt) == (row.state, row.attempt + 1)), None),
        )


def _check_owner(call: Caller, row: ExecutionRow) -> None:
    """Tokens are good in the account that owns the execution."""
    if row.arn.split(":", 5)[4] != call.account:
        raise invalid_token()
