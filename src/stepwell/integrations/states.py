"""`states:startExecution`: a child execution begins in the turn that keeps its parent's history.

With `.sync` the parent waits for the child's end. The child's name is the user's, or drawn from the
attempt; so a call repeated after a crash finds the child it has already begun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stepwell.engine.context import chance
from stepwell.errors import ServiceError
from stepwell.integrations.envelope import ErrorNames, with_metadata
from stepwell.language.program import Resource
from stepwell.runtime.executions import Executions, execution_arn
from stepwell.runtime.ports import Answered, Beginning, Later, Refused, ServiceCall
from stepwell.runtime.programs import Programs
from stepwell.runtime.records import RUNNING, STATUSES, SUCCEEDED, ExecutionRow
from stepwell.runtime.turn import Turn
from stepwell.runtime.waiters import waiter_of
from stepwell.services.states.json_text import complaint
from stepwell.services.states.rates import START, START_EXPRESS, ApiRates
from stepwell.values import (
    BadJson,
    JsonObject,
    JsonValue,
    decode,
    decode_payload,
    encode_text,
    uuid_text,
)

ERRORS = ErrorNames(
    "StepFunctions",
    "AWSStepFunctions",
    frozenset(
        {
            "StateMachineDoesNotExist",
            "StateMachineDeleting",
            "ExecutionAlreadyExists",
            "ExecutionLimitExceeded",
            "InvalidArn",
            "InvalidExecutionInput",
            "InvalidName",
            "ValidationException",
        }
    ),
)


LOOKED_UP_MAX = 10_000
"""How many looked-up names are remembered; attempts that ended meanwhile never ask for theirs."""
_Attempt = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Target:
    """The revision a call starts, its machine's ARN, and what led to it."""

    machine: int
    revision: int
    machine_arn: str
    extra: JsonObject | None
    express: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """What a call started, or found running; `beginning` is None when it was found."""

    arn: str
    started_at: int
    beginning: Beginning | None = None


class FindTarget(Protocol):
    """Finds what an ARN stands for, for a caller. Raises ServiceError."""

    def __call__(self, account: str, region: str, arn: str) -> Target:
        """The target of StartExecution."""


