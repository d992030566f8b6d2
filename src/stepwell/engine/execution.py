"""An execution: the fold of its events.

`apply` is the only thing that changes it, for an event that was just decided and for one read back
from the store alike; so an execution may be dropped from memory at any moment.

A branch is one line of control: the execution itself (0), or a branch of a Parallel state. Its
phase says what it waits for:

    entered -> scheduled -> started -> submitted -> answered -> exited -> entered ...
            -> waiting (Wait)         -> failed  -> retrying -> scheduled
            -> parallel, mapping (children)                     done (output ready for the parent)
            -> preparing -> map_run (child executions) -> map_run_over -> answered, failed

A redrive takes back what had failed or was aborted: such a branch stands at the beginning of its
state again, and a Parallel or Map state has its branches back, those that are done included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stepwell.engine.events import HistoryEvent
from stepwell.immutable import immutable
from stepwell.language.program import MapState, ParallelState, Program, Scope
from stepwell.values import JsonObject, JsonValue, decode, encode_text

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED = (
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "ABORTED",
)


@immutable
class Identity:
    """Who an execution is. Never changes. `seed` is the source of all its chance.

    `started_through` holds what ExecutionStarted says of the version or alias that was called;
    `synchronous` are express executions that somebody waits for.
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
    express: bool = False
    synchronous: bool = False


@dataclass(slots=True)
class Iterations:
    """How far a Map state is: of `total` items `started` are begun; `results` holds the outputs of
    those that are done, by position, until all are."""

    total: int
    at_a_time: int
    joined: int
    """The event that the end of the state points back to."""
    started: int = 0
    results: dict[int, tuple[str, tuple[JsonValue] | None]] = field(default_factory=dict)
    items: tuple[JsonValue, list[JsonValue]] | None = None
    """The effective input and the items, read from the state's input when they are needed."""


