"""Work that can't be done within a turn: recorded first, done after the commit, repeated after a
crash.

Three kinds of rows: a service call that takes its time, a child execution that ended while its
parent was not in memory, a child execution or a job elsewhere to be stopped (under the negative
event, so that it never takes the place of the call). The attempt (execution, event) goes with each,
so that whoever is called twice can tell.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable

from stepwell.engine.inputs import Input, TaskCompleted, TaskFailed
from stepwell.engine.states.task import waits_for
from stepwell.errors import StorageTrouble
from stepwell.language.program import Resource, TaskState
from stepwell.language.resources import parse_resource
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.live import Live
from stepwell.runtime.ports import (
    Alarm,
    Answered,
    Clock,
    Integrations,
    Later,
    Refused,
    ServiceCall,
    Store,
)
from stepwell.runtime.records import CHILD, OUTBOX, ExecutionRow, OutboxRow
from stepwell.runtime.telling import Telling
from stepwell.runtime.timers import SHARD
from stepwell.runtime.turn import Turn
from stepwell.values import JsonObject, JsonValue, decode, encode_text

_log = logging.getLogger("stepwell.runtime")
_PAGE = 1_000
Outcome = Answered | Refused | None
RETRY_MS = 1_000
"""How long after trouble with the store it is tried again."""


class Outbox:
    """See the module."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        alarm: Alarm,
        integrations: Integrations,
        executions: Telling,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._alarm = alarm
        self._integrations = integrations
        self._executions = executions
        self._tasks: set[asyncio.Future[None]] = set()
        self._under_way: set[Hashable] = set()
        self.polls: dict[int, dict[tuple[int, int], asyncio.Future[Outcome]]] = {}
        """Polls under way: execution -> (branch, event) -> the work."""

    # -- recording

    def call(self, turn: Turn, call: ServiceCall, later: Later) -> None:
        """Do a call after the commit."""
        request: JsonObject = {"call": call.parameters, "token": call.token}
        if call.account != call.execution_arn.split(":", 5)[4]:
            request["account"] = call.account
        self._put(turn, call.execution, call.event, call.branch, request)
        turn.after_commit(
            lambda: self.insist((call.execution, call.event), lambda: self._do_call(call, later))
        )

    def follow(self, turn: Turn, call: ServiceCall, submitted: JsonValue) -> None:
        """See the job to its end that a call began."""
        request: JsonObject = {
            "call": call.parameters,
            "token": None,
            "job": submitted,
            "account": call.account,
        }
        row = self._put(turn, call.execution, call.event, call.branch, request)
        turn.after_commit(lambda: self._begin_job(row, call, submitted))

    def job_ended(self, turn: Turn, parent: int, branch: int, event: int, child: int) -> None:
        """Tell a parent that is not in memory that its child ended."""
        row = self._put(turn, parent, event, branch, {"ended": child})
        turn.after_commit(lambda: self._begin(row))

    def stop_job(self, turn: Turn, parent: int, event: int, resource: Resource) -> None:
        """Stop the child, or the job elsewhere, that an attempt of the parent started."""
        row = self._put(turn, parent, -event, 0, {"stop": resource.arn})
        turn.after_commit(lambda: self._begin(row))

    def _put(
        self, turn: Turn, execution: int, event: int, branch: int, request: JsonObject
    ) -> OutboxRow:
        row = OutboxRow(SHARD, execution, event, branch, encode_text(request))
        turn.put(OUTBOX, row)
        return row

    # -- doing

    def spawn(self, work: Awaitable[None]) -> None:
        """Run work beside the loop; what it raises is logged, the row stays for the next start."""
        task = asyncio.ensure_future(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if isinstance(work, Coroutine):
            # A task that is cancelled before it began would leave its work behind, never awaited.
            task.add_done_callback(lambda _: work.close())

    def insist(self, what: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Do work, again and again while the store has trouble; once at a time."""
        if what not in self._under_way:
            self._under_way.add(what)
            self.spawn(self._insist(what, work))

    async def _insist(self, what: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        try:
            while True:
                try:
                    return await work()
                except StorageTrouble as trouble:
                    _log.warning("%s is tried again: %s", what, trouble)
                await self._pause()
        finally:
            self._under_way.discard(what)

    async def _pause(self) -> None:
        over = asyncio.Event()
        call_off = self._alarm.call_at(self._clock.now() + RETRY_MS, over.set)
        try:
            await over.wait()
        finally:
            call_off()

    def _begin(self, row: OutboxRow) -> None:
        self.insist((row.execution, row.event), lambda: self._do(row))

    async def settle(self) -> None:
        """Return once nothing is under way."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks))

    async def close(self) -> None:
        """Let what is under way go: it is recorded and will be repeated."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*list(self._tasks), return_exceptions=True)

    async def load(self) -> None:
        """After a start: do what was recorded and not done."""
        last: tuple[int, ...] | None = None
        while True:
            rows = await self._store.scan(OUTBOX, (SHARD,), after=last, limit=_PAGE)
            for row in rows:
                self._begin(row)
            if len(rows) < _PAGE:
                return
            last = (rows[-1].execution, rows[-1].event)

    async def _do(self, row: OutboxRow) -> None:
        request = decode(row.request)
        if not isinstance(request, dict):
            raise ValueError(f"outbox row of {row.execution} is not an object")
        if "ended" in request:
            await self._do_job_ended(row, int(request["ended"]))  # type: ignore[arg-type]
        elif "stop" in request:
            await self._do_stop(row, str(request["stop"]))
        elif "job" in request:
            await self._follow_again(row, request)
        else:
            await self._do_again(row, request)

    async def _do_again(self, row: OutboxRow, request: JsonObject) -> None:
        """A call that was recorded before a restart."""
        call = await self._recorded(row, request)
        if call is not None:
            await self._do_call(call, None)

    async def _recorded(self, row: OutboxRow, request: JsonObject) -> ServiceCall | None:
        """The call of a row; None when nobody waits for it any more, and the row goes."""
        live = await self._executions.live.get(row.execution)
        resource = None if live is None else waiting_resource(live, row.branch, row.event)
        if live is None or resource is None:
            self._drop(row)
            return None
        return self._call_of(live, row, resource, request)

    def _call_of(
        self, live: Live, row: OutboxRow, resource: Resource, request: JsonObject
    ) -> ServiceCall:
        token, account = request.get("token"), request.get("account")
        return self._executions.call_again(
            live,
            branch=row.branch,
            event=row.event,
            resource=resource,
            parameters=request["call"],
            token=None if token is None else str(token),
            account=None if account is None else str(account),
        )

    def _begin_job(self, row: OutboxRow, call: ServiceCall, submitted: JsonValue) -> None:
        what = ("job", row.execution, row.event)
        self.insist(what, lambda: self._follow(row, call, submitted))

    async def _follow_again(self, row: OutboxRow, request: JsonObject) -> None:
        """A job that was under way before a restart."""
        call = await self._recorded(row, request)
        if call is not None:
            await self._follow(row, call, request["job"])

    async def _follow(self, row: OutboxRow, call: ServiceCall, submitted: JsonValue) -> None:
        outcome = await self._integrations.follow(call, submitted)
        live = await self._executions.live.get(call.execution)
        with self._ledger.stage() as turn:
            turn.delete(OUTBOX, OUTBOX.key_of(row))
            if live is None or waiting_resource(live, call.branch, call.event) is None:
                return
            if isinstance(outcome, Refused):
                given: Input = TaskFailed(call.branch, call.event, outcome.error, outcome.cause)
            else:
                text = encode_text(outcome.result)
                given = TaskCompleted(call.branch, call.event, text, outcome.result)
            self._executions.deliver(turn, live, given)

    async def _do_call(self, call: ServiceCall, later: Later | None) -> None:
        outcome = None if later is None else await self._work(call, later)
        while True:
            live = await self._executions.live.get(call.execution)
            with self._ledger.stage() as turn:
                if live is None or not waiting_resource(live, call.branch, call.event):
                    turn.delete(OUTBOX, (SHARD, call.execution, call.event))
                    break
                if outcome is None:
                    answer = self._integrations.call(turn, call)
                    if isinstance(answer, Later):
                        later = answer
                    else:
                        outcome = answer
                if outcome is not None:
                    turn.delete(OUTBOX, (SHARD, call.execution, call.event))
                    self._executions.answered(turn, live, call, outcome)
                    return
            if later is not None:
                outcome = await self._work(call, later)
        # Nobody waits any more for the job that began meanwhile.
        if isinstance(outcome, Answered) and outcome.follow:
            await self._integrations.abandon(call, outcome.result)

    async def _work(self, call: ServiceCall, later: Later) -> Outcome:
        """What the work came to; None when it was a poll that has been called off."""
        if not later.is_poll:
            return await later.work()
        work = asyncio.ensure_future(later.work())
        self.polls.setdefault(call.execution, {})[call.branch, call.event] = work
        try:
            return await work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return None
        finally:
            polls = self.polls[call.execution]
            del polls[call.branch, call.event]
            if not polls:
                del self.polls[call.execution]

    def call_off(self, live: Live) -> None:
        """End the polls of an execution that nobody waits for any more: they must take nothing."""
        for (branch, event), work in self.polls.get(live.row.id, {}).items():
            if waiting_resource(live, branch, event) is None:
                work.cancel()

    async def _do_job_ended(self, row: OutboxRow, child: int) -> None:
        ended = await self._executions.live.row(child)
        live = await self._executions.live.get(row.execution)
        with self._ledger.stage() as turn:
            turn.delete(OUTBOX, OUTBOX.key_of(row))
            if live is not None and ended is not None:
                given = self.job_result(live, row.branch, row.event, ended)
                if given is not None:
                    self._executions.deliver(turn, live, given)

    def job_result(self, live: Live, branch: int, event: int, child: ExecutionRow) -> Input | None:
        """What the end of a child tells the task that waits for it."""
        resource = waiting_resource(live, branch, event)
        if resource is None:
            return None
        outcome = self._integrations.job_ended(child, resource)
        if isinstance(outcome, Refused):
            return TaskFailed(branch, event, outcome.error, outcome.cause)
        return TaskCompleted(branch, event, encode_text(outcome.result), outcome.result)

    async def _do_stop(self, row: OutboxRow, resource: str) -> None:
        waiting = await self._store.get(CHILD, (row.execution, -row.event))
        if waiting is not None:
            child = await self._executions.live.row(waiting.child)
            if child is not None:
                await self._executions.stop(child, error=None, cause=None, request_id="")
        job = await self._store.get(OUTBOX, (SHARD, row.execution, -row.event))
        if job is not None:
            await self._stop_elsewhere(job, resource)
        with self._ledger.stage() as turn:
            turn.delete(OUTBOX, OUTBOX.key_of(row))
            if job is not None:
                turn.delete(OUTBOX, OUTBOX.key_of(job))

    async def _stop_elsewhere(self, job: OutboxRow, arn: str) -> None:
        request, resource = decode(job.request), parse_resource(arn)
        live = await self._executions.live.get_closed(job.execution)
        if isinstance(request, dict) and "job" in request and live is not None and resource:
            call = self._call_of(live, job, resource, request)
            await self._integrations.abandon(call, request["job"])

    def _drop(self, row: OutboxRow) -> None:
        with self._ledger.stage() as turn:
            turn.delete(OUTBOX, OUTBOX.key_of(row))


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception:
        _log.exception("work after a commit failed; it is repeated at the next start")


def waiting_resource(live: Live, branch: int, event: int) -> Resource | None:
    """What the branch called in that attempt, if it still waits for it."""
    found = live.execution.branches.get(branch)
    if found is None or live.execution.status != "RUNNING" or not waits_for(found, event):
        return None
    state = found.scope.states.get(found.state)
    return state.resource if isinstance(state, TaskState) else None
