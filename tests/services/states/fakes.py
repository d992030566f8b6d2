"""A runtime that runs nothing: starts are rows, ends are told by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError
from stepwell.language.compile import compile_definition
from stepwell.runtime import records as runtime_records
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Answered, Refused, ServiceCall
from stepwell.runtime.programs import Compile, Programs
from stepwell.runtime.records import (
    ABORTED,
    EVENT,
    EXECUTION,
    EXECUTION_NAME,
    RUNNING,
    SUCCEEDED,
    EventRow,
    ExecutionNameRow,
    ExecutionRow,
    ExpressStartRow,
    RevisionRow,
)
from stepwell.runtime.redrives import why_not_redrivable
from stepwell.services.api import Answer, Call, Encoded, Params, Service
from stepwell.services.states import records
from stepwell.services.states.api import service
from stepwell.services.states.ports import Closing
from stepwell.services.states.states import States, StatesSettings
from stepwell.stores.memory import MemoryDisk, MemoryStore
from stepwell.testing.virtual import VirtualClock
from stepwell.values import BadJson, JsonObject, decode, encode_text

TABLES = (*runtime_records.TABLES, *records.TABLES)
CALL = Call("000000000000", "us-east-1", "request-1", "http://localhost:4566")
ROLE = "arn:aws:iam::000000000000:role/states"
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:"


class ManualClock:
    """Goes on by a second whenever it is asked."""

    def __init__(self) -> None:
        self.at = 1_700_000_000_000

    def now(self) -> int:
        """Epoch milliseconds."""
        self.at += 1_000
        return self.at


class CountingIds:
    """Ids that are counted; the chance is what the test says."""

    def __init__(self) -> None:
        self.count = 0
        self.chance = 0

    def next_id(self) -> int:
        """The next number."""
        self.count += 1
        return self.count

    def uuid(self) -> str:
        """A UUID with the next number in it."""
        return f"00000000-0000-4000-8000-{self.next_id():012d}"

    def secret(self, size: int) -> bytes:
        """The chance the test set."""
        return self.chance.to_bytes(size)


class FakeExecutions:
    """Keeps executions in the store and remembers what it was told."""

    def __init__(self, ledger: Ledger, clock: ManualClock | VirtualClock, ids: CountingIds) -> None:
        self.ledger, self.clock, self.ids = ledger, clock, ids
        self.rows: dict[str, ExecutionRow] = {}
        self.told: list[tuple[object, ...]] = []
        self.task: tuple[str, str] | None = None
        self.polled = asyncio.Event()
        self.answer: Answered | Refused = Answered({})
        self.answering = asyncio.Event()
        self.answering.set()

    async def start(
        self, *, call: Call, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExecutionRow:
        """A running row."""
        try:
            decode(input)
        except BadJson as error:
            raise ServiceError("InvalidExecutionInput", str(error)) from error
        arn = revision.arn.replace(":stateMachine:", ":execution:") + f":{name}"
        existing = self.rows.get(arn)
        if existing is not None:
            if existing.status == RUNNING and existing.input == input:
                return existing
            raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        row = ExecutionRow(
            id=self.ids.next_id(),
            arn=arn,
            name=name,
            machine=revision.machine,
            revision=revision.revision,
            role_arn=revision.role_arn,
            seed=b"",
            started_at=self.clock.now(),
            input=input,
            status=RUNNING,
            extra=None if extra is None else encode_text(extra),
        )
        await self.put(row)
        return row

    async def put(self, row: ExecutionRow) -> None:
        """Store a row."""
        is_new = row.arn not in self.rows
        self.rows[row.arn] = row
        with self.ledger.stage() as turn:
            turn.put(EXECUTION, row)
            if is_new:
                turn.put(EXECUTION_NAME, ExecutionNameRow(row.arn, row.id))
        await self.ledger.committed()

    async def finish(self, arn: str, output: str = "{}") -> None:
        """End an execution well."""
        row = self.rows[arn]
        at = self.clock.now()
        await self.put(row._replace(status=SUCCEEDED, output=output, stopped_at=at))

    async def happened(self, arn: str, *bodies: bytes) -> None:
        """Give an execution these events."""
        with self.ledger.stage() as turn:
            for number, body in enumerate(bodies, 1):
                turn.put(EVENT, EventRow(self.rows[arn].id, number, body, None))
        await self.ledger.committed()

    async def stop(
        self, execution: ExecutionRow, *, error: str | None, cause: str | None, request_id: str
    ) -> ExecutionRow:
        """Abort."""
        if execution.status != RUNNING:
            return execution
        row = execution._replace(
            status=ABORTED, error=error, cause=cause, stopped_at=self.clock.now()
        )
        await self.put(row)
        return row

    async def call_alone(self, call: ServiceCall) -> Answered | Refused:
        """What the test put there."""
        self.told.append(("call", call.resource.arn, call.parameters))
        await self.answering.wait()
        return self.answer

    async def why_not_redrivable(
        self, execution: ExecutionRow, *, machine_deleted: bool
    ) -> str | None:
        """As it follows from the row."""
        return why_not_redrivable(
            execution,
            events=0,
            now=self.clock.now(),
            limits=Limits(),
            machine_deleted=machine_deleted,
        )

    async def redrive(
        self, execution: ExecutionRow, *, client_token: str | None, machine_deleted: bool
    ) -> int:
        """Remember."""
        self.told.append(("redrive", execution.arn, client_token, machine_deleted))
        return self.clock.now()

    async def task_succeeded(self, *, call: Call, token: str, output: str) -> None:
        """Remember."""
        self.told.append(("succeeded", token, output))

    async def task_failed(
        self, *, call: Call, token: str, error: str | None, cause: str | None
    ) -> None:
        """Remember."""
        self.told.append(("failed", token, error, cause))

    async def task_heartbeat(self, *, call: Call, token: str) -> None:
        """Remember."""
        self.told.append(("beat", token))

    async def poll_activity(
        self, *, arn: str, worker_name: str | None, wait: Closing
    ) -> tuple[str, str] | None:
        """The task the test put there, or wait for the end of the poll."""
        self.told.append(("poll", arn, worker_name))
        self.polled.set()
        if self.task is None:
            await wait.wait()
        task, self.task = self.task, None
        return task

    async def update_map_run(
        self,
        number: int,
        *,
        max_concurrency: int | None,
        tolerated_count: int | None,
        tolerated_percentage: float | None,
    ) -> bool:
        """Remember; no Map Run runs."""
        asked = (number, max_concurrency, tolerated_count, tolerated_percentage)
        self.told.append(("update map run", asked))
        return False

    async def delete_machine(self, machine: int) -> None:
        """Remember."""
        self.told.append(("delete", machine))

    def activity_deleted(self, arn: str) -> None:
        """Remember."""
        self.told.append(("activity deleted", arn))


class FakeExpress:
    """Express executions that end as soon as they are asked for, with their input."""

    def __init__(self, clock: ManualClock | VirtualClock) -> None:
        self._clock = clock

    async def start(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExpressStartRow:
        """A row."""
        decode_or_refuse(input)
        return ExpressStartRow(
            0, 1, _express(revision, name), name, 1, 1, self._clock.now(), input, None
        )

    async def run(
        self, *, revision: RevisionRow, name: str, input: str, extra: JsonObject | None
    ) -> ExecutionRow:
        """An end."""
        decode_or_refuse(input)
        now = self._clock.now()
        return ExecutionRow(
            id=1,
            arn=_express(revision, name),
            name=name,
            machine=revision.machine,
            revision=revision.revision,
            role_arn=revision.role_arn,
            seed=b"",
            started_at=now,
            input=input,
            status=SUCCEEDED,
            stopped_at=now + 101,
            output=input,
        )


def _express(revision: RevisionRow, name: str) -> str:
    return f"{revision.arn.replace(':stateMachine:', ':express:')}:{name}:unique"


def decode_or_refuse(text: str) -> None:
    """Refuse what is not JSON, as the runtime does."""
    try:
        decode(text)
    except BadJson as error:
        raise ServiceError("InvalidExecutionInput", str(error)) from error


class World:
    """The service on a store in memory."""

    def __init__(
        self,
        disk: MemoryDisk | None = None,
        compiler: Compile = compile_definition,
        settings: StatesSettings | None = None,
        clock: ManualClock | VirtualClock | None = None,
    ) -> None:
        self.store = MemoryStore(TABLES, disk)
        self.ledger = Ledger(self.store)
        self.clock, self.ids = clock or ManualClock(), CountingIds()
        self.executions = FakeExecutions(self.ledger, self.clock, self.ids)
        self.states = States(
            self.store,
            self.ledger,
            self.clock,
            self.ids,
            Programs(self.store, compiler),
            self.executions,
            FakeExpress(self.clock),
            settings or StatesSettings(activity_poll_seconds=0),
        )
        self.service: Service = service(self.states)

    async def open(self) -> World:
        """Open the store and load."""
        await self.store.open()
        await self.states.load()
        return self

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """One call's answer."""
        return await self.call_as(CALL, operation, params)

    async def call_as(self, call: Call, operation: str, params: Params) -> dict[str, Any]:
        """One call's answer, by another caller."""
        return as_dict(await self.service.operations[operation](call, params))

    async def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and message of a call that must be refused."""
        try:
            answer = await self.call(operation, **params)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused: {answer}")

    async def machine(self, name: str = "m", **params: Any) -> str:
        """The ARN of a new machine."""
        given = {"name": name, "definition": PASS, "roleArn": ROLE, **params}
        answer = await self.call("CreateStateMachine", **given)
        return str(answer["stateMachineArn"])


def as_dict(answer: Answer) -> dict[str, Any]:
    """An answer as a dict."""
    if isinstance(answer, Encoded):
        decoded: dict[str, Any] = msgspec.json.decode(answer.body)
        return decoded
    assert isinstance(answer, Mapping)
    return dict(answer)
