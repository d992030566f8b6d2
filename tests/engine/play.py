"""One execution played by hand: what it is told, what it decides, and what must hold all the time.

After every decision the fold of all events so far must be the execution itself, and what the engine
asked for must fit what its branches wait for: no timer, token or offer is left behind or forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from stepwell.engine.callbacks import OPEN_PHASES, has_token
from stepwell.engine.commands import (
    CallService,
    ClearTimer,
    CloseToken,
    Command,
    OfferActivity,
    OpenToken,
    SetTimer,
    StartClock,
    StopJob,
    WithdrawActivity,
)
from stepwell.engine.decide import Decision, decide
from stepwell.engine.events import HistoryEvent, read_event
from stepwell.engine.execution import Branch, Execution, Identity, fold
from stepwell.engine.inputs import (
    ActivityTaken,
    Input,
    Started,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TimerFired,
)
from stepwell.engine.limits import Limits, World
from stepwell.language.compile import compile_definition
from stepwell.language.program import TaskState
from stepwell.values import JsonObject, JsonValue, decode, encode_text

START = 1_800_000_000_000
PREFIX = "arn:aws:states:us-east-1:000000000000"
QUEUE = "http://127.0.0.1:4566/000000000000/approvals"
ACTIVITY = f"{PREFIX}:activity:review"

_SHOWN_OTHERWISE = ("parsed", "children", "scope", "iterations", "set_aside", "made", "awaits")
_FOLDED = [f.name for f in fields(Branch) if f.name not in _SHOWN_OTHERWISE]


def identity(seed: bytes = bytes(16)) -> Identity:
    """Who a played execution is."""
    return Identity(
        id=7,
        arn=f"{PREFIX}:execution:machine:one",
        name="one",
        role_arn="arn:aws:iam::000000000000:role/role",
        machine_arn=f"{PREFIX}:stateMachine:machine",
        machine_name="machine",
        region="us-east-1",
        started_at=START,
        seed=seed,
    )


def picture(execution: Execution) -> dict[str, Any]:
    """Everything about an execution that decides what it does next."""
    return {
        "status": execution.status,
        "last_event": execution.last_event,
        "next_branch": execution.next_branch,
        "input": execution.input,
        "branches": {
            number: {
                **{name: getattr(branch, name) for name in _FOLDED},
                "value": branch.value if branch.text else None,
                **({} if execution.status == "RUNNING" else {"last": 0}),
                "children": [child.id for child in branch.children],
                "scope": branch.scope.start_at,
                "iterations": _iterations(branch),
            }
            for number, branch in execution.branches.items()
        },
    }


def _iterations(branch: Branch) -> tuple[int, int, int, int, dict[int, str]] | None:
    """How far a Map is, without what is read again when it is needed."""
    far = branch.iterations
    if far is None:
        return None
    texts = {position: text for position, (text, _) in far.results.items()}
    return far.total, far.at_a_time, far.joined, far.started, texts


class Play:
    """See the module."""

    def __init__(
        self,
        states: JsonObject | None = None,
        *,
        definition: JsonObject | None = None,
        limits: Limits | None = None,
        world: World | None = None,
    ) -> None:
        if definition is None:
            assert states is not None
            definition = {"StartAt": next(iter(states)), "States": states}
        self.program = compile_definition(encode_text(definition), machine_type="STANDARD")
        self.execution = Execution(identity(), self.program)
        self.limits = limits or Limits()
        self.world = world or World()
        self.now = START
        self.checking = True
        self.events: list[HistoryEvent] = []
        self.stored: list[tuple[bytes, str | None]] = []
        self.timers: dict[tuple[int, str], SetTimer] = {}
        self.open: dict[int, OpenToken] = {}
        self.closed: dict[int, CloseToken] = {}
        self.calls: dict[int, CallService] = {}
        self.offers: dict[int, OfferActivity] = {}
        self.stops: list[StopJob] = []

    # -- telling

    def start(self, given: JsonValue = None, text: str | None = None) -> Play:
        """Begin with an input."""
        given = {} if given is None else given
        text = encode_text(given) if text is None else text
        self.tell(Started(text, decode(text)))
        return self

    def tell(self, given: Input, *, after_seconds: float = 0) -> Decision:
        """Tell it something, so many seconds later, and check what must always hold."""
        self.now += round(after_seconds * 1000)
        decision = decide(self.execution, given, self.now, self.limits, self.world)
        self.events.extend(decision.events)
        self.stored.extend((e.body(), e.note_text()) for e in decision.events)
        for command in decision.commands:
            self._carry(command)
        if self.checking:
            self.check()
        return decision

    def fire(self, kind: str, branch: int = 0, *, beaten_at: int | None = None) -> Decision:
        """Let a timer that is set run out."""
        timer = self.timers.pop((branch, kind))
        self.now = max(self.now, timer.due_at)
        return self.tell(TimerFired(branch, kind, timer.event, beaten_at))

    def call(self, number: int = -1) -> CallService:
        """A call that was asked for, the newest unless told otherwise."""
        return list(self.calls.values())[number]

    def answer(self, result: JsonValue = None, call: CallService | None = None) -> Decision:
        """A service answers its call."""
        call = call or self.call()
        return self.tell(TaskAnswered(call.branch, call.event, {} if result is None else result))

    def complete(self, result: JsonValue = None, event: int | None = None) -> Decision:
        """An open token is answered with success; the newest unless told otherwise."""
        token = self.open[max(self.open) if event is None else event]
        text = encode_text(result)
        return self.tell(TaskCompleted(token.branch, token.event, text, result, "request"))

    def fail(
        self, error: str | None = None, cause: str | None = None, event: int | None = None
    ) -> Decision:
        """An open token is answered with failure."""
        token = self.open[max(self.open) if event is None else event]
        return self.tell(TaskFailed(token.branch, token.event, error, cause, "request"))

    def take(self, worker: str | None = "w", event: int | None = None) -> Decision:
        """A worker takes an offered activity task."""
        offer = self.offers.pop(max(self.offers) if event is None else event)
        return self.tell(ActivityTaken(offer.branch, offer.event, worker))

    # -- looking

    @property
    def trail(self) -> list[str]:
        """The history as `id<previous type`."""
        return [f"{e.id}<{e.previous} {e.type}" for e in self.events]

    @property
    def types(self) -> list[str]:
        """The event types."""
        return [e.type for e in self.events]

    @property
    def status(self) -> str:
        """The execution's status."""
        return self.execution.status

    def details(self, number: int = -1) -> JsonObject:
        """The details of an event, the last one unless told otherwise."""
        return self.events[number].details or {}

    def output(self) -> JsonValue:
        """What a succeeded execution came to."""
        return decode(self.events[-1].text("output"))

    def folded(self) -> Execution:
        """The execution as it is read back from the store."""
        return fold(identity(), self.program, [read_event(b, n) for b, n in self.stored])

    # -- what must always hold

    def _carry(self, command: Command) -> None:
        match command:
            case SetTimer(branch, kind):
                self.timers[branch, kind] = command
            case ClearTimer(branch, kind):
                self.timers.pop((branch, kind), None)
            case OpenToken(event=event):
                assert event not in self.open
                assert event not in self.closed, "a token is new for every attempt"
                self.open[event] = command
            case CloseToken(event=event):
                assert event in self.open, "a token is closed once"
                del self.open[event]
                self.closed[event] = command
            case StartClock(event=event):
                assert event in self.open
            case CallService(event=event):
                assert event not in self.calls, "a call is asked for once"
                self.calls[event] = command
            case OfferActivity(event=event):
                self.offers[event] = command
            case WithdrawActivity(event=event):
                del self.offers[event]
            case StopJob():
                self.stops.append(command)

    def check(self) -> None:
        """What must hold after every decision; see the module."""
        folded = self.folded()
        assert picture(folded) == picture(self.execution)
        self._check_events()
        waiting = {} if self.execution.status != "RUNNING" else self.execution.branches
        self._check_timers(waiting)
        tokens = {b.scheduled for b in waiting.values() if _holds_token(b)}
        assert set(self.open) == tokens, "open tokens are those that somebody waits for"
        offered = {b.scheduled for b in waiting.values() if _is_offered(b)}
        assert set(self.offers) == offered, "offers are those that nobody took"

    def _check_events(self) -> None:
        for number, event in enumerate(self.events, 1):
            assert event.id == number, "ids run from 1 without a gap"
            assert event.previous < number, "an event points back"

    def _check_timers(self, waiting: dict[int, Branch]) -> None:
        fits: dict[str, Callable[[Branch], bool]] = {
            "wait": lambda b: b.phase == "waiting" or (b.phase, b.awaits) == ("entered", "wait"),
            "again": lambda b: b.phase == "entered",
            "leave": lambda b: b.phase == "answered",
            "retry": lambda b: b.phase == "retrying",
            "continue": lambda b: (
                b.phase == "mapping" or (b.phase == "exited" and b.interrupted_before != "")
            ),
            "timeout": lambda b: b.phase in OPEN_PHASES,
            "heartbeat": lambda b: b.phase in OPEN_PHASES,
            "execution": lambda b: b.id == 0,
        }
        for number, kind in self.timers:
            assert number in waiting, f"a {kind} timer of a branch that is gone"
            assert fits[kind](waiting[number]), f"a {kind} timer that nobody waits for"
        for branch in waiting.values():
            for phase, kind in (("waiting", "wait"), ("retrying", "retry")):
                assert branch.phase != phase or (branch.id, kind) in self.timers
            if branch.interrupted_before:
                assert (branch.id, "continue") in self.timers