class StatesIntegration:
    """Starts child executions."""

    def __init__(
        self,
        executions: Executions,
        programs: Programs,
        find_target: FindTarget,
        check_name: Callable[[str], None],
        rates: ApiRates | None = None,
    ) -> None:
        self._executions = executions
        self._programs = programs
        self._find_target = find_target
        self._check_name = check_name
        self._rates = rates
        self._looked_up: dict[_Attempt, ExecutionRow | None] = {}

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Begin the child, once it is known that the name is free."""
        try:
            begun = self.begin(turn, call)
        except ServiceError as error:
            return ERRORS.refused(error, call)
        if isinstance(begun, Later):
            return begun
        answer = {"ExecutionArn": begun.arn, "StartDate": begun.started_at}
        return Answered(with_metadata(answer, call), begun.beginning)

    def begin(self, turn: Turn, call: ServiceCall) -> Begun | Later:
        """The execution of a call, new or the running one of that name. Raises ServiceError."""
        given = call.parameters if isinstance(call.parameters, dict) else {}
        target = self._find_target(call.account, call.region, str(given.get("StateMachineArn")))
        name = self._name(given.get("Name"), call)
        if target.express:
            return self._begin_express(turn, call, target, name, given)
        arn = execution_arn(target.machine_arn, name)
        program = self._programs.cached(target.machine, target.revision)
        revision = self._programs.cached_revision(target.machine, target.revision)
        attempt = (call.execution, call.event)
        named = given.get("Name") is not None
        if program is None or revision is None or (named and attempt not in self._looked_up):
            return Later(lambda: self._look_up(attempt, target, arn))
        known = self._looked_up.pop(attempt, None)
        text, value = _input(given.get("Input"))
        live = self._executions.live.named(arn)
        known = live.row if live is not None else known
        waiter = None
        if call.resource.pattern.startswith("sync"):
            waiter = (call.execution, call.branch, call.event)
        if known is not None:
            if _is_same(known, text, waiter):
                return Begun(known.arn, known.started_at)
            raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        self._take(call, START)
        self._executions.open.check(target.machine_arn)
        extra = _extra(target, given)
        beginning = Beginning(revision, program, name, text, value, extra, waiter)
        return Begun(arn, call.now, beginning)

    def _begin_express(
        self, turn: Turn, call: ServiceCall, target: Target, name: str, given: JsonObject
    ) -> Begun | Later:
        """Keep in the turn that an express execution must run: names need not be free."""
        if call.resource.pattern.startswith("sync"):
            # Nobody can look at such an execution, so nobody can see its end.
            raise ServiceError(
                "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'"
            )
        program = self._programs.cached(target.machine, target.revision)
        revision = self._programs.cached_revision(target.machine, target.revision)
        if program is None or revision is None:
            return Later(lambda: self._have_program(target))
        self._take(call, START_EXPRESS)
        text, value = _input(given.get("Input"))
        row = self._executions.express.stage(
            turn, Beginning(revision, program, name, text, value, _extra(target, given))
        )
        return Begun(row.arn, row.started_at)

    def _take(self, call: ServiceCall, name: str) -> None:
        """Count a start once, when everything needed for it has been read."""
        if self._rates is not None:
            self._rates.take(call.account, call.region, name)

    async def _have_program(self, target: Target) -> None:
        await self._programs.get(target.machine, target.revision)

    def _name(self, given: JsonValue, call: ServiceCall) -> str:
        if given is None:
            seed = call.request_id.encode()
            return uuid_text(chance(seed, "child", 16))
        self._check_name(str(given))
        return str(given)

    async def _look_up(self, attempt: tuple[int, int], target: Target, arn: str) -> None:
        await self._programs.get(target.machine, target.revision)
        found = await self._executions.find(arn)
        while len(self._looked_up) >= LOOKED_UP_MAX:
            self._looked_up.pop(next(iter(self._looked_up)))
        self._looked_up[attempt] = found

    def job_ended(self, execution: ExecutionRow, resource: Resource) -> Answered | Refused:
        """The child's description as the task's result, or as the cause of its failure."""
        if execution.status == SUCCEEDED:
            return Answered(_described(execution, parsed=resource.pattern == "sync:2"))
        return Refused("States.TaskFailed", encode_text(_described(execution, parsed=False)))


def _extra(target: Target, given: JsonObject) -> JsonObject | None:
    if given.get("TraceHeader"):
        return {**(target.extra or {}), "traceHeader": given["TraceHeader"]}
    return target.extra


def _is_same(known: ExecutionRow, text: str, waiter: tuple[int, int, int] | None) -> bool:
    """Whether an execution of that name is the one this call would begin."""
    if waiter is not None:
        return waiter_of(known) == waiter
    return known.status == RUNNING and known.input == text


def _input(given: JsonValue) -> tuple[str, JsonValue]:
    """The input as text and value: text is taken as JSON text, anything else is written as such."""
    if given is None:
        return "{}", {}
    if not isinstance(given, str):
        return encode_text(given), given
    try:
        return given, decode_payload(given)
    except BadJson as error:
        raise ServiceError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{complaint(given)}'"
        ) from error


def _described(row: ExecutionRow, *, parsed: bool) -> JsonObject:
    described: JsonObject = {
        "ExecutionArn": row.arn,
        "Input": decode(row.input) if parsed else row.input,
        "InputDetails": {"Included": True},
        "Name": row.name,
        "StartDate": row.started_at,
        "StateMachineArn": _machine_arn(row),
        "Status": STATUSES[row.status],
        "StopDate": row.stopped_at,
    }
    if row.output is not None:
        described["Output"] = decode(row.output) if parsed else row.output
        described["OutputDetails"] = {"Included": True}
    if row.status == SUCCEEDED:
        described |= {
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        }
    if STATUSES[row.status] == "TIMED_OUT":
        described["Error"] = "States.Timeout"
    if row.error is not None:
        described["Error"] = row.error
    if row.cause is not None:
        described["Cause"] = row.cause
    return described


def _machine_arn(row: ExecutionRow) -> str:
    arn = row.arn.removesuffix(f":{row.name}")
    return arn.replace(":execution:", ":stateMachine:", 1)
