"""One process of a function, warm or getting so, with its Runtime API.

Its life: starting -> idle <-> busy -> ended. An invocation is over when the process has answered
and, within a moment, asked for the next event; a process that does not ask is of no more use once
its time is over. Whatever goes wrong ends the whole process group.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from stepwell.functions import documents
from stepwell.functions.documents import Failure, Report
from stepwell.functions.keeper import Keeper
from stepwell.functions.output import Output
from stepwell.functions.ports import (
    INIT_SECONDS,
    RESPONSE_BYTES_MAX,
    SETTLE_SECONDS,
    Alarm,
    Clock,
)
from stepwell.functions.process import Child, Launch, manner_of_death
from stepwell.functions.runtime_api import Reply, RuntimeApi, answer
from stepwell.services.lambda_.ports import FunctionSpec, Invocation, Log, Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process said, or what is said for it."""

    payload: bytes
    error: str | None
    failure: Failure | None = None

    @property
    def status(self) -> str:
        """`error` or `timeout`."""
        return "error" if self.failure is None else self.failure.status

    @property
    def kind(self) -> str:
        """The type of the error."""
        if self.failure is not None:
            return self.failure.kind
        return documents.error_type(self.payload, "Unhandled")


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What every worker shares."""

    clock: Clock
    alarm: Alarm
    keeper: Keeper
    log: Log


class Worker:
    """One process."""

    def __init__(
        self, parts: WorkerParts, spec: FunctionSpec, stream: str, on_end: Callable[[Worker], None]
    ) -> None:
        self._parts = parts
        self.spec = spec
        self.stream = stream
        self.stamp = 0
        """Of the watched folder when the process began."""
        self.retired = False
        """No more events for it."""
        self.idle_since = 0
        self.api = RuntimeApi(self)
        self._on_end = on_end
        self._child: Child | None = None
        self._output = Output(self._write_lines)
        self._next: Reply | None = None
        self._ready: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._current = ""
        self._answer: asyncio.Future[Answer] | None = None
        self._asked: asyncio.Future[None] | None = None
        self._init_ms: float | None = None
        self._init_seconds = INIT_SECONDS

    @property
    def is_idle(self) -> bool:
        """It waits for an event."""
        return self._next is not None and not self._current and not self.ended

    @property
    def is_usable(self) -> bool:
        """It waits for an event, has not been told to go, and lives."""
        child = self._child
        return self.is_idle and not self.retired and child is not None and child.is_alive()

    @property
    def ended(self) -> bool:
        """The process is gone."""
        return self._child is not None and self._child.ended.done()

    # Beginning

    async def start(self, launch: Launch, seconds: int = INIT_SECONDS) -> Answer | None:
        """Start the process and wait until it asks for an event; else say why it did not.

        Raises OSError.
        """
        await self.api.open()
        self._init_seconds = seconds
        began = time.perf_counter()
        lines = [f"INIT_START Runtime Version: {launch.title}\t", *launch.notes]
        self._output.add(lines)
        launch.environment["AWS_LAMBDA_RUNTIME_API"] = self.api.address
        try:
            self._child = await Child.start(launch, self._parts.keeper, self._output.feed)
        except BaseException:
            self.api.close()
            raise
        self._child.ended.add_done_callback(self._has_ended)
        stop = self._call_in(seconds, self._init_takes_too_long)
        try:
            trouble = await self._ready
        except BaseException:
            self.kill()
            raise
        finally:
            stop()
        self._init_ms = (time.perf_counter() - began) * 1000
        if trouble is not None:
            self._output.add([documents.init_report(self._init_ms, trouble.status, trouble.kind)])
            self.kill()
            await self.gone()
        return trouble

    def _init_takes_too_long(self) -> None:
        failure = documents.timed_out(self._init_seconds)
        self._say_ready(Answer(b"", "Unhandled", failure))
        self.kill()

    def _say_ready(self, trouble: Answer | None) -> None:
        if not self._ready.done():
            self._ready.set_result(trouble)

    # What the process says

    def asked_next(self, reply: Reply) -> None:
        """It wants an event."""
        self._next = reply
        self._say_ready(None)
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(None)

    def hung_up(self, reply: Reply) -> None:
        """Its connection is gone, and with it its wish for an event."""
        if self._next == reply:
            self._next = None

    def answered(self, request_id: str, body: bytes, error: str | None) -> bool:
        """It answered; only the first answer to the invocation in hand counts."""
        waiting = self._answer
        if waiting is None or waiting.done() or request_id != self._current:
            return False
        if error is None and len(body) > RESPONSE_BYTES_MAX:
            waiting.set_result(Answer(documents.TOO_LARGE, "Unhandled"))
        else:
            waiting.set_result(Answer(body, None if error is None else "Unhandled"))
        return True

    def failed_in_init(self, body: bytes, error: str) -> bool:
        """It could not get ready."""
        if self._ready.done():
            return False
        self._ready.set_result(Answer(body, "Unhandled"))
        return True

    def _has_ended(self, ended: asyncio.Future[int]) -> None:
        self._output.flush()
        failure = documents.exited(manner_of_death(ended.result()))
        self._say_ready(Answer(b"", "Unhandled", failure))
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(b"", "Unhandled", failure))
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(None)
        self.api.close()
        self._on_end(self)

    # An invocation

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Run one; the worker must be idle. The process ends when this is cancelled."""
        began = time.perf_counter()
        self._answer = asyncio.get_running_loop().create_future()
        self._asked = asyncio.get_running_loop().create_future()
        self._current = invocation.request_id
        self._output.begin()
        self._output.add([f"START RequestId: {invocation.request_id} Version: {self.spec.version}"])
        stop = self._call_in(self.spec.timeout_seconds, self._takes_too_long)
        try:
            self._send(invocation)
            answer = await self._answer
            duration_ms = (time.perf_counter() - began) * 1000
            await self._settle()
        except asyncio.CancelledError:
            self.retired = True
            self.kill()
            raise
        finally:
            stop()
            self._current = ""
            self._answer = None
        return self._outcome(invocation, answer, duration_ms)

    def _send(self, invocation: Invocation) -> None:
        reply, self._next = self._next, None
        deadline = self._parts.clock.now() + self.spec.timeout_seconds * 1000
        headers = [
            f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}",
            f"Lambda-Runtime-Deadline-Ms: {deadline}",
            f"Lambda-Runtime-Invoked-Function-Arn: {invocation.invoked_arn}",
        ]
        if invocation.trace:
            headers.append(f"Lambda-Runtime-Trace-Id: {invocation.trace}")
        if invocation.client_context:
            flat = invocation.client_context.replace("\r", " ").replace("\n", " ")
            headers.append(f"Lambda-Runtime-Client-Context: {flat}")
        assert reply is not None
        reply(answer(200, invocation.payload, "".join(line + "\r\n" for line in headers)))

    async def _settle(self) -> None:
        """Give the process a moment to ask for the next event."""
        asked = self._asked
        if asked is not None and not asked.done() and not self.ended:
            await asyncio.wait((asked,), timeout=SETTLE_SECONDS)

    async def settled(self) -> None:
        """Wait until it has asked for the next event, or ended; end it when its time is over."""
        asked = self._asked
        if asked is None or asked.done() or self.ended:
            return
        stop = self._call_in(self.spec.timeout_seconds, self.kill)
        try:
            await asyncio.wait((asked,))
        finally:
            stop()

    def _takes_too_long(self) -> None:
        if self._answer is not None and not self._answer.done():
            failure = documents.timed_out(self.spec.timeout_seconds)
            self._answer.set_result(Answer(b"", "Unhandled", failure))
        self.kill()

    def _outcome(self, invocation: Invocation, answer: Answer, duration_ms: float) -> Outcome:
        self._output.flush()
        failure, payload = answer.failure, answer.payload
        request_id, seconds = invocation.request_id, float(self.spec.timeout_seconds)
        if failure is not None:
            payload = failure.document(request_id)
            if failure.status == "timeout":
                duration_ms = seconds * 1000
                now = documents.timestamp(self._parts.clock.now())
                self._output.add([f"{now} {request_id} {failure.message}", ""])
            else:
                self._output.add(
                    [f"RequestId: {request_id} Error: {failure.message}", failure.kind]
                )
        kind = None if failure is None or failure.status == "timeout" else failure.kind
        report = Report(
            request_id,
            duration_ms,
            self.spec.memory_mb,
            0 if self._child is None else self._child.memory_mb_max(),
            self._init_ms,
            None if failure is None else failure.status,
            kind,
        )
        self._init_ms = None
        self._output.add(report.lines())
        return Outcome(payload, answer.error, self._output.tail())

    # The end

    def kill(self) -> None:
        """End the process group, now."""
        self.retired = True
        if self._child is not None:
            self._child.kill()

    async def gone(self) -> None:
        """Wait until it has ended."""
        if self._child is not None:
            await asyncio.wait((self._child.ended,))

    def fail_invocation(self, invocation: Invocation, trouble: Answer) -> Outcome:
        """What an invocation gets from a process that did not get ready."""
        self._output.begin()
        start = f"START RequestId: {invocation.request_id} Version: {self.spec.version}"
        self._output.add([start])
        return self._outcome(invocation, trouble, self._init_ms or 0.0)

    def _call_in(self, seconds: float, action: Callable[[], None]) -> Callable[[], None]:
        at = self._parts.clock.now() + int(seconds * 1000)
        return self._parts.alarm.call_at(at, action)

    def _write_lines(self, lines: list[str]) -> None:
        self._parts.log(self.spec, self.stream, self._parts.clock.now(), lines)
