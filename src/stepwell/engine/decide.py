"""The one entry point of the core.

    decide(execution, input, now, limits) -> Decision(events, commands)

The execution takes the events in as they are decided; everything else is returned. Same execution,
same input, same time: same answer. An input that comes too late for what the execution waits for
changes nothing and returns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepwell.engine.commands import Command
from stepwell.engine.endings import (
    ENTERED,
    WHOLE,
    end_execution,
    fail_evaluation,
    fail_state,
    failure_details,
    interrupt,
    state_of,
    succeed_execution,
)
from stepwell.engine.events import Details, HistoryEvent
from stepwell.engine.execution import Branch, Execution
from stepwell.engine.inputs import (
    ActivityTaken,
    Input,
    MapRunEnded,
    RedriveRequested,
    Started,
    StopRequested,
    TaskAnswered,
    TaskCompleted,
    TaskFailed,
    TaskRefused,
    TimerFired,
)
from stepwell.engine.limits import Limits, World
from stepwell.engine.pending import await_expression, leave_again
from stepwell.engine.quotas import end_full_history, ends_by, postponed
from stepwell.engine.redrive import resume
from stepwell.engine.retries import Failure
from stepwell.engine.states import flow, map_, map_run, parallel, task, wait
from stepwell.engine.step import EngineBug, Entry, HistoryFull, Step
from stepwell.immutable import immutable
from stepwell.language.program import (
    ChoiceState,
    EvaluationFailed,
    EvaluationPending,
    FailState,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)

_WORLD = World()


@immutable
class Decision:
    """What happened, and what is asked for."""

    events: list[HistoryEvent]
    commands: list[Command]
    transitions: int
    """How many states the execution has entered in this turn, earlier decisions included."""
    largest_bytes: int = 0
    """The size of the largest data that passed, where it is near the limit."""


def decide(
    execution: Execution,
    given: Input,
    now: int,
    limits: Limits,
    world: World = _WORLD,
    transitions: int = 0,
) -> Decision:
    """Tell the execution something, and let it go on until it waits or ends. `now` is epoch ms.

    `transitions` is how many states it has entered in this turn already: a loop whose tasks are
    answered at once must give way as well.
    """
    step = Step(execution, now, limits, world)
    step.transitions = transitions
    try:
        if isinstance(given, Started):
            _start(step, given)
        elif isinstance(given, RedriveRequested):
            if execution.status not in ("RUNNING", "SUCCEEDED"):
                _redrive(step)
        elif step.running:
            if isinstance(given, StopRequested):
                _stop(step, given)
            else:
                _tell(step, given)
        _run(step)
    except HistoryFull:
        end_full_history(step)
    return Decision(step.events, step.commands, step.transitions, step.largest_bytes)


def _start(step: Step, started: Started) -> None:
    identity = step.execution.identity
    scope = step.execution.program.scope
    root = Branch(0, None, 0, scope, 0)
    details: Details = {
        "input": started.text,
        "inputDetails": WHOLE,
        "roleArn": identity.role_arn,
        **identity.started_through,
    }
    step.emit(root, "ExecutionStarted", details, value=(started.value,))
    root = step.execution.branches[0]
    ends_at = ends_by(step)
    if ends_at is not None:
        step.set_timer(root, "execution", ends_at, 1)
    step.ready.append(Entry(root, scope.start_at, started.value, started.text))


def _redrive(step: Step) -> None:
    execution = step.execution
    root = execution.branches[0]
    details: Details = {"redriveCount": execution.redrive_count + 1}
    step.emit(root, "ExecutionRedriven", details, previous=execution.last_event)
    ends_at = ends_by(step)
    if ends_at is not None:
        step.set_timer(root, "execution", ends_at, 1)
    resume(step, execution.branches[0])


def _stop(step: Step, stop: StopRequested) -> None:
    root = step.execution.branches[0]
    details = failure_details(Failure(stop.error, stop.cause))
    step.emit(root, "ExecutionAborted", details, previous=0)
    end_execution(step, reason="stopped")


def _tell(step: Step, given: Input) -> None:
    branch = step.execution.branches.get(given.branch)  # type: ignore[union-attr]
    if branch is None:
        return
    try:
        if isinstance(given, TimerFired):
            _fire(step, branch, given)
        elif isinstance(given, MapRunEnded):
            map_run.end_map_run(step, branch, given)
        else:
            _answer(step, branch, given)
    except EvaluationFailed as failed:
        _fail_evaluation(step, branch, failed)
    except EvaluationPending as pending:
        await_expression(step, branch, pending)


def _fire(step: Step, branch: Branch, fired: TimerFired) -> None:
    branch.awaits = ""
    if fired.kind == "execution":
        if not postponed(step):
            _time_out(step)
    elif fired.kind == "continue":
        state = branch.scope.states.get(branch.state)
        if isinstance(state, MapState) and branch.phase == "mapping":
            map_.start_more(step, branch, state)
        elif branch.interrupted_before and fired.event == branch.last:
            entry = Entry(branch, branch.interrupted_before, branch.value, branch.text)
            step.ready.append(entry)
    else:
        _fire_state(step, branch, state_of(step, branch), fired)


def _fire_state(step: Step, branch: Branch, state: State, fired: TimerFired) -> None:
    if fired.kind == "wait" and wait.is_due(branch, fired.event):
        if isinstance(state, WaitState):
            wait.leave_wait(step, branch, state)
    elif fired.kind == "again":
        if branch.phase == "entered" and branch.entered == fired.event:
            _work(step, branch, state)
    elif fired.kind == "leave":
        if branch.phase == "answered" and branch.last == fired.event:
            leave_again(step, branch, state)
    elif fired.kind == "retry" and branch.phase == "retrying" and branch.planned == fired.event:
        _try_again(step, branch, state)
    elif isinstance(state, TaskState) and task.waits_for(branch, fired.event):
        task.run_out(step, branch, state, fired)


def _try_again(step: Step, branch: Branch, state: State) -> None:
    if step.world.machine_deleted:
        _stop(step, StopRequested(None, None))
    elif isinstance(state, TaskState):
        task.schedule(step, branch, state)
    elif isinstance(state, ParallelState):
        parallel.enter_parallel(step, branch, state)
    elif isinstance(state, MapState):
        _enter_map(step, branch, state)


def _enter_map(step: Step, branch: Branch, state: MapState) -> None:
    if state.distributed is not None:
        map_run.enter_map_run(step, branch, state, state.distributed)
    else:
        map_.enter_map(step, branch, state)


def _time_out(step: Step) -> None:
    root = step.execution.branches[0]
    step.emit(root, "ExecutionTimedOut", {"error": "States.Timeout"}, previous=0)
    end_execution(step, reason="aborted")


def _answer(step: Step, branch: Branch, given: Input) -> None:
    state = state_of(step, branch)
    if not isinstance(state, TaskState) or not task.waits_for(branch, given.event):  # type: ignore[union-attr]
        return
    if isinstance(given, TaskCompleted):
        task.complete(step, branch, state, given)
    elif isinstance(given, TaskFailed):
        task.refuse(step, branch, state, given)
    elif isinstance(given, ActivityTaken):
        if branch.phase == "scheduled":
            task.take_activity(step, branch, state, given)
    elif branch.phase == "started":
        if isinstance(given, TaskAnswered):
            task.answer(step, branch, state, given)
        elif isinstance(given, TaskRefused):
            task.refuse(step, branch, state, given)


def _run(step: Step) -> None:
    """Let every branch that can go on do so."""
    while step.running:
        if step.finished:
            _finish(step, step.finished.popleft())
        elif step.ready:
            _enter(step, step.ready.popleft())
        else:
            return


def _finish(step: Step, branch: Branch) -> None:
    if branch.parent is None:
        succeed_execution(step, branch)
        return
    parent = step.execution.branches[branch.parent]
    state = state_of(step, parent)
    try:
        if isinstance(state, ParallelState):
            parallel.join(step, parent, state, branch)
        elif isinstance(state, MapState):
            map_.join(step, parent, state, branch)
        else:
            raise EngineBug(f"branch {branch.id} stands in a state without branches")
    except EvaluationFailed as failed:
        _fail_evaluation(step, parent, failed)
    except EvaluationPending as pending:
        await_expression(step, parent, pending)


def _enter(step: Step, entry: Entry) -> None:
    branch = entry.branch
    if step.world.machine_deleted:
        _stop(step, StopRequested(None, None))
        return
    if step.pace is not None and (entry.resumed or not branch.state):
        step.pace.charge(step.now)
    state = branch.scope.states[entry.state]
    if not entry.resumed:
        details: Details = {"name": entry.state, "input": entry.text, "inputDetails": WHOLE}
        try:
            step.emit(
                branch,
                ENTERED[type(state)],
                details,
                value=(entry.value,),
            )
        except HistoryFull:
            interrupt(step, entry)
            raise
    try:
        _work(step, branch, state)
    except EvaluationFailed as failed:
        _fail_evaluation(step, branch, failed)
    except EvaluationPending as pending:
        await_expression(step, branch, pending)


_WORK: dict[type[State], Callable[[Step, Branch, Any], None]] = {
    PassState: flow.enter_pass,
    ChoiceState: flow.enter_choice,
    TaskState: task.schedule,
    WaitState: wait.enter_wait,
    ParallelState: parallel.enter_parallel,
    MapState: _enter_map,
    SucceedState: flow.enter_succeed,
    FailState: flow.enter_fail,
}
"""What each type of state does when it is entered."""


def _work(step: Step, branch: Branch, state: State) -> None:
    _WORK[type(state)](step, branch, state)


def _fail_evaluation(step: Step, branch: Branch, failed: EvaluationFailed) -> None:
    fail_state(step, branch, state_of(step, branch), fail_evaluation(step, branch, failed))
