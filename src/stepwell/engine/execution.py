"""An execution: the fold of its events.

`apply` is the only thing that changes it, for an event that was just decided and for one read back
from the store alike; so an execution may be dropped from memory at any moment.

A branch is one line of control: the execution itself (0), or a branch of a Parallel state. Its
phase says what it waits for:

    entered -> scheduled -> started -> submitted -> answered -> exited -> entered ...
            -> waiting (Wait)         -> failed  -> retrying -> scheduled
            -> parallel (children)                              done (output ready for the parent)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stepwell.engine.events import HistoryEvent
from stepwell.language.program import Program, Scope
from stepwell.values import JsonValue, decode

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = (
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "ABORTED",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an execution is. Never changes. `seed` is the source of all its chance.

    `started_through` holds what ExecutionStarted says of the version or alias that was called.
    """

    id: int
    arn: str
    name: str
    role_arn: str
    machine_arn: str
    machine_name: str
    region: str
    started_at: int
    seed: bytes
    started_through: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Branch:
    """One line of control. `value` and `text` are the input of its state, or its last output."""

    id: int
    parent: int | None
    position: int
    last: int
    """The event the next one of this branch points back to."""
    text: str = ""
    parsed: tuple[JsonValue] | None = None
    phase: str = "exited"
    state: str = ""
    entered: int = 0
    entered_at: int = 0
    scheduled: int = 0
    retries: dict[int, int] = field(default_factory=dict)
    retry_count: int = 0
    interrupted_before: str = ""

    @property
    def value(self) -> JsonValue:
        """The data that `text` stands for; parsed when it is asked for."""
        if self.parsed is None:
            self.parsed = (decode(self.text),)
        return self.parsed[0]

    def enter(self, event: HistoryEvent) -> None:
        """Stand at the beginning of a state."""
        self.state = event.text("name")
        self.text = event.text("input")
        self.parsed = event.value
        self.phase = "entered" if event.note is None or "due" not in event.note else "waiting"
        self.entered = event.id
        self.entered_at = event.at
        self.scheduled = 0
        self.interrupted_before = ""
        if self.retries:
            self.retries = {}
        self.retry_count = 0


class Execution:
    """The state of one execution; see the module."""

    __slots__ = ("branches", "identity", "input", "last_event", "next_branch", "program", "status")

    def __init__(self, identity: Identity, program: Program) -> None:
        self.identity = identity
        self.program = program
        self.status = RUNNING
        self.last_event = 0
        self.next_branch = 1
        self.input: JsonValue = None
        self.branches: dict[int, Branch] = {}

    def apply(self, event: HistoryEvent) -> None:
        """Take in what happened."""
        self.last_event = event.id
        kind = event.type
        branch = self.branches.get(event.branch)
        if branch is None:
            self._begin(event)
        elif kind.endswith("Entered"):
            branch.last = event.id
            branch.enter(event)
        elif kind.endswith("Exited"):
            branch.last = event.id
            self._exit(branch, event)
        elif kind in _PHASES:
            self._move(branch, event)
        elif kind in _ENDS:
            self.status = _ENDS[kind]
        if event.note is not None and "r" in event.note:
            note = event.note
            self.retry(int(note["rb"]), int(note["r"]), int(note["last"]))

    def _begin(self, event: HistoryEvent) -> None:
        root = Branch(0, None, 0, last=0, text=event.text("input"), parsed=event.value)
        self.branches[0] = root
        self.input = root.value

    def _exit(self, branch: Branch, event: HistoryEvent) -> None:
        branch.text, branch.parsed = event.text("output"), event.value
        branch.phase = "exited"
        if event.note is not None:
            if "end" in event.note:
                branch.phase = "done"
            branch.interrupted_before = str(event.note.get("next", ""))

    def _move(self, branch: Branch, event: HistoryEvent) -> None:
        kind = event.type
        branch.phase = _PHASES[kind]
        if kind == "ParallelStateSucceeded":
            self.drop_children(branch)
            return  # what follows points to the last event inside, not to this one
        branch.last = event.id
        if kind.endswith("Scheduled"):
            branch.scheduled = event.id
        elif kind == "ParallelStateStarted" and event.note is not None:
            self._fork(branch, int(event.note["n"]), event.id)
        elif kind == "ParallelStateFailed":
            self.drop_children(branch)

    def _fork(self, branch: Branch, count: int, last: int) -> None:
        """The branches get their data when they enter their first states, in the same turn."""
        for position in range(count):
            child = Branch(self.next_branch, branch.id, position, last)
            self.branches[child.id] = child
            self.next_branch += 1

    def retry(self, branch_id: int, retrier: int, last: int) -> None:
        """The state of that branch will be tried again; the next event points back to `last`."""
        branch = self.branches[branch_id]
        branch.last = last
        self.drop_children(branch)
        branch.phase = "retrying"
        branch.retries = {**branch.retries, retrier: branch.retries.get(retrier, 0) + 1}
        branch.retry_count += 1

    def children(self, branch: Branch) -> Iterator[Branch]:
        """The branches a Parallel state of this branch runs, in their order."""
        for other in self.branches.values():
            if other.parent == branch.id:
                yield other

    def drop_children(self, branch: Branch) -> None:
        """Forget everything below a branch."""
        for child in list(self.children(branch)):
            self.drop_children(child)
            del self.branches[child.id]

    def scope(self, branch: Branch) -> Scope:
        """The states a branch moves among."""
        if branch.parent is None:
            return self.program.scope
        parent = self.branches[branch.parent]
        state = self.scope(parent).states[parent.state]
        return state.branches[branch.position]  # type: ignore[union-attr]


_PHASES = {
    "TaskScheduled": "scheduled",
    "TaskStarted": "started",
    "TaskSubmitted": "submitted",
    "TaskSucceeded": "answered",
    "TaskFailed": "failed",
    "TaskTimedOut": "failed",
    "ActivityScheduled": "scheduled",
    "ActivityStarted": "submitted",
    "ActivitySucceeded": "answered",
    "ActivityFailed": "failed",
    "ActivityTimedOut": "failed",
    "ParallelStateStarted": "parallel",
    "ParallelStateSucceeded": "answered",
    "ParallelStateFailed": "failed",
}

_ENDS = {
    "ExecutionSucceeded": SUCCEEDED,
    "ExecutionFailed": FAILED,
    "ExecutionTimedOut": TIMED_OUT,
    "ExecutionAborted": ABORTED,
}


def fold(identity: Identity, program: Program, events: Iterable[HistoryEvent]) -> Execution:
    """The execution that these events, in their order, lead to."""
    execution = Execution(identity, program)
    for event in events:
        execution.apply(event)
    return execution
