"""Map, distributed: its iterations are executions of their own, run by a Map Run.

    MapStateStarted, MapRunStarted, then one of MapRunSucceeded, MapRunFailed, MapRunAborted; and
    MapStateSucceeded or MapStateFailed

The history says no more; how far the run is, the runtime keeps. A retry is a new run of all items.
"""

from __future__ import annotations

from stepwell.engine.commands import StartMapRun
from stepwell.engine.context import chance, effective_items
from stepwell.engine.endings import fail_state, failure_details, leave_state, state_of, too_large
from stepwell.engine.events import Note
from stepwell.engine.execution import Branch
from stepwell.engine.inputs import MapRunEnded
from stepwell.engine.map_items import batching_of
from stepwell.engine.retries import Failure
from stepwell.engine.step import Step
from stepwell.language.program import DistributedMap, Environment, MapState
from stepwell.values import JsonValue, decode, uuid_text

THRESHOLD_EXCEEDED = Failure(
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
)


def enter_map_run(step: Step, branch: Branch, state: MapState, distributed: DistributedMap) -> None:
    """Ask for a Map Run over the items."""
    env = step.environment(branch, may_wait=True)
    if distributed.reader is None:
        beside = step.limits.expressions_beside
        arguments, items = effective_items(step.execution, branch, state, beside=beside)
        length: int | None = len(items)
    else:
        value = branch.value
        arguments = value if state.arguments is None else state.arguments(value, env)
        length = None
    env = step.environment(branch)  # From here on something has happened.
    step.emit(branch, "MapStateStarted", {"length": length or 0}, note={"run": 1})
    asked = 0 if state.max_concurrency is None else state.max_concurrency(arguments, env)
    count = distributed.tolerated_count
    percentage = distributed.tolerated_percentage
    batching_of(distributed, arguments, env)
    _try_calls(distributed, arguments, env)
    tolerated_count = None if count is None else count(arguments, env)
    tolerated_percentage = None if percentage is None else percentage(arguments, env)
    arn = _map_run_arn(step, branch, distributed.label)
    started = step.emit(branch, "MapRunStarted", {"mapRunArn": arn})
    step.command(
        StartMapRun(
            branch.id,
            started.id,
            arn,
            distributed.label,
            distributed.express,
            length,
            asked,
            tolerated_count,
            tolerated_percentage,
        )
    )


def _exit_from(step: Step, branch: Branch) -> Note | None:
    """What MapStateExited points back to: MapRunSucceeded, or MapRunStarted.

    AWS's recordings changed in November 2024. Those of machines with variables or JSONata are all
    younger, those of the others mostly older.
    """
    program = step.execution.program
    if program.query_language == "JSONata" or program.variable_references or branch.variables:
        return {"from": branch.scheduled}
    return None


def _try_calls(distributed: DistributedMap, arguments: JsonValue, env: Environment) -> None:
    """See that the reader and the writer can be called: who runs all items first, and then has no
    place for the results, has run them for nothing."""
    reader, writer = distributed.reader, distributed.writer
    if reader is not None and reader.arguments is not None:
        reader.arguments(arguments, env)
    if reader is not None and reader.max_items is not None:
        reader.max_items(arguments, env)
    if writer is not None and writer.arguments is not None:
        writer.arguments(arguments, env)


def _map_run_arn(step: Step, branch: Branch, label: str) -> str:
    """The new run's ARN. A run within a child execution is named after the machine, too."""
    identity = step.execution.identity
    place = f"map-run:{step.execution.last_event}:{branch.id}"
    machine = identity.machine_arn.replace(":stateMachine:", ":mapRun:", 1).partition("/")[0]
    return f"{machine}/{label}:{uuid_text(chance(identity.seed, place, 16))}"


def end_map_run(step: Step, branch: Branch, ended: MapRunEnded) -> None:
    """The run came to its end: so does the state."""
    if branch.phase != "map_run" or branch.scheduled != ended.event:
        return
    state = state_of(step, branch)
    if not isinstance(state, MapState):
        return
    if ended.text is None and not ended.too_large:
        failure = Failure(ended.error, ended.cause)
        step.emit(branch, "MapRunFailed", failure_details(failure))
        fail_state(step, branch, state, failure)
        return
    step.emit(branch, "MapRunSucceeded")
    if ended.text is None:
        fail_state(step, branch, state, too_large(branch.state), retriable=False)
        return
    result = decode(ended.text)
    step.emit(branch, "MapStateSucceeded", note=_exit_from(step, branch))
    env = step.environment(branch)
    leave_state(
        step,
        branch,
        state,
        result,
        arguments=None,
        env=env,
        next_state=state.next,
        text=ended.text,
    )
