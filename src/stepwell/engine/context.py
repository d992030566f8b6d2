"""What expressions see besides their data: the context object, variables, and replayable chance.

All chance of an execution comes from its secret seed and the event it is drawn at. So a step that
is decided again after a crash draws the same, and a token can be checked without being stored in
clear.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import blake2b

from stepwell.engine.execution import Branch, Execution
from stepwell.language.budget import WORK_MAX, Budget
from stepwell.language.program import MapState, ParallelState, TaskState
from stepwell.language.timestamps import format_timestamp
from stepwell.values import JsonObject, JsonValue

_ATTEMPTED = frozenset({"scheduled", "started", "submitted", "answered", "failed"})
"""The phases of a branch whose task has been given its arguments."""


def chance(seed: bytes, purpose: str, size: int) -> bytes:
    """Up to 64 bytes that only the owner of the seed can know."""
    return blake2b(purpose.encode(), key=seed, digest_size=size).digest()


class StepEnvironment:
    """The environment of one state's expressions (language.program.Environment)."""

    __slots__ = (
        "_beside",
        "_branch",
        "_budget",
        "_context",
        "_drawn",
        "_execution",
        "_item",
        "_token",
        "now",
    )

    def __init__(
        self,
        execution: Execution,
        branch: Branch,
        token: str | None,
        item: tuple[int, JsonValue] | None = None,
        now: int = 0,
        *,
        beside: bool = False,
    ) -> None:
        self.now = now
        self._beside = beside
        self._execution = execution
        self._branch = branch
        self._token = token
        self._item = item
        self._context: JsonObject | None = None
        self._budget: Budget | None = None
        self._drawn = 0

    @property
    def budget(self) -> Budget:
        """What everything that is evaluated here may take together."""
        if self._budget is None:
            self._budget = Budget()
        return self._budget

    @property
    def place(self) -> str:
        """Whose evaluation this is, the same when it is asked for again; empty: none may wait."""
        if not self._beside:
            return ""
        branch = self._branch
        place = f"{self._execution.identity.id}:{branch.id}:{branch.entered}:{branch.retry_count}"
        item = "" if self._item is None else self._item[0]
        return f"{place}:{branch.phase}:{item}:{self._drawn}"

    @property
    def worked(self) -> int:
        """How much work was counted here."""
        return 0 if self._budget is None else WORK_MAX - self._budget.work

    @property
    def context(self) -> JsonObject:
        """The context object, made when it is asked for first."""
        if self._context is None:
            self._context = context_object(self._execution, self._branch, self._token, self._item)
        return self._context

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """The variables that the branch's scope and those around it hold."""
        return self._branch.variables

    def random_bytes(self, size: int) -> bytes:
        """The next bytes of this state's chance."""
        self._drawn += 1
        place = f"{self._execution.last_event}:{self._branch.id}:{self._drawn}"
        if self._item is not None:
            place += f":{self._item[0]}"
        return chance(self._execution.identity.seed, place, size)


def effective_items(
    execution: Execution, branch: Branch, state: MapState, *, beside: bool = False
) -> tuple[JsonValue, list[JsonValue]]:
    """The effective input and the items of a Map state. May raise EvaluationFailed.

    They follow from the state's input, so they are not kept in the history but read again when an
    execution was folded.
    """
    iterations = branch.iterations
    if iterations is not None and iterations.items is not None:
        return iterations.items
    env = StepEnvironment(execution, branch, None, beside=beside)
    value = branch.value
    arguments = value if state.arguments is None else state.arguments(value, env)
    found = (arguments, state.items(arguments, env))
    if iterations is not None:
        iterations.items = found
    return found


def _enclosing_item(execution: Execution, branch: Branch) -> tuple[int, JsonValue] | None:
    """The item of the iteration that a branch belongs to: (position, value)."""
    while branch.parent is not None:
        parent = execution.branches[branch.parent]
        state = parent.scope.states.get(parent.state)
        if isinstance(state, MapState):
            _, items = effective_items(execution, parent, state)
            return branch.position, items[branch.position]
        branch = parent
    return None


def context_object(
    execution: Execution,
    branch: Branch,
    token: str | None,
    item: tuple[int, JsonValue] | None = None,
) -> JsonObject:
    """The context object (`$$`) as AWS fills it. `item` is that of an iteration about to begin."""
    if execution.given_context is not None:
        return execution.given_context
    identity = execution.identity
    state: JsonObject = {
        "Name": branch.state,
        "EnteredTime": format_timestamp(branch.entered_at),
    }
    compiled = branch.scope.states.get(branch.state)
    if isinstance(compiled, TaskState | ParallelState | MapState):
        state["RetryCount"] = branch.retry_count
    context: JsonObject = {
        "Execution": {
            "Id": identity.arn,
            "Input": execution.input,
            "StartTime": format_timestamp(identity.started_at),
            "Name": identity.name,
            "RoleArn": identity.role_arn,
            **_redrive_count(execution),
        },
        "StateMachine": {"Id": identity.machine_arn, "Name": identity.machine_name},
        "State": state,
    }
    if execution.redriven_at and not identity.express:
        redrive_time = format_timestamp(execution.redriven_at)
        context["Execution"] |= {"RedriveTime": redrive_time}  # type: ignore[operator]
    if token is None and isinstance(compiled, TaskState):
        token = _token_of_attempt(execution, branch, compiled)
    if token is not None:
        context["Task"] = {"Token": token}
    if branch.parent is not None and item is None:
        item = _enclosing_item(execution, branch)
    if item is not None:
        context["Map"] = {"Item": {"Index": item[0], "Value": item[1]}}
    elif execution.given_item is not None:
        context["Map"] = {"Item": execution.given_item}
    return context


def _token_of_attempt(execution: Execution, branch: Branch, state: TaskState) -> str | None:
    """The token that the attempt under way, or the one just over, was given in its context.

    What is made of the result and of an error sees the same context object as the arguments did.
    """
    if state.resource.kind != "service" or state.resource.pattern == "":
        return None
    if branch.phase not in _ATTEMPTED:
        return None
    return token_text(execution.identity.id, execution.identity.seed, branch.scheduled)


def _redrive_count(execution: Execution) -> JsonObject:
    """Express executions that somebody waits for have none, those that were started have 0
    (conformance cases test_query_runtime_memory)."""
    identity = execution.identity
    if identity.synchronous:
        return {}
    return {"RedriveCount": 0 if identity.express else execution.redrive_count}


TOKEN_VERSION = 1
_SECRET_BYTES = 24


def token_text(execution_id: int, seed: bytes, event: int) -> str:
    """The task token of the attempt that this event scheduled.

    It says where it belongs (execution and event, so that finding it needs no index) and proves it
    with 192 secret bits; letters, digits, `-` and `_` only.
    """
    place = TOKEN_VERSION.to_bytes(1) + execution_id.to_bytes(8) + event.to_bytes(4)
    return (
        urlsafe_b64encode(place + chance(seed, f"token:{event}", _SECRET_BYTES))
        .decode()
        .rstrip("=")
    )