def _state(branch: Branch) -> TaskState | None:
    state = branch.scope.states.get(branch.state)
    return state if isinstance(state, TaskState) and branch.phase in OPEN_PHASES else None


def _holds_token(branch: Branch) -> bool:
    state = _state(branch)
    return state is not None and has_token(state)


def _is_offered(branch: Branch) -> bool:
    state = _state(branch)
    return state is not None and state.resource.kind == "activity" and branch.phase == "scheduled"


# -- states


def send(**more: Any) -> JsonObject:
    """A Task that sends a message and goes on."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": "hello"},
        **_end(more),
    }


def ask(**more: Any) -> JsonObject:
    """A Task that sends a token to a queue and waits."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"token.$": "$$.Task.Token"}},
        **_end(more),
    }


def work(**more: Any) -> JsonObject:
    """A Task that workers do."""
    return {"Type": "Task", "Resource": ACTIVITY, **_end(more)}


def child(**more: Any) -> JsonObject:
    """A Task that starts an execution and waits for its end."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": f"{PREFIX}:stateMachine:child", "Input": {}},
        **_end(more),
    }


def passes(**more: Any) -> JsonObject:
    """A Pass."""
    return {"Type": "Pass", **_end(more)}


def waits(seconds: int = 10, **more: Any) -> JsonObject:
    """A Wait."""
    return {"Type": "Wait", "Seconds": seconds, **_end(more)}


def fails(error: str = "Boom", cause: str = "because") -> JsonObject:
    """A Fail."""
    return {"Type": "Fail", "Error": error, "Cause": cause}


def both(*branches: JsonObject, **more: Any) -> JsonObject:
    """A Parallel of branches that are each given as their states."""
    shaped: list[JsonValue] = [{"StartAt": next(iter(b)), "States": b} for b in branches]
    return {"Type": "Parallel", "Branches": shaped, **_end(more)}


def _end(more: dict[str, Any]) -> dict[str, Any]:
    return more if "Next" in more else {**more, "End": True}
