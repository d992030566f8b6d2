"""Tasks of services that are not embedded: a mock, a command, or an upstream, in this order."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from stepwell.integrations.outside.commands import LocalCommands
from stepwell.integrations.outside.jobs import JOBS, Job, verdict
from stepwell.integrations.outside.settings import Mock, OutsideSettings
from stepwell.integrations.outside.upstream import Upstream
from stepwell.language.program import Resource
from stepwell.runtime.ports import Alarm, Answered, Clock, Later, Refused, ServiceCall
from stepwell.runtime.turn import Turn
from stepwell.values import JsonValue, encode_text

_log = logging.getLogger("stepwell.integrations")

FIRST_PAUSE_MS, PAUSE_MS_MAX = 1_000, 30_000
"""How long between two questions about a job."""
COUNTS_MAX = 10_000


class OutsideIntegration:
    """See the module."""

    def __init__(self, settings: OutsideSettings, clock: Clock, alarm: Alarm) -> None:
        self._mocks = settings.mocks
        self._commands = LocalCommands(settings.commands)
        self._upstream = Upstream(settings.upstream)
        self._clock = clock
        self._alarm = alarm
        self._asked: OrderedDict[tuple[int, str], int] = OrderedDict()

    def mocks(self, resource: Resource) -> bool:
        """Whether a resource, embedded or not, is mocked."""
        return bool(self._mocks) and self._mock_key(resource) is not None

    def runs(self, resource: Resource) -> bool:
        """Whether anything is configured for a resource."""
        if self.mocks(resource):
            return True
        if self._commands.runs(_name(resource)):
            return True
        if not self._upstream.serves(resource.service, resource.action):
            return False
        return not _is_job(resource) or (resource.service, resource.action) in JOBS

    def call(self, turn: Turn, call: ServiceCall) -> Answered | Refused | Later:
        """Answer from a mock, or begin what takes its time."""
        resource = call.resource
        key = self._mock_key(resource)
        if key is not None:
            return self._mocked(call, key)
        if self._commands.runs(_name(resource)):
            return self._command(turn, call)
        if self._upstream.serves(resource.service, resource.action):
            return Later(lambda: self._call_upstream(call))
        return Refused("States.Runtime", f"The resource provided {resource.arn} is not recognized.")

    async def follow(self, call: ServiceCall, submitted: JsonValue) -> Answered | Refused:
        """What the task of a job gets at its end; may be asked again after a crash."""
        resource = call.resource
        if self._mock_key(resource) is not None:
            return Answered(submitted)
        if self._commands.runs(_name(resource)):
            return await self._commands.follow(call)
        job = JOBS.get((resource.service, resource.action))
        if job is None:
            return Refused("States.Runtime", f"Nobody here can follow {resource.arn}.")
        return await self._follow_job(call, job, submitted)

    async def abandon(self, call: ServiceCall, submitted: JsonValue) -> None:
        """Stop a job that nobody waits for any more; what refuses to be stopped goes on."""
        resource = call.resource
        if self._mock_key(resource) is not None:
            return
        if self._commands.runs(_name(resource)):
            self._commands.stop(call)
            return
        job = JOBS.get((resource.service, resource.action))
        if job is None:
            return
        asked = job.stop.about(call.parameters, submitted)
        answer = await self._upstream.call(call, job.stop.operation, asked)
        if isinstance(answer, Refused):
            _log.warning("%s: %s: %s", call.execution_arn, job.stop.operation, answer.cause)

    async def close(self) -> None:
        """End commands; calls under way are repeated by the next process."""
        await self._commands.close()
        self._upstream.close()

    def _mock_key(self, resource: Resource) -> str | None:
        if resource.arn in self._mocks:
            return resource.arn
        name = _name(resource)
        with_pattern = f"{name}.{resource.pattern}" if resource.pattern else name
        return next((it for it in (with_pattern, name) if it in self._mocks), None)

    def _mocked(self, call: ServiceCall, key: str) -> Answered | Refused:
        answers = self._mocks[key]
        place = (call.execution, key)
        count = self._asked.pop(place, 0)
        self._asked[place] = count + 1
        if len(self._asked) > COUNTS_MAX:
            self._asked.popitem(last=False)
        mock: Mock = answers[min(count, len(answers) - 1)]
        if mock.error is not None:
            return Refused(mock.error, mock.cause)
        return Answered(mock.result, follow=_is_job(call.resource))

    def _command(self, turn: Turn, call: ServiceCall) -> Answered | Refused:
        answer = self._commands.start(call)
        if isinstance(answer, Refused):
            return answer
        if _is_job(call.resource):
            return Answered(answer.result, follow=True)
        turn.after_commit(lambda: self._commands.begin(call))
        return answer

    async def _call_upstream(self, call: ServiceCall) -> Answered | Refused:
        answer = await self._upstream.call(call)
        if isinstance(answer, Answered) and _is_job(call.resource):
            return Answered(answer.result, follow=True)
        return answer

    async def _follow_job(
        self, call: ServiceCall, job: Job, submitted: JsonValue
    ) -> Answered | Refused:
        pause = FIRST_PAUSE_MS
        asked = job.state.about(call.parameters, submitted)
        while True:
            answer = await self._upstream.call(call, job.state.operation, asked)
            if isinstance(answer, Refused):
                return answer
            ended = verdict(job, answer.result)
            if ended is not None:
                good, result = ended
                if good:
                    return Answered(result)
                return Refused("States.TaskFailed", encode_text(result))
            await self._pause(pause)
            pause = min(pause * 2, PAUSE_MS_MAX)

    async def _pause(self, milliseconds: int) -> None:
        over = asyncio.Event()
        call_off: Callable[[], None] = self._alarm.call_at(
            self._clock.now() + milliseconds, over.set
        )
        try:
            await over.wait()
        finally:
            call_off()


def _name(resource: Resource) -> str:
    return f"{resource.service}:{resource.action}"


def _is_job(resource: Resource) -> bool:
    return resource.pattern.startswith("sync")
