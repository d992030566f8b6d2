"""The running executions: what they are told, what they decide, what is kept of it.

Everything that concerns an execution goes through `deliver`, synchronously, within one turn: the
history it makes, its tokens, timers and calls are staged together and so are on disk together.
Whoever waits for an answer awaits the commit afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque

from stepwell.engine.decide import decide
from stepwell.engine.events import HistoryEvent
from stepwell.engine.inputs import (
    Input,
    Started,
    StopRequested,
    TimerFired,
)
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.language.program import Resource
from stepwell.runtime.activities import ActivityTasks, Closing
from stepwell.runtime.answers import Answers
from stepwell.runtime.carry import EXECUTIONS_PER_TURN_MAX, Carrier, Told, call_of, pass_on
from stepwell.runtime.express_starts import ExpressExecutions
from stepwell.runtime.live import Live, LiveExecutions
from stepwell.runtime.lone_calls import LoneCalls
from stepwell.runtime.map_runs import MapRuns
from stepwell.runtime.names import NameFilter
from stepwell.runtime.notices import Notices
from stepwell.runtime.open_executions import OpenExecutions
from stepwell.runtime.outbox import Outbox
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import (
    Answered,
    Beginning,
    Caller,
    Refused,
    ServiceCall,
)
from stepwell.runtime.records import (
    CHILD,
    EVENT,
    EXECUTION,
    EXECUTION_NAME,
    RUNNING,
    STATUSES,
    TIMER,
    ChildRow,
    ExecutionNameRow,
    ExecutionRow,
    RevisionRow,
    TimerRow,
)
from stepwell.runtime.redriving import Redriving
from stepwell.runtime.retention import Retention
from stepwell.runtime.timers import Timers
from stepwell.runtime.turn import Turn
from stepwell.runtime.waiters import waiter_of
from stepwell.runtime.worlds import Worlds
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload, encode_text

_log = logging.getLogger("stepwell.runtime")

FIRED_AT_ONCE = 100
"""After so many due timers others get their turn."""


class Executions:
    """See the module. Implements the port of the Step Functions API."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._ids = parts.ids
        self._programs = parts.programs
        self._limits = parts.limits
        self._watchers = parts.watchers
        self._notices = Notices(parts.limits)
        self.live: LiveExecutions = LiveExecutions(
            parts.store, parts.ledger, parts.programs, cached_max=parts.cached_max
        )
        self.timers = Timers(parts.store, parts.ledger, parts.clock, parts.alarm, self._fire)
        self.outbox = Outbox(
            parts.store, parts.ledger, parts.clock, parts.alarm, parts.integrations, self
        )
        self.activities = ActivityTasks(parts.store, parts.ledger, self)
        self.map_runs = MapRuns(parts, self.outbox, self)
        self.express = ExpressExecutions(parts, self.outbox, self)
        self.update_map_run = self.map_runs.update
        answers = Answers(parts, self)
        self.task_succeeded = answers.task_succeeded
        self.task_failed = answers.task_failed
        self.task_heartbeat = answers.task_heartbeat
        self.open = OpenExecutions(parts.store, parts.ledger, parts.limits.executions_open_max)
        self.call_alone = LoneCalls(parts, self).call
        self._redriving = Redriving(parts, self, self.map_runs.redrives)
        self.redrive = self._redriving.redrive
        self.why_not_redrivable = self._redriving.why_not_redrivable
        self.retention = Retention(parts, self.live)
        self.live.make_ready = self.map_runs.open.ready_for
        self._carrier = Carrier(
            parts.clock,
            self.timers,
            self.outbox,
            self.activities,
            self.map_runs,
            parts.integrations,
        )
        self._names = NameFilter()
        self.worlds = Worlds(parts.limits.transition_rate)

    async def load(self) -> None:
        """Pick up what was under way: calls that were not answered, timers that are due."""
        await self.map_runs.open.load()
        await self.outbox.load()
        await self.timers.load(self.outbox.spawn)
        self.express.load()
        self.retention.arm()
        self.outbox.insist("names", lambda: self._names.fill(self._store))

    def forget(self) -> None:
        """A commit failed: drop what is in memory and read it again."""
        self.live.forget()
        self.activities.forget()
        self.timers.forget()
        self.map_runs.open.forget()
        self.express.forget()
        self.outbox.insist(("load runs", self._ledger.open_number), self.map_runs.open.load)
        self.outbox.insist(("load", self._ledger.open_number), self.outbox.load)

    async def close(self) -> None:
        """Stop ringing, and let what is under way end."""
        self.timers.stop()
        await self.retention.close()
        await self.express.close()
        await self.outbox.close()

    # -- starting and stopping

    async def start(
        self,
        *,
        call: Caller,
        revision: RevisionRow,
        name: str,
        input: str,
        extra: JsonObject | None,
    ) -> ExecutionRow:
        """Start an execution, or return the running one of that name and input."""
        arn = execution_arn(revision.arn, name)
        program = self._programs.cached(revision.machine, revision.revision)
        if program is None:
            program = await self._programs.get(revision.machine, revision.revision)
        known = None if self._names.surely_free(arn) else await self.find(arn)
        if known is not None:
            # It may have been started just now: what is said of it must be on disk.
            await self._ledger.committed()
            if known.status == RUNNING and known.input == input:
                return known
            raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        try:
            value = decode_payload(input)
        except BadJson as error:
            raise ServiceError(
                "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
            ) from error
        self.open.check(revision.arn)
        beginning = Beginning(revision, program, name, input, value, extra)
        with self._ledger.stage() as turn:
            live = self.begin(turn, beginning)
            self.deliver(turn, live, Started(input, value))
        await self._ledger.committed()
        return live.row

    async def find(self, arn: str) -> ExecutionRow | None:
        """The execution of that ARN, on disk or about to be."""
        live = self.live.named(arn)
        if live is not None:
            return live.row
        name = await self._store.get(EXECUTION_NAME, (arn,))
        row = None if name is None else await self._store.get(EXECUTION, (name.id,))
        # While the store was read, somebody else may have started one of that name.
        live = self.live.named(arn)
        return row if live is None else live.row

    def begin(self, turn: Turn, beginning: Beginning) -> Live:
        """Put a new execution into memory and the turn. It must still be told that it started."""
        revision = beginning.revision
        extra = beginning.extra
        if beginning.waiter is not None:
            extra = {**(extra or {}), "waiter": list(beginning.waiter)}
        row = ExecutionRow(
            id=self._ids.next_id(),
            arn=beginning.arn or execution_arn(revision.arn, beginning.name),
            name=beginning.name,
            machine=revision.machine,
            revision=revision.revision,
            role_arn=revision.role_arn,
            seed=self._ids.secret(16),
            started_at=self._clock.now(),
            input=beginning.input,
            status=RUNNING,
            extra=encode_text(extra) if extra else None,
        )
        turn.put(EXECUTION, row)
        self.open.began(turn, row)
        turn.put(EXECUTION_NAME, ExecutionNameRow(row.arn, row.id))
        self._names.add(row.arn)
        if beginning.waiter is not None:
            parent, _, event = beginning.waiter
            turn.put(CHILD, ChildRow(parent, event, row.id))
        return self.live.add(row, revision, beginning.program)

    async def stop(
        self, execution: ExecutionRow, *, error: str | None, cause: str | None, request_id: str
    ) -> ExecutionRow:
        """Abort a running execution; a closed one is returned as it is."""
        live = await self.live.get(execution.id)
        if live is None:
            return await self.live.row(execution.id) or execution
        with self._ledger.stage() as turn:
            self.deliver(turn, live, StopRequested(error, cause, request_id))
        await self._ledger.committed()
        return live.row

    async def delete_machine(self, machine: int) -> None:
        """End the running executions of a machine at their next transition."""
        self.worlds.machine_deleted(machine)

    def activity_deleted(self, arn: str) -> None:
        """Forget what waits for workers of an activity that no longer exists."""
        self.activities.withdraw_all(arn)

    # -- activities

    async def poll_activity(
        self, *, arn: str, worker_name: str | None, wait: Closing
    ) -> tuple[str, str] | None:
        """The next task of an activity as (token, input), or None once `wait` is set."""
        return await self.activities.poll(arn, worker_name, wait)

    # -- telling

    def deliver(self, turn: Turn, live: Live, given: Input) -> None:
        """Tell an execution something, and whoever is concerned by what follows."""
        self._deliver(turn, deque([(live, given)]))

    def answered(
        self, turn: Turn, live: Live, call: ServiceCall, outcome: Answered | Refused
    ) -> None:
        """Tell a task what came of a call that took its time."""
        told: Told = deque()
        pass_on(turn, live, call, outcome, told, self.begin, self.outbox)
        self._deliver(turn, told)

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
        return call_of(
            live,
            branch=branch,
            event=event,
            resource=resource,
            parameters=parameters,
            token=token,
            now=self._clock.now(),
            account=account,
        )

    def _deliver(self, turn: Turn, told: Told) -> None:
        touched: list[Live] = []
        try:
            while told:
                live, given = told.popleft()
                touched.append(live)
                self._tell(turn, live, given, told)
        except BaseException as error:
            # The turn will be dropped: what these executions have in memory never happened.
            for live in (*touched, *(live for live, _ in told)):
                self.live.give_up(live)
                self.map_runs.open.give_up(live.row)
            self.timers.forget()
            self.activities.forget()
            if not isinstance(error, StorageTrouble):
                _log.exception("execution %s broke", touched[-1].row.arn)
            raise

    def _tell(self, turn: Turn, live: Live, given: Input, told: Told) -> None:
        now = self._clock.now()
        world = self.worlds.around(live, self.map_runs.open.machine_of, now)
        events_before = live.execution.last_event
        spent = live.transitions if live.turn == self._ledger.open_number else 0
        decision = decide(live.execution, given, now, self._limits, world, spent)
        if not decision.events and not decision.commands:
            return
        live.transitions = decision.transitions
        self._notices.history(live.execution, events_before, now)
        if decision.largest_bytes and live.execution.status == "RUNNING":
            self._notices.data(live.execution, decision.largest_bytes)
        live.turn = self._ledger.open_number
        execution = live.row.id
        rows, make = turn.rows(EVENT), EVENT.make
        for event in decision.events:
            number = event.id
            rows[execution, number] = make((execution, number, event.body(), event.note_text()))
        for command in decision.commands:
            self._carrier.carry(turn, live, command, told, self.begin)
        if live.execution.status != "RUNNING":
            self._close(turn, live, decision.events, told)
        for watcher in self._watchers:
            watcher.happened(turn, live, decision.events)
        if execution in self.outbox.polls:
            turn.after_commit(lambda: self.outbox.call_off(live))

    def _close(self, turn: Turn, live: Live, events: list[HistoryEvent], told: Told) -> None:
        """Keep how an execution ended, and tell whoever waits for that."""
        end = next(e for e in reversed(events) if e.type.startswith("Execution"))
        details = end.details or {}
        timed_out = live.execution.status == "TIMED_OUT"
        live.row = live.row._replace(
            status=STATUSES.index(live.execution.status),
            stopped_at=end.at,
            output=_optional(details.get("output")),
            error=None if timed_out else _optional(details.get("error")),
            cause=None if timed_out else _optional(details.get("cause")),
        )
        turn.put(EXECUTION, live.row)
        self.open.ended(turn, live.row)
        turn.after_commit(lambda: self.live.closed(live))
        self.map_runs.child_ended(turn, live.row)
        waiter = waiter_of(live.row)
        if waiter is not None:
            self._end_job(turn, live, waiter, told)

    def _end_job(self, turn: Turn, live: Live, waiter: tuple[int, int, int], told: Told) -> None:
        parent, branch, event = waiter
        turn.delete(CHILD, (parent, event))
        waiting = self.live.cached(parent)
        if waiting is None or len(turn.rows(EXECUTION)) >= EXECUTIONS_PER_TURN_MAX:
            self.outbox.job_ended(turn, parent, branch, event, live.row.id)
            return
        given = self.outbox.job_result(waiting, branch, event, live.row)
        if given is not None:
            told.append((waiting, given))

    async def _fire(self, rows: list[TimerRow]) -> None:
        """Timers are due. Executions that never wait go on when what they did is on disk: they are
        quicker than any disk, and would fill the memory."""
        await self._fire_each([row for row in rows if row.kind != "continue"])
        going_on = [row for row in rows if row.kind == "continue"]
        if going_on:
            # When that fails, all timers are read again.
            with contextlib.suppress(StorageTrouble):
                await self._ledger.committed()
                await self._fire_each(going_on)

    async def _fire_each(self, rows: list[TimerRow]) -> None:
        """One that breaks its execution does not keep the others waiting."""
        for number, row in enumerate(rows, 1):
            if number % FIRED_AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                live = await self.live.get(row.execution)
                if self.timers.take(row):
                    self._ring(row, live)
            except StorageTrouble as trouble:
                _log.warning("timer %s of %d is rung again: %s", row.kind, row.execution, trouble)
                self.timers.again(row)
            except Exception:
                _log.exception("timer %s of execution %d failed", row.kind, row.execution)

    def _ring(self, row: TimerRow, live: Live | None) -> None:
        with self._ledger.stage() as turn:
            turn.delete(TIMER, TIMER.key_of(row))
            if live is not None:
                token = live.tokens.get(row.event)
                beaten_at = token.beaten_at if token is not None else None
                fired = TimerFired(row.branch, row.kind, row.event, beaten_at)
                self.deliver(turn, live, fired)


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def execution_arn(machine_arn: str, name: str) -> str:
    """The ARN of an execution of a machine."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
