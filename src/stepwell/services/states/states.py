"""What every operation of the service works with."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stepwell.errors import ServiceError
from stepwell.language.program import Resource
from stepwell.runtime.alarms import LoopAlarm
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.ports import Alarm, Clock, Ids, Store
from stepwell.runtime.programs import Programs
from stepwell.services.states.ports import Executions, Express
from stepwell.services.states.rates import ApiRates
from stepwell.services.states.registry import Registry
from stepwell.values import JsonValue


@dataclass(frozen=True, slots=True)
class StatesSettings:
    """What an operator may set."""

    activity_poll_seconds: float = 60.0
    """How long GetActivityTask waits for a task."""
    machines_max: int | None = None
    activities_max: int | None = None
    """How many an account may have in a region; None for any number."""
    activity_pollers_max: int | None = None
    """How many may ask for the tasks of an activity at a time; None for any number."""
    request_bytes_max: int | None = None
    """How much a request may bring; None for as much as the gateway takes."""
    has_rates: bool = False
    """Whether operations may be called only as often as AWS lets an account call them."""


class MockComplaint(Protocol):
    """Holds the mocked result of a call against the service's model."""

    def __call__(self, resource: Resource, result: JsonValue, *, strict: bool) -> str | None:
        """What is wrong with it, in AWS's words. `strict`: what is required must be there."""


def _no_complaint(resource: Resource, result: JsonValue, *, strict: bool) -> str | None:
    return None


AWS_QUOTAS = StatesSettings(
    machines_max=100_000,
    activities_max=100_000,
    activity_pollers_max=1_000,
    request_bytes_max=1_048_576,
    has_rates=True,
)


class States:
    """The parts, wired. `load` before the first operation, `close` when the server stops."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        programs: Programs,
        executions: Executions,
        express: Express,
        settings: StatesSettings | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self.ids = ids
        self.programs = programs
        self.executions = executions
        self.express = express
        self.settings = settings or StatesSettings()
        self.rates = ApiRates(clock) if self.settings.has_rates else None
        self.alarm = alarm or LoopAlarm(clock)
        self.registry = Registry(store, ledger)
        self.queue_retention: Callable[[str, str, str], int | None] = lambda *where: None
        """Seconds a queue keeps its messages, by account, region and URL, where it is known."""
        self.mock_complaint: MockComplaint = _no_complaint
        self.log_group_exists: Callable[[str], bool] = lambda arn: False
        """Whether there is a log group of that ARN."""
        self._polls: dict[asyncio.Event, str] = {}
        self._pollers: Counter[str] = Counter()
        self._closed = False
        ledger.on_rollback(programs.forget)

    async def load(self) -> None:
        """Bring memory up to date with the store; take up deletions that were under way."""
        await self.registry.ready()
        for machine in list(self.registry.machines.values()):
            if machine.deleting:
                await self.executions.delete_machine(machine.row.id)

    def open_poll(self, activity_arn: str) -> asyncio.Event:
        """A new long poll: the event is set when it must answer.

        Raises ServiceError ActivityWorkerLimitExceeded.
        """
        most = self.settings.activity_pollers_max
        if most is not None and self._pollers[activity_arn] >= most:
            raise ServiceError(
                "ActivityWorkerLimitExceeded",
                "The maximum number of workers concurrently polling for activity tasks has been"
                " reached.",
            )
        poll = asyncio.Event()
        if self._closed:
            poll.set()
        self._polls[poll] = activity_arn
        self._pollers[activity_arn] += 1
        return poll

    def close_poll(self, poll: asyncio.Event) -> None:
        """The poll has answered."""
        arn = self._polls.pop(poll)
        self._pollers[arn] -= 1
        if not self._pollers[arn]:
            del self._pollers[arn]

    def close(self) -> None:
        """Make all long polls answer now, and those that still come answer at once."""
        self._closed = True
        for poll in self._polls:
            poll.set()
