"""One run of a tested state: the engine decides, and calls go to their services or to the mock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from stepwell.engine.commands import AwaitExpression, CallService, OfferActivity, SetTimer
from stepwell.engine.decide import decide
from stepwell.engine.events import HistoryEvent
from stepwell.engine.execution import Branch, Execution, Identity
from stepwell.engine.inputs import (
    ActivityTaken,
    Input,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TaskRefused,
    TimerFired,
)
from stepwell.engine.limits import Limits
from stepwell.engine.states.map_run import THRESHOLD_EXCEEDED
from stepwell.language.compile_distributed import is_distributed
from stepwell.language.inspection_map import ITERATIONS, ReadData
from stepwell.language.program import MapState, ParallelState, TaskState
from stepwell.runtime.ports import Refused, ServiceCall, Wire
from stepwell.services.api import Call
from stepwell.services.states.states import States
from stepwell.services.states.tested_state import TestedState
from stepwell.services.states.verdicts import Seen, Verdict, verdict_of
from stepwell.values import JsonObject, JsonValue, encode_text

_LIMITS = Limits(expressions_beside=True)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mock:
    """What a service, or the branches, would have come to: a result (`text`), or an error."""

    text: str | None = None
    value: JsonValue = None
    error: str | None = None
    cause: str | None = None
    failures: int = 0
    """How many iterations of a Map failed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The request and the response of an HTTP task are to be shown."""

    reveals_secrets: bool


class Trial:
    """See the module."""

    def __init__(
        self,
        states: States,
        call: Call,
        tested: TestedState,
        *,
        text: str,
        value: JsonValue,
        role_arn: str,
        variables: JsonObject,
        context: JsonObject | None,
        mock: Mock | None,
        retries: int,
        read: ReadData | None,
        trace: Trace | None = None,
    ) -> None:
        self._states = states
        self._call = call
        self._tested = tested
        self._text = text
        self._mock = mock
        self._retries = retries
        self._trace = trace
        self._told: dict[str, JsonValue] = {}
        program = tested.telling(self._tell, read)
        self._execution = Execution(_identity(states, call, role_arn), program)
        self._seen = Seen(tested.compiled, text, self._execution, self._told)
        self._seen.texts[id(value)] = value, text
        if mock is not None and mock.text is not None:
            self._seen.texts[id(mock.value)] = mock.value, mock.text
        self._execution.given_context = context
        self._execution.given_item = _item_of(tested, value)
        self._begin(value, variables)

    def _begin(self, value: JsonValue, variables: JsonObject) -> None:
        """An execution that stands before the state."""
        execution, now = self._execution, self._states.clock.now()
        started = {"input": self._text}
        execution.apply(HistoryEvent(1, 0, "ExecutionStarted", now, {**started}, 0, value=(value,)))
        root = self._root
        root.last = 1
        root.variables = variables
        root.sizes = {name: len(encode_text(held).encode()) for name, held in variables.items()}
        root.interrupted_before = self._tested.name

    @property
    def _root(self) -> Branch:
        return self._execution.branches[0]

    def _tell(self, name: str, value: JsonValue) -> None:
        self._told.setdefault(name, value)

    async def run(self, *, within_seconds: int) -> Verdict:
        """Run the state until it ends, fails or would be tried again."""
        ends_at = self._states.clock.now() + within_seconds * 1000
        commands = self._decide(TimerFired(0, "continue", 1))
        while not self._is_over:
            given = await self._next(commands, ends_at)
            commands = []
            for one in given:
                commands += self._decide(one)
            if not given:
                return verdict_of(self._seen, timed_out=True)
        return verdict_of(self._seen)

    def _decide(self, given: Input) -> list[object]:
        now = self._states.clock.now()
        decision = decide(self._execution, given, now, _LIMITS)
        self._seen.events += decision.events
        return [*decision.commands]

    @property
    def _is_over(self) -> bool:
        running = self._execution.status == "RUNNING"
        return not running or self._seen.exited is not None or self._root.phase == "retrying"

    # -- what the state waits for

    async def _next(self, commands: list[object], ends_at: int) -> list[Input]:
        """What it is told next; nothing when it would wait for too long."""
        state = self._tested.compiled
        if self._retries and isinstance(state, TaskState | MapState | ParallelState):
            self._root.retries = dict.fromkeys(range(len(state.retry)), self._retries)
        for command in commands:
            if isinstance(command, AwaitExpression):
                await asyncio.wrap_future(command.pending.begin())
                return [TimerFired(command.branch, command.kind, command.event)]
        for command in commands:
            if isinstance(command, CallService):
                if self._mock is not None:
                    return self._mocked(self._mock, command.event)
                return await self._called(command, commands, ends_at)
            if isinstance(command, OfferActivity) and self._mock is not None:
                taken = ActivityTaken(0, command.event, None)
                return [taken, *self._mocked(self._mock, command.event)[-1:]]
            if isinstance(command, SetTimer) and command.kind == "wait":
                return await self._waited(command, ends_at)
        return []

    async def _called(
        self, command: CallService, commands: list[object], ends_at: int
    ) -> list[Input]:
        """What a real call comes to within the state's TimeoutSeconds."""
        timers = (c for c in commands if isinstance(c, SetTimer) and c.kind == "timeout")
        timeout = next(timers, None)
        late_at = ends_at if timeout is None else min(ends_at, timeout.due_at)
        outcome = await self._within(self._real(command), late_at)
        if outcome is not None:
            return [outcome]
        if timeout is None or late_at == ends_at:
            return []
        return [TimerFired(0, "timeout", timeout.event)]

    def _mocked(self, mock: Mock, event: int) -> list[Input]:
        if mock.text is not None and self._exceeds_failures(mock):
            failure = THRESHOLD_EXCEEDED
            return [TaskRefused(0, event, failure.error, failure.cause)]
        state = self._tested.compiled
        waits = isinstance(state, TaskState) and (
            state.resource.pattern != "" or state.resource.kind == "activity"
        )
        if mock.text is None:
            if waits:
                return [
                    TaskAnswered(0, event, {}),
                    TaskFailed(0, event, mock.error, mock.cause),
                ]
            return [TaskRefused(0, event, mock.error, mock.cause)]
        if waits:
            completed = TaskCompleted(0, event, mock.text, mock.value)
            return [TaskAnswered(0, event, {}), completed]
        return [TaskAnswered(0, event, mock.value)]

    def _exceeds_failures(self, mock: Mock) -> bool:
        count = self._told.get("toleratedFailureCount")
        percentage = self._told.get("toleratedFailurePercentage")
        if isinstance(count, int) and mock.failures > count:
            return True
        counted = self._told.get(ITERATIONS)
        total = counted if isinstance(counted, int) else 0
        if isinstance(mock.value, list):
            total = len(mock.value)
        return isinstance(percentage, int | float) and mock.failures * 100 > percentage * total

    async def _real(self, command: CallService) -> Input:
        """Call the service, through the integration that executions use."""
        states, call, wire = self._states, self._call, None
        if self._trace is not None:
            wire = Wire(self._seen.wire.__setitem__, self._trace.reveals_secrets)
        outcome = await states.executions.call_alone(
            ServiceCall(
                execution=self._execution.identity.id,
                execution_arn=self._execution.identity.arn,
                event=command.event,
                branch=0,
                resource=command.resource,
                parameters=command.parameters,
                token=command.token,
                account=command.account or call.account,
                region=call.region,
                now=states.clock.now(),
                request_id=states.ids.uuid(),
                wire=wire,
            )
        )
        if isinstance(outcome, Refused):
            return TaskRefused(0, command.event, outcome.error, outcome.cause)
        return TaskAnswered(0, command.event, outcome.result)

    async def _waited(self, timer: SetTimer, ends_at: int) -> list[Input]:
        due = asyncio.Event()
        self._states.alarm.call_at(min(timer.due_at, ends_at), due.set)
        await due.wait()
        if timer.due_at > ends_at:
            return []
        return [TimerFired(0, "wait", timer.event)]

    async def _within(self, work: Awaitable[T], ends_at: int) -> T | None:
        """What the work comes to, unless it takes too long."""
        late: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call_off = self._states.alarm.call_at(ends_at, lambda: late.set_result(None))
        task = asyncio.ensure_future(work)
        try:
            both: set[asyncio.Future[Any]] = {task, late}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            call_off()
            task.cancel()


def _identity(states: States, call: Call, role_arn: str) -> Identity:
    """AWS shows a test as an execution of an express machine, both with made-up names."""
    name, machine = states.ids.uuid(), states.ids.uuid()
    prefix = f"arn:aws:states:{call.region}:{call.account}"
    return Identity(
        id=states.ids.next_id(),
        arn=f"{prefix}:express:{machine}:{name}",
        name=name,
        role_arn=role_arn,
        machine_arn=f"{prefix}:stateMachine:{machine}",
        machine_name=machine,
        region=call.region,
        started_at=states.clock.now(),
        seed=states.ids.secret(16),
        express=True,
        synchronous=True,
    )


def _item_of(tested: TestedState, value: JsonValue) -> JsonObject | None:
    """A state within a Map is tested as part of the first iteration, which has the test's input as
    its item."""
    around = next((state for _, state in tested.within if state.get("Type") == "Map"), None)
    if around is None:
        return None
    item: JsonObject = {"Index": 0, "Value": value}
    if is_distributed(around) and "ItemReader" not in around:
        item["Source"] = "STATE_DATA"
    return item