@dataclass(slots=True, eq=False)
class Branch:
    """One line of control. `value` and `text` are the input of its state, or its last output."""

    id: int
    parent: int | None
    position: int
    scope: Scope
    """The states it moves among."""
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
    planned: int = 0
    """The event at which a retry was planned."""
    interrupted_before: str = ""
    children: list[Branch] = field(default_factory=list)
    """The branches that its Parallel or Map state runs, in their order."""
    unfinished: int = 0
    """How many of them are not done yet."""
    iterations: Iterations | None = None
    """How far its Map state is."""
    entered_from: int = 0
    """The event that the one which entered its state points back to."""
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    """What its scope and the scopes around it hold. Never changed in place: children share it."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """The size of each variable in bytes of JSON."""
    made: tuple[str, tuple[JsonValue] | None] | None = None
    """What its work made, as text and as value, while what follows from that is not evaluated."""
    awaits: str = ""
    """The timer that rings once an expression has its outcome. Not folded."""
    set_aside: tuple[list[Branch], Iterations | None] | None = None
    """What its Parallel or Map state had when it failed: a redrive goes on with it."""
    map_run: tuple[int, str, int] | None = None
    """Its Map Run, as long as that can be redriven: the event that started it, its ARN, and how
    often it was redriven."""

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
        self.entered_from = event.previous
        self.entered_at = event.at
        self.scheduled = 0
        self.made = None
        self.awaits = ""
        self.interrupted_before = ""
        if self.retries:
            self.retries = {}
        self.retry_count = 0


def assign(branch: Branch, event: HistoryEvent) -> None:
    """Keep the variables that a state assigned when it exited."""
    shown = event.details["assignedVariables"] if event.details is not None else None
    texts = {name: str(text) for name, text in shown.items()} if isinstance(shown, dict) else {}
    values = event.assigned
    if values is None:
        values = {name: decode(text) for name, text in texts.items()}
    branch.variables = {**branch.variables, **values}
    branch.sizes = {**branch.sizes, **{name: len(text.encode()) for name, text in texts.items()}}


class Execution:
    """The state of one execution; see the module."""

    __slots__ = (
        "branches",
        "given_context",
        "given_item",
        "identity",
        "input",
        "last_event",
        "next_branch",
        "program",
        "redrive_count",
        "redriven_at",
        "status",
    )

    def __init__(self, identity: Identity, program: Program) -> None:
        self.identity = identity
        self.program = program
        self.status = RUNNING
        self.last_event = 0
        self.next_branch = 1
        self.input: JsonValue = None
        self.branches: dict[int, Branch] = {}
        self.given_context: JsonObject | None = None
        """What expressions see as context object instead of the execution's own, in a test."""
        self.given_item: JsonObject | None = None
        """The item of the iteration that a tested state would belong to."""
        self.redrive_count = 0
        self.redriven_at = 0
        """Epoch ms; 0 as long as it was not redriven."""

    def apply(self, event: HistoryEvent) -> None:
        """Take in what happened."""
        self.last_event = event.id
        branch = self.branches.get(event.branch)
        if branch is None:
            self._begin(event)
        else:
            take_in = _TAKE_IN.get(event.type)
            if take_in is not None:
                take_in(self, branch, event)
        if event.note is not None and "r" in event.note:
            note = event.note
            self.retry(int(note["rb"]), int(note["r"]), int(note["last"]), event.id)

    def _begin(self, event: HistoryEvent) -> None:
        scope = self.program.scope
        root = Branch(0, None, 0, scope, 0, text=event.text("input"), parsed=event.value)
        self.branches[0] = root
        self.input = root.value

    def _enter(self, branch: Branch, event: HistoryEvent) -> None:
        branch.last = event.id
        branch.enter(event)

    def _exit(self, branch: Branch, event: HistoryEvent) -> None:
        branch.last = event.id
        if event.details is not None and "assignedVariables" in event.details:
            assign(branch, event)
        branch.made = None
        branch.awaits = ""
        branch.text, branch.parsed = event.text("output"), event.value
        branch.phase = "exited"
        if event.note is not None:
            if "end" in event.note:
                branch.phase = "done"
                self.branches[branch.parent or 0].unfinished -= 1
            branch.interrupted_before = str(event.note.get("next", ""))

    def _pass_by(self, branch: Branch, event: HistoryEvent) -> None:
        branch.last = event.id

    def _end(self, branch: Branch, event: HistoryEvent) -> None:
        self.status = ENDS[event.type]

    def _move(self, branch: Branch, event: HistoryEvent) -> None:
        kind = event.type
        phase_before, branch.phase = branch.phase, _PHASES[kind]
        if kind in ("ParallelStateSucceeded", "MapStateSucceeded"):
            branch.made = _joined(branch) if event.value is None else ("", event.value)
            self.drop_children(branch)
            branch.iterations = None
            branch.last = event.previous  # what follows points to the last event inside, too
            if event.note is not None and "from" in event.note:
                branch.last = int(event.note["from"])
            return
        branch.last = event.id
        if branch.phase == "answered":
            branch.made = event.text("output"), None
        elif kind.endswith("Scheduled"):
            branch.scheduled = event.id
        elif kind == "MapRunStarted":
            branch.scheduled = event.id
            branch.map_run = event.id, event.text("mapRunArn"), 0
        elif kind == "MapRunRedriven" and branch.map_run is not None:
            branch.map_run = (*branch.map_run[:2], branch.map_run[2] + 1)
        elif kind == "MapRunSucceeded":
            branch.map_run = None
        elif kind == "ParallelStateStarted" and event.note is not None:
            self._fork(branch, int(event.note["n"]), event.id)
        elif kind == "MapStateStarted" and event.details is not None:
            if event.note is not None and "run" in event.note:
                branch.phase = "preparing"
                branch.map_run = None
                return
            at_a_time = int(event.note["c"]) if event.note is not None else 0
            total = int(event.details["length"])  # type: ignore[arg-type]
            branch.iterations = Iterations(total, at_a_time, event.id)
            branch.unfinished = 0
        elif kind in ("ParallelStateFailed", "MapStateFailed"):
            self._set_aside(branch)
            if phase_before in ("entered", "retrying"):
                branch.map_run = None

    def _iterate(self, branch: Branch, event: HistoryEvent) -> None:
        """The next iteration begins; it gets its data as a branch of a Parallel state does."""
        position = int(event.details["index"]) if event.details is not None else 0  # type: ignore[arg-type]
        scope: Scope = branch.scope.states[branch.state].processor  # type: ignore[union-attr]
        child = Branch(self.next_branch, branch.id, position, scope, event.id)
        child.variables, child.sizes = branch.variables, branch.sizes
        self.branches[child.id] = child
        branch.children.append(child)
        self.next_branch += 1
        branch.unfinished += 1
        if branch.iterations is not None:
            branch.iterations.started = position + 1

    def _collect(self, child: Branch, event: HistoryEvent) -> None:
        """An iteration is done: its output stays, the branch goes."""
        parent = self.branches[child.parent or 0]
        parent.last = child.last
        parent.children.remove(child)
        del self.branches[child.id]
        if parent.iterations is not None:
            parent.iterations.joined = event.id
            parent.iterations.results[child.position] = (child.text, child.parsed)

    def _fork(self, branch: Branch, count: int, last: int) -> None:
        """The branches get their data when they enter their first states, in the same turn."""
        scopes: Sequence[Scope] = branch.scope.states[branch.state].branches  # type: ignore[union-attr]
        for position in range(count):
            child = Branch(self.next_branch, branch.id, position, scopes[position], last)
            child.variables, child.sizes = branch.variables, branch.sizes
            self.branches[child.id] = child
            branch.children.append(child)
            self.next_branch += 1
        branch.unfinished = count

    def retry(self, branch_id: int, retrier: int, last: int, planned: int) -> None:
        """The state of that branch will be tried again, as the event `planned` says; what follows
        points back to `last`."""
        branch = self.branches[branch_id]
        branch.last = last
        branch.planned = planned
        branch.iterations = None
        self.drop_children(branch)
        branch.phase = "retrying"
        branch.retries = {**branch.retries, retrier: branch.retries.get(retrier, 0) + 1}
        branch.retry_count += 1

    def drop_children(self, branch: Branch) -> None:
        """Forget everything below a branch."""
        if not branch.children:
            return
        for child in branch.children:
            self.drop_children(child)
            del self.branches[child.id]
        branch.children = []

    def _set_aside(self, branch: Branch) -> None:
        """The state failed with what it had begun: that is out of the way, but not forgotten."""
        branch.set_aside = branch.children, branch.iterations
        for child in branch.children:
            self._put_away(child)
        branch.children, branch.iterations = [], None

    def _put_away(self, branch: Branch) -> None:
        del self.branches[branch.id]
        for child in branch.children:
            self._put_away(child)

    def _redrive(self, branch: Branch, event: HistoryEvent) -> None:
        self.status = RUNNING
        self.redrive_count += 1
        self.redriven_at = event.at
        if self.identity.express:
            text = encode_text(self.input)
            root = Branch(0, None, 0, self.program.scope, event.id, text, (self.input,))
            self.branches = {0: root}
        else:
            self._take_back(self.branches[0], event.id)

    def _take_back(self, branch: Branch, event: int) -> None:
        """Stand where the branch can go on: with what it had begun, or at its state's beginning."""
        branch.last = event
        branch.retries = {}
        branch.retry_count = 0
        state = branch.scope.states.get(branch.state)
        kept, branch.set_aside = branch.set_aside, None
        joining = isinstance(state, ParallelState | MapState)
        if branch.phase == "failed" and joining and kept is not None and any(kept):
            branch.children, branch.iterations = kept
            branch.phase = "mapping" if branch.iterations is not None else "parallel"
        for child in branch.children:
            self.branches[child.id] = child
            if child.phase != "done":
                self._take_back(child, event)
        if branch.state and branch.phase not in ("exited", "mapping", "parallel"):
            branch.phase = "entered"

    def scope(self, branch: Branch) -> Scope:
        """The states a branch moves among."""
        return branch.scope


