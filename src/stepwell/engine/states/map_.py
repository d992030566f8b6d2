"""Map, inline: iterations started, some at a time, all done, results in the order of the items.

    MapStateStarted, then for each item MapIterationStarted and one of
    MapIterationSucceeded, Failed, Aborted; at the end MapStateSucceeded or MapStateFailed

The items follow from the state's input; only the results are kept while it runs.
"""

from __future__ import annotations

from stepwell.engine.context import effective_items
from stepwell.engine.endings import exceeds, fail_state, leave_state, payload_text, too_large
from stepwell.engine.execution import Branch, Iterations
from stepwell.engine.step import EngineBug, Entry, Step
from stepwell.language.program import MapState
from stepwell.values import JsonValue, decode

AT_A_TIME_MAX = 40
"""An inline Map runs no more iterations at a time, as on AWS."""


def enter_map(step: Step, branch: Branch, state: MapState) -> None:
    """Count the items and start the first iterations."""
    env = step.environment(branch, may_wait=True)
    branch.iterations = None
    beside = step.limits.expressions_beside
    arguments, items = effective_items(step.execution, branch, state, beside=beside)
    asked = 0 if state.max_concurrency is None else state.max_concurrency(arguments, env)
    at_a_time = min(asked or AT_A_TIME_MAX, AT_A_TIME_MAX)
    step.emit(branch, "MapStateStarted", {"length": len(items)}, note={"c": at_a_time})
    _iterations(branch).items = (arguments, items)
    start_more(step, branch, state)


def _iterations(branch: Branch) -> Iterations:
    if branch.iterations is None:
        raise EngineBug(f"{branch.state} iterates without having started")
    return branch.iterations


def start_more(step: Step, branch: Branch, state: MapState) -> None:
    """Start iterations while there is room; in the next turn when this one has done enough."""
    iterations = _iterations(branch)
    while iterations.started < iterations.total and branch.unfinished < iterations.at_a_time:
        if step.transitions >= step.limits.transitions_per_turn_max:
            step.set_timer(branch, "continue", step.now, step.execution.last_event)
            return
        step.transitions += 1
        if not _start(step, branch, state, iterations.started):
            return
    if iterations.total == 0:
        _finish(step, branch, state)


def _start(step: Step, branch: Branch, state: MapState, position: int) -> bool:
    """Begin an iteration; False when the state failed instead."""
    value, text = iteration_input(step, branch, state, position)
    if exceeds(step, text):
        fail_state(step, branch, state, too_large(branch.state), retriable=False)
        return False
    step.emit(branch, "MapIterationStarted", {"name": branch.state, "index": position})
    step.ready.append(Entry(branch.children[-1], state.processor.start_at, value, text))
    return True


def resume_map(step: Step, branch: Branch, state: MapState) -> None:
    """Its iterations go on after a redrive: start those there is room for."""
    iterations = _iterations(branch)
    if iterations.started >= iterations.total and not branch.children:
        _finish(step, branch, state)
    else:
        start_more(step, branch, state)


def iteration_input(
    step: Step, branch: Branch, state: MapState, position: int
) -> tuple[JsonValue, str]:
    """What an iteration gets, as a value and as text. May raise EvaluationFailed."""
    arguments, items = effective_items(step.execution, branch, state)
    value = items[position]
    if state.item_input is not None:
        env = step.environment(branch, item=(position, value), may_wait=True)
        value = state.item_input(arguments, env)
    return value, payload_text(value)


def join(step: Step, parent: Branch, state: MapState, done: Branch) -> None:
    """An iteration is done: start the next one, or end the state when all are."""
    iterations = _iterations(parent)
    step.emit(done, "MapIterationSucceeded", {"name": parent.state, "index": done.position})
    if iterations.started < iterations.total:
        start_more(step, parent, state)
    elif parent.unfinished == 0:
        _finish(step, parent, state)


def _finish(step: Step, branch: Branch, state: MapState) -> None:
    iterations = _iterations(branch)
    if iterations.total:
        # The last iterations may have been started by others that ended, before it ran out.
        step.clear_timer(branch, "continue")
    ordered = [iterations.results[position] for position in range(iterations.total)]
    text = f"[{','.join(text for text, _ in ordered)}]"
    results: list[JsonValue] = [
        decode(text) if parsed is None else parsed[0] for text, parsed in ordered
    ]
    step.emit(branch, "MapStateSucceeded", previous=iterations.joined, value=(results,))
    if exceeds(step, text):
        fail_state(step, branch, state, too_large(branch.state), retriable=False)
        return
    env = step.environment(branch, may_wait=True)
    leave_state(
        step, branch, state, results, arguments=None, env=env, next_state=state.next, text=text
    )
