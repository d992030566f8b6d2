"""One call of `decide` under way: what it has decided so far.

Every handler gets the Step. `emit` is the only way to make history: the event is applied to the
execution at once, so that what follows sees it.
"""

from __future__ import annotations

import sys
from collections import deque
from typing import NamedTuple

from stepwell.engine.commands import ClearTimer, Command, SetTimer
from stepwell.engine.context import StepEnvironment
from stepwell.engine.events import Details, HistoryEvent, Note
from stepwell.engine.execution import ENDS, Branch, Execution
from stepwell.engine.limits import WORK_PER_TRANSITION, Limits, World
from stepwell.values import JsonObject, JsonValue


class EngineBug(AssertionError):
    """The core broke one of its own rules. Never the user's fault."""


class HistoryFull(Exception):
    """There is room for one event more, and that is kept for the end of the execution."""


class Entry(NamedTuple):
    """A state about to be entered, with its input and the input's text."""

    branch: Branch
    state: str
    value: JsonValue
    text: str
    resumed: bool = False
    """The state was entered before: what it does begins again, without being entered anew."""


class Step:
    """The events and commands of one decision, and the branches that can still go on."""

    __slots__ = (
        "commands",
        "events",
        "events_max",
        "execution",
        "finished",
        "largest_bytes",
        "last_environment",
        "limits",
        "now",
        "pace",
        "ready",
        "transitions",
        "world",
    )

    def __init__(self, execution: Execution, now: int, limits: Limits, world: World) -> None:
        self.execution = execution
        self.now = now
        self.limits = limits
        self.events_max = limits.history_events_max or sys.maxsize
        self.world = world
        self.pace = world.pace
        self.events: list[HistoryEvent] = []
        self.commands: list[Command] = []
        self.ready: deque[Entry] = deque()
        self.finished: deque[Branch] = deque()
        self.transitions = 0
        self.largest_bytes = 0
        self.last_environment: StepEnvironment | None = None

    def emit(
        self,
        branch: Branch,
        event_type: str,
        details: Details | None = None,
        *,
        previous: int | None = None,
        value: tuple[JsonValue] | None = None,
        note: Note | None = None,
        assigned: JsonObject | None = None,
    ) -> HistoryEvent:
        """Write an event of this branch. Raises HistoryFull."""
        number = self.execution.last_event + 1
        if number >= self.events_max and event_type not in ENDS:
            raise HistoryFull
        event = HistoryEvent(
            number,
            branch.last if previous is None else previous,
            event_type,
            self.now,
            details,
            branch.id,
            value,
            note,
            assigned,
        )
        self.events.append(event)
        self.execution.apply(event)
        return event

    def command(self, command: Command) -> None:
        """Ask the runtime for something."""
        self.commands.append(command)

    def set_timer(self, branch: Branch, kind: str, due_at: int, event: int) -> None:
        """Ask to be told at a time."""
        self.commands.append(SetTimer(branch.id, kind, due_at, event))

    def clear_timer(self, branch: Branch, kind: str) -> None:
        """Ask to forget a timer."""
        self.commands.append(ClearTimer(branch.id, kind))

    def environment(
        self,
        branch: Branch,
        *,
        token: str | None = None,
        item: tuple[int, JsonValue] | None = None,
        may_wait: bool = False,
    ) -> StepEnvironment:
        """What an expression of the branch's state may see.

        `may_wait`: nothing has happened since the state's last event, so that an expression that
        takes its time may be asked for again later.
        """
        last = self.last_environment
        if last is not None:
            self.transitions += last.worked // WORK_PER_TRANSITION
        beside = may_wait and self.limits.expressions_beside
        made = StepEnvironment(self.execution, branch, token, item, self.now, beside=beside)
        self.last_environment = made
        return made

    @property
    def running(self) -> bool:
        """Whether the execution still runs."""
        return self.execution.status == "RUNNING"
