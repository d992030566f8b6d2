"""The compiled form of a state machine, which the engine runs.

Made once per definition and shared by all its executions, so nothing in it may be changed.
What a state does with data is compiled to functions that hold parsed paths and templates:

    arguments(input, env)                  what the work gets (InputPath, Parameters)
    output(input, arguments, result, env)  the output (ResultSelector, ResultPath, OutputPath)
    assign(input, arguments, result, env)  the variables to assign, from the same values

None stands for "unchanged": no `arguments` means the input as it is, no `output` means the result
as it is. The functions never change the values they are given. They raise EvaluationFailed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from stepwell.values import JsonObject, JsonValue

RUNTIME = "States.Runtime"
"""The error of what can't be evaluated in JSONPath."""
QUERY_EVALUATION = "States.QueryEvaluationError"
"""The error of JSONata; every such failure stands in the history for itself."""


class EvaluationFailed(Exception):
    """A path, template or function could not be evaluated at run time.

    `error` is the ASL error name (nearly always States.Runtime), `cause` AWS's sentence without the
    prefix that names the state, `location` the field. `from_entry`: on AWS the event
    of such a failure points to where the state was entered from.
    """

    def __init__(
        self,
        cause: str,
        *,
        error: str = RUNTIME,
        location: str = "",
        from_entry: bool = False,
    ) -> None:
        super().__init__(cause)
        self.from_entry = from_entry
        self.error = error
        self.cause = cause
        self.location = location


class EvaluationPending(Exception):
    """An evaluation takes its time: it goes on beside everything else, and is asked for again.

    Only raised where the environment has a `place`, which says whose evaluation it is.
    """

    def __init__(self, begin: Callable[[], Future[None]]) -> None:
        super().__init__("an expression takes its time")
        self.begin = begin
        """Lets it go on; done when its outcome is there for whoever asks again."""


class Environment(Protocol):
    """What an evaluation may see besides its data."""

    @property
    def context(self) -> JsonObject:
        """The context object (`$$`)."""

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """The variables in scope."""

    @property
    def now(self) -> int:
        """The time of the step, in epoch milliseconds."""

    def random_bytes(self, size: int) -> bytes:
        """Chance, for States.UUID and States.MathRandom.

        The same again when the step is replayed.
        """


Evaluate: TypeAlias = Callable[[JsonValue, Environment], JsonValue]
ReadInteger: TypeAlias = Callable[[JsonValue, Environment], int]
ReadNumber: TypeAlias = Callable[[JsonValue, Environment], float]
Output: TypeAlias = Callable[[JsonValue, JsonValue, JsonValue, Environment], JsonValue]
"""(state input, arguments, result, env) -> output."""
Assign: TypeAlias = Callable[[JsonValue, JsonValue, JsonValue, Environment], JsonObject]
"""The same -> the variables to assign, by name. What it reads are the values at entry."""
CatcherOutput: TypeAlias = Callable[[JsonValue, JsonValue, Environment], JsonValue]
CatcherAssign: TypeAlias = Callable[[JsonValue, JsonValue, Environment], JsonObject]
"""(state input, error output, env) -> output, or the variables to assign."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of Retry."""

    error_equals: tuple[str, ...]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None
    full_jitter: bool = False


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of Catch. `output(input, error_output, env)` is what the next state gets."""

    error_equals: tuple[str, ...]
    next: str
    output: CatcherOutput | None = None
    """None: the error output replaces the input (ResultPath `$`)."""
    assign: CatcherAssign | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """What a Task calls.

    `kind` is `activity` (its arn), `service` (service, action, pattern) or `lambda` (a function's
    arn). `pattern` is one of "", "sync", "sync:2", "waitForTaskToken".
    """

    kind: str
    arn: str
    service: str = ""
    action: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A number of seconds: fixed, or read from the state's input when the state is entered."""

    fixed: int | None = None
    read: Callable[[JsonValue, Environment], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseState:
    """What all states have. `next` None means the state ends its scope."""

    name: str
    next: str | None = None
    arguments: Evaluate | None = None
    output: Output | None = None
    assign: Assign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassState(BaseState):
    """Hands on its Result, or its arguments. `result` is wrapped because null is a result too."""

    result: tuple[JsonValue] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState(BaseState):
    """Has work done outside."""

    resource: Resource
    timeout: Seconds | None = None
    heartbeat: Seconds | None = None
    credentials: Evaluate | None = None
    """(input, env) -> an object with the `RoleArn` in whose name the service is called."""
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """Where a rule leads, with which output and variables."""

    next: str
    output: Output | None = None
    assign: Assign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceState(BaseState):
    """Goes where the first true rule points. `choose` returns None when no rule is true.

    Output and variables of the state itself are those of the default.
    """

    choose: Callable[[JsonValue, Environment], ChoiceRule | None]
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitState(BaseState):
    """Waits. `due_at(data, env, now)` takes and returns epoch milliseconds."""

    due_at: Callable[[JsonValue, Environment, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedState(BaseState):
    """Ends its scope with its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailState(BaseState):
    """Fails its scope. The functions give text, or None when the field is absent."""

    error: Evaluate | None = None
    cause: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelState(BaseState):
    """Runs branches side by side."""

    branches: tuple[Scope, ...]
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Where the items are read from. `action` is getObject or listObjectsV2.

    `arguments(input, env)` gives Bucket, Key, Prefix and so on. `config` is the ReaderConfig as it
    was written.
    """

    action: str
    arguments: Evaluate | None
    config: Mapping[str, JsonValue]
    max_items: ReadInteger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How items go together into one child's input. None means: no such bound."""

    max_items: ReadInteger | None = None
    max_bytes: ReadInteger | None = None
    batch_input: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """What becomes of the results. Without `arguments` they stay in the state's output.

    `transformation` is NONE, COMPACT or FLATTEN, `output_type` JSON or JSONL.
    """

    arguments: Evaluate | None
    exports: bool
    transformation: str
    output_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributedMap:
    """A Map whose iterations are executions. `label` names them in ARNs.

    `tolerated_count` and `tolerated_percentage` say how many items may fail; None for neither
    means none may.
    """

    label: str
    express: bool
    tolerated_count: ReadInteger | None = None
    tolerated_percentage: ReadNumber | None = None
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState(BaseState):
    """Runs its processor once for each item, some at a time.

    `items(arguments, env)` gives the items. `item_input(arguments, env)` is an iteration's input
    (ItemSelector), where the context object holds the item; None stands for the item itself.
    `max_concurrency(arguments, env)` is how many iterations may run at a time, 0 as many as may.
    """

    items: Callable[[JsonValue, Environment], list[JsonValue]]
    processor: Scope
    item_input: Evaluate | None = None
    max_concurrency: Callable[[JsonValue, Environment], int] | None = None
    distributed: DistributedMap | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


State: TypeAlias = (
    PassState
    | TaskState
    | ChoiceState
    | WaitState
    | SucceedState
    | FailState
    | ParallelState
    | MapState
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One `States` object: the machine itself or a branch."""

    start_at: str
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A whole checked machine. `timeout_seconds` bounds each execution."""

    scope: Scope
    timeout_seconds: int | None = None
    query_language: str = "JSONPath"
    variable_references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
