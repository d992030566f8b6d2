"""Carrying out what the engine asks for, in the turn that keeps its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from stepwell.engine.commands import (
    AwaitExpression,
    CallService,
    ClearTimer,
    CloseToken,
    Command,
    OfferActivity,
    OpenToken,
    RedriveMapRun,
    SetTimer,
    StartClock,
    StartMapRun,
    StopJob,
    StopMapRun,
    WithdrawActivity,
)
from stepwell.engine.context import chance
from stepwell.engine.inputs import Input, Started, TaskAnswered, TaskRefused
from stepwell.language.program import Resource
from stepwell.runtime.activities import ActivityTasks
from stepwell.runtime.evaluations import Evaluations
from stepwell.runtime.live import Live
from stepwell.runtime.map_runs import MapRuns
from stepwell.runtime.outbox import Outbox
from stepwell.runtime.ports import (
    Answered,
    Beginning,
    Clock,
    Integrations,
    Later,
    Refused,
    ServiceCall,
)
from stepwell.runtime.records import EXECUTION, TOKEN, TimerRow, TokenRow
from stepwell.runtime.timers import SHARD, Timers
from stepwell.runtime.turn import Turn
from stepwell.values import JsonValue, uuid_text

Begin = Callable[[Turn, Beginning], Live]
Told = deque[tuple[Live, Input]]

_TOKENS_REMEMBERED = 32
"""Closed tokens of a cached execution are dropped from memory beyond this many."""


EXECUTIONS_PER_TURN_MAX = 100
"""When a turn has begun or ended this many executions, further calls and news
of ended children wait for the next one."""


async def _after_the_commit() -> None:
    """Nothing to wait for but the commit."""


class Carrier:
    """Knows who carries out which command."""

    def __init__(
        self,
        clock: Clock,
        timers: Timers,
        outbox: Outbox,
        activities: ActivityTasks,
        map_runs: MapRuns,
        integrations: Integrations,
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._evaluations = Evaluations(timers, outbox.spawn)
        self._outbox = outbox
        self._activities = activities
        self._map_runs = map_runs
        self._integrations = integrations

    def carry(
        self,
        turn: Turn,
        live: Live,
        command: Command,
        told: Told,
        begin: Begin,
    ) -> None:
        """Carry out one command; answers that are there at once are appended to `told`."""
        match command:
            case CallService():
                self._call(turn, live, command, told, begin)
            case OpenToken():
                self._open(turn, live, command)
            case StartClock():
                self._start_clock(turn, live, command)
            case CloseToken():
                self._close(turn, live, command)
            case SetTimer():
                row = TimerRow(
                    SHARD,
                    live.row.id,
                    command.branch,
                    command.kind,
                    command.due_at,
                    command.event,
                )
                self._timers.set(turn, row)
            case AwaitExpression():
                self._evaluations.await_(turn, live, command)
            case ClearTimer():
                self._timers.clear(turn, live.row.id, command.branch, command.kind)
            case OfferActivity():
                self._activities.offer(turn, live, command)
            case WithdrawActivity():
                self._activities.withdraw(turn, live, command)
            case StopJob():
                self._outbox.stop_job(turn, live.row.id, command.event, command.resource)
            case StartMapRun():
                self._map_runs.start(turn, live, command)
            case StopMapRun():
                self._map_runs.stop(turn, live, command)
            case RedriveMapRun():
                self._map_runs.redrive(turn, live, command)

    def _call(
        self,
        turn: Turn,
        live: Live,
        command: CallService,
        told: Told,
        begin: Begin,
    ) -> None:
        call = service_call(live, command, self._clock.now())
        if len(turn.changes.get(EXECUTION, ())) >= EXECUTIONS_PER_TURN_MAX:
            # Executions that start each other for ever must not do so within one turn.
            self._outbox.call(turn, call, Later(_after_the_commit))
            return
        outcome = self._integrations.call(turn, call)
        if isinstance(outcome, Later):
            self._outbox.call(turn, call, outcome)
        else:
            pass_on(turn, live, call, outcome, told, begin, self._outbox)

    def _open(self, turn: Turn, live: Live, command: OpenToken) -> None:
        row = TokenRow(
            execution=live.row.id,
            event=command.event,
            arn=live.row.arn,
            state=command.state,
            attempt=command.attempt,
            resource=command.resource,
            opened_at=self._clock.now(),
            deadline_at=command.deadline_at,
            heartbeat_seconds=command.heartbeat_seconds,
            beaten_at=None,
            beats=0,
            closed_at=None,
            reason=None,
            request_id=None,
        )
        if len(live.tokens) > _TOKENS_REMEMBERED:
            live.tokens = {e: t for e, t in live.tokens.items() if t.closed_at is None}
        live.tokens[command.event] = row
        turn.put(TOKEN, row)

    def _start_clock(self, turn: Turn, live: Live, command: StartClock) -> None:
        row = live.tokens.get(command.event)
        if row is not None:
            row = live.tokens[command.event] = row._replace(deadline_at=command.deadline_at)
            turn.put(TOKEN, row)

    def _close(self, turn: Turn, live: Live, command: CloseToken) -> None:
        row = live.tokens.get(command.event)
        if row is None:
            return
        closed = row._replace(
            closed_at=self._clock.now(),
            reason=command.reason,
            request_id=command.request_id or None,
        )
        turn.put(TOKEN, closed)
        live.tokens[command.event] = closed


def service_call(live: Live, command: CallService, now: int) -> ServiceCall:
    """The call as integrations see it."""
    return call_of(
        live,
        branch=command.branch,
        event=command.event,
        resource=command.resource,
        parameters=command.parameters,
        token=command.token,
        now=now,
        account=command.account,
    )


def call_of(
    live: Live,
    *,
    branch: int,
    event: int,
    resource: Resource,
    parameters: JsonValue,
    token: str | None,
    now: int,
    account: str | None = None,
) -> ServiceCall:
    """The call of an attempt, new or repeated. `account` is another one than the execution's."""
    drawn = chance(live.row.seed, f"call:{event}", 16)
    return ServiceCall(
        execution=live.row.id,
        execution_arn=live.row.arn,
        event=event,
        branch=branch,
        resource=resource,
        parameters=parameters,
        token=token,
        account=account or live.account,
        region=live.region,
        now=now,
        request_id=uuid_text(drawn),
    )


def pass_on(
    turn: Turn,
    live: Live,
    call: ServiceCall,
    outcome: Answered | Refused,
    told: Told,
    begin: Begin,
    outbox: Outbox,
) -> None:
    """Tell the task what came of its call; a child that was started goes on after that."""
    if isinstance(outcome, Refused):
        refused = TaskRefused(call.branch, call.event, outcome.error, outcome.cause)
        told.append((live, refused))
        return
    told.append((live, TaskAnswered(call.branch, call.event, outcome.result)))
    if outcome.follow:
        outbox.follow(turn, call, outcome.result)
    if outcome.begin is not None:
        child = begin(turn, outcome.begin)
        told.append((child, Started(outcome.begin.input, outcome.begin.value)))