def _joined(branch: Branch) -> tuple[str, tuple[JsonValue] | None]:
    """What the branches of a Parallel or Map state made together."""
    if branch.iterations is not None:
        results = branch.iterations.results
        texts = [results[position][0] for position in range(len(results))]
    else:
        texts = [child.text for child in branch.children]
    return f"[{','.join(texts)}]", None


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
    "LambdaFunctionScheduled": "scheduled",
    "LambdaFunctionStarted": "started",
    "LambdaFunctionSucceeded": "answered",
    "LambdaFunctionFailed": "failed",
    "LambdaFunctionTimedOut": "failed",
    "ParallelStateStarted": "parallel",
    "ParallelStateSucceeded": "answered",
    "ParallelStateFailed": "failed",
    "MapStateStarted": "mapping",
    "MapStateSucceeded": "answered",
    "MapStateFailed": "failed",
    "MapRunStarted": "map_run",
    "MapRunRedriven": "map_run",
    "MapRunSucceeded": "map_run_over",
    "MapRunFailed": "map_run_over",
}

ENDS = {
    "ExecutionSucceeded": SUCCEEDED,
    "ExecutionFailed": FAILED,
    "ExecutionTimedOut": TIMED_OUT,
    "ExecutionAborted": ABORTED,
}


_STATES = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_TakeIn = Callable[[Execution, Branch, HistoryEvent], None]
_TAKE_IN: dict[str, _TakeIn] = {
    **dict.fromkeys(_PHASES, Execution._move),
    **{f"{name}StateEntered": Execution._enter for name in _STATES},
    **{f"{name}StateExited": Execution._exit for name in _STATES},
    **dict.fromkeys(ENDS, Execution._end),
    "EvaluationFailed": Execution._pass_by,
    "ExecutionRedriven": Execution._redrive,
    "MapIterationStarted": Execution._iterate,
    "MapIterationSucceeded": Execution._collect,
}
"""What an event of each type means; all others are only told."""


def fold(identity: Identity, program: Program, events: Iterable[HistoryEvent]) -> Execution:
    """The execution that these events, in their order, lead to."""
    execution = Execution(identity, program)
    for event in events:
        execution.apply(event)
    return execution
