"""Express executions: the same engine, in memory, for five minutes at most.

Nothing of a run is stored; what it does to embedded services is. The effects of each step are one
turn, and whoever is told the end is told it after they are on disk. When a commit fails, a run with
effects in it is lost, because what it has in memory never happened.

A run is at most once for whoever waits for its end (`run`). See `express_starts` for the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial

from stepwell.engine.commands import AwaitExpression, CallService, ClearTimer, Command, SetTimer
from stepwell.engine.decide import decide
from stepwell.engine.events import HistoryEvent
from stepwell.engine.execution import Execution
from stepwell.engine.inputs import Input, Started, TaskAnswered, TaskRefused, TimerFired
from stepwell.engine.step import EngineBug
from stepwell.errors import StorageTrouble
from stepwell.language.labels import EXPRESS_SECONDS_MAX
from stepwell.runtime.carry import service_call
from stepwell.runtime.live import Live, identity_of
from stepwell.runtime.outbox import waiting_resource
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Answered, Beginning, Later, Refused, ServiceCall
from stepwell.runtime.records import RUNNING, STATUSES, ExecutionRow
from stepwell.runtime.telling import Telling
from stepwell.runtime.turn import Turn
from stepwell.values import encode_text

_log = logging.getLogger("stepwell.runtime")

CALLS_AT_ONCE_MAX = 100
"""A run that makes more calls in one turn than this goes on after the commit."""

OnEnd = Callable[[Turn], None]
OnLost = Callable[[Exception], None]


class Run:
    """One express execution. `live.row` holds its end once `over` is true."""

    __slots__ = (
        "calls",
        "live",
        "lost",
        "on_end",
        "on_lost",
        "polls",
        "staged",
        "timers",
        "told",
        "wanted",
    )

    def __init__(self, live: Live, on_end: OnEnd | None, on_lost: OnLost | None) -> None:
        self.live = live
        self.on_end = on_end
        """Called with the turn of the end."""
        self.on_lost = on_lost
        """Called when it can't go on."""
        self.timers: dict[tuple[int, str], Callable[[], None]] = {}
        self.wanted: dict[tuple[int, str], SetTimer | None] = {}
        """Timers to be set, or called off, at the end of the turn."""
        self.polls: dict[tuple[int, int], asyncio.Future[None]] = {}
        self.staged = 0
        """How many of its turns are not on disk."""
        self.calls = 0
        self.lost: Exception | None = None
        self.told: asyncio.Future[None] | None = None
        """Done at the end, where somebody waits for it."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.live.row.status != RUNNING

    def tell_waiter(self) -> None:
        """It is over, or lost: whoever waits may look."""
        if self.told is not None and not self.told.done():
            self.told.set_result(None)

    def silence(self) -> None:
        """Nothing may happen to it any more."""
        for call_off in self.timers.values():
            call_off()
        self.timers.clear()
        for poll in self.polls.values():
            poll.cancel()


class ExpressRuns:
    """See the module."""

    def __init__(self, parts: Parts, executions: Telling) -> None:
        self._ledger = parts.ledger
        self._clock = parts.clock
        self._alarm = parts.alarm
        self._ids = parts.ids
        self._integrations = parts.integrations
        self._limits = replace(
            parts.limits, history_events_max=None, execution_seconds_max=EXPRESS_SECONDS_MAX
        )
        self._watchers = parts.watchers
        self._executions = executions
        self._runs: dict[int, Run] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    def __len__(self) -> int:
        return len(self._runs)

    def cached(self, execution: int) -> Live | None:
        """The execution of that id if it is under way."""
        run = self._runs.get(execution)
        return None if run is None else run.live

    async def run(self, beginning: Beginning) -> ExecutionRow:
        """Run an execution; its row once it is over and what it did is on disk.

        Raises StorageTrouble when what it did could not be kept.
        """
        run = self.begin(beginning)
        if not run.over and run.lost is None:
            run.told = asyncio.get_running_loop().create_future()
            await run.told
        if run.staged:
            await self._ledger.committed()
        if run.lost is not None:
            raise run.lost
        return run.live.row

    def begin(
        self,
        beginning: Beginning,
        *,
        on_end: OnEnd | None = None,
        on_lost: OnLost | None = None,
    ) -> Run:
        """Let an execution run until it waits or ends. Without `on_end` the caller awaits it."""
        revision, name = beginning.revision, beginning.name
        row = ExecutionRow(
            id=self._ids.next_id(),
            arn=beginning.arn or express_arn(revision.arn, name, self._ids.uuid()),
            name=name,
            machine=revision.machine,
            revision=revision.revision,
            role_arn=revision.role_arn,
            seed=self._ids.secret(16),
            started_at=self._clock.now(),
            input=beginning.input,
            status=RUNNING,
            extra=encode_text(beginning.extra) if beginning.extra else None,
        )
        identity = identity_of(row, revision, synchronous=on_end is None)
        live = Live(row, Execution(identity, beginning.program), revision.settings)
        run = self._runs[row.id] = Run(live, on_end, on_lost)
        self._tell(run, Started(beginning.input, beginning.value))
        return run

    def forget(self) -> None:
        """A commit failed: runs with effects in it are lost."""
        trouble = StorageTrouble("What the execution did could not be stored")
        for run in list(self._runs.values()):
            if run.staged:
                self._lose(run, trouble)

    async def close(self) -> None:
        """End everything where it is. Whoever still waits is told that it did not come about."""
        for run in list(self._runs.values()):
            run.on_lost = None
            self._lose(run, StorageTrouble("The server stops"))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*list(self._tasks), return_exceptions=True)

    # -- telling

    def _tell(self, run: Run, given: Input) -> None:
        self._tell_in(Turn(), run, deque([given]))

    def _tell_in(self, turn: Turn, run: Run, told: deque[Input]) -> None:
        """Tell a run something; what follows is one turn, if anything is to be kept at all."""
        try:
            self._decide(turn, run, told)
        except Exception as bug:
            if not isinstance(bug, StorageTrouble):
                _log.exception("express execution %s broke", run.live.row.arn)
            self._lose(run, bug)
            return
        if turn.changes or turn.done:
            run.staged += 1
            turn.after_commit(lambda: self._settled(run))
            self._ledger.join(turn)
        elif run.over and not run.staged:
            self._runs.pop(run.live.row.id, None)
        for (branch, event), poll in run.polls.items():
            if waiting_resource(run.live, branch, event) is None:
                poll.cancel()

    def _decide(self, turn: Turn, run: Run, told: deque[Input]) -> None:
        execution = run.live.execution
        run.calls = 0
        while told and not run.over:
            decision = decide(execution, told.popleft(), self._clock.now(), self._limits)
            for command in decision.commands:
                self._carry(turn, run, command, told)
            if execution.status != "RUNNING" and decision.events:
                self._end(turn, run, decision.events)
            for watcher in self._watchers:
                watcher.happened(turn, run.live, decision.events)
        if not run.over:
            self._set_timers(run)

    def _end(self, turn: Turn, run: Run, events: list[HistoryEvent]) -> None:
        end = next(e for e in reversed(events) if e.type.startswith("Execution"))
        details = end.details or {}
        run.live.row = run.live.row._replace(
            status=STATUSES.index(run.live.execution.status),
            stopped_at=end.at,
            output=_text(details.get("output")),
            error=_text(details.get("error")),
            cause=_text(details.get("cause")),
        )
        run.silence()
        if run.on_end is not None:
            run.on_end(turn)
        run.tell_waiter()

    def _settled(self, run: Run) -> None:
        run.staged -= 1
        if run.over and not run.staged:
            self._runs.pop(run.live.row.id, None)

    def _lose(self, run: Run, why: Exception) -> None:
        if self._runs.pop(run.live.row.id, None) is not None:
            run.lost = why
            run.silence()
            run.tell_waiter()
            if run.on_lost is not None:
                run.on_lost(why)

    # -- carrying out

    def _carry(self, turn: Turn, run: Run, command: Command, told: deque[Input]) -> None:
        match command:
            case CallService():
                self._call(turn, run, service_call(run.live, command, self._clock.now()), told)
            case AwaitExpression():
                self._spawn(run, self._await(run, command))
            case SetTimer():
                run.wanted[command.branch, command.kind] = command
            case ClearTimer():
                run.wanted[command.branch, command.kind] = None
            case _:
                raise EngineBug(f"an express execution asks for {type(command).__name__}")

    def _set_timers(self, run: Run) -> None:
        """Most runs end in the turn in which they begin: theirs are never set at all."""
        for place, timer in run.wanted.items():
            call_off = run.timers.pop(place, None)
            if call_off is not None:
                call_off()
            if timer is not None:
                ring = partial(self._ring, run, timer)
                run.timers[place] = self._alarm.call_at(timer.due_at, ring)
        run.wanted.clear()

    def _ring(self, run: Run, timer: SetTimer) -> None:
        run.timers.pop((timer.branch, timer.kind), None)
        fired = TimerFired(timer.branch, timer.kind, timer.event)
        if timer.kind == "continue":
            self._spawn(run, self._go_on(run, fired))
        else:
            self._tell(run, fired)

    async def _go_on(self, run: Run, given: Input) -> None:
        """One that never waits is quicker than any disk, and would fill the memory."""
        if run.staged:
            await self._ledger.committed()
        if run.lost is None:
            self._tell(run, given)

    async def _await(self, run: Run, command: AwaitExpression) -> None:
        """Ring the timer of the command once its expression has an outcome."""
        await asyncio.wrap_future(command.pending.begin())
        call_off = run.timers.pop((command.branch, command.kind), None)
        if call_off is not None:
            call_off()
            self._tell(run, TimerFired(command.branch, command.kind, command.event))

    def _call(self, turn: Turn, run: Run, call: ServiceCall, told: deque[Input]) -> None:
        run.calls += 1
        if run.calls > CALLS_AT_ONCE_MAX:
            self._spawn(run, self._work(run, call, None))
            return
        outcome = self._integrations.call(turn, call)
        if not isinstance(outcome, Later):
            self._answer(turn, call, outcome, told)
            return
        task = self._spawn(run, self._work(run, call, outcome))
        if outcome.is_poll:
            place = (call.branch, call.event)
            run.polls[place] = task
            task.add_done_callback(lambda _: run.polls.pop(place, None))

    def _answer(
        self, turn: Turn, call: ServiceCall, outcome: Answered | Refused, told: deque[Input]
    ) -> None:
        if isinstance(outcome, Refused):
            told.append(TaskRefused(call.branch, call.event, outcome.error, outcome.cause))
            return
        told.append(TaskAnswered(call.branch, call.event, outcome.result))
        if outcome.begin is not None:
            child = self._executions.begin(turn, outcome.begin)
            self._executions.deliver(turn, child, Started(outcome.begin.input, outcome.begin.value))

    def _spawn(self, run: Run, work: Coroutine[None, None, None]) -> asyncio.Future[None]:
        task: asyncio.Future[None] = asyncio.ensure_future(self._guarded(run, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before it began would leave its work behind, never awaited.
        task.add_done_callback(lambda _: work.close())
        return task

    async def _guarded(self, run: Run, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:
            if not isinstance(error, StorageTrouble):
                _log.exception("a call of express execution %s broke", run.live.row.arn)
            self._lose(run, error)

    async def _work(self, run: Run, call: ServiceCall, later: Later | None) -> None:
        """A call that takes its time: after the commit of what came before it."""
        if run.staged:
            await self._ledger.committed()
        outcome: Answered | Refused | None = None
        while run.lost is None and waiting_resource(run.live, call.branch, call.event):
            if later is not None:
                outcome, later = await later.work(), None
                continue
            turn = Turn()
            answer = outcome or self._integrations.call(turn, call)
            if isinstance(answer, Later):
                later = answer
                continue
            told: deque[Input] = deque()
            self._answer(turn, call, answer, told)
            run.polls.pop((call.branch, call.event), None)
            self._tell_in(turn, run, told)
            return


def express_arn(machine_arn: str, name: str, unique: str) -> str:
    """The ARN of an express execution: names need not be free, so something unique is added."""
    return f"{machine_arn.replace(':stateMachine:', ':express:', 1)}:{name}:{unique}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
