"""Pass, Choice, Succeed and Fail: states that end as soon as they are entered."""

from __future__ import annotations

from stepwell.engine.endings import exit_state, fail_state, leave_state
from stepwell.engine.execution import Branch
from stepwell.engine.retries import Failure
from stepwell.engine.step import Step
from stepwell.language.program import (
    ChoiceState,
    EvaluationFailed,
    FailState,
    PassState,
    SucceedState,
)
from stepwell.values import JsonValue


def enter_pass(step: Step, branch: Branch, state: PassState) -> None:
    """Hand on the result, or the arguments."""
    value = branch.value
    if state.arguments is None and state.output is None and state.assign is None:
        exit_state(
            step,
            branch,
            state,
            value if state.result is None else state.result[0],
            next_state=state.next,
        )
        return
    env = step.environment(branch, may_wait=True)
    arguments = value if state.arguments is None else state.arguments(value, env)
    result = arguments if state.result is None else state.result[0]
    leave_state(step, branch, state, result, arguments=arguments, env=env, next_state=state.next)


def enter_choice(step: Step, branch: Branch, state: ChoiceState) -> None:
    """Go where the first true rule points, or to the default."""
    env = step.environment(branch, may_wait=True)
    value = branch.value
    arguments = value if state.arguments is None else state.arguments(value, env)
    rule = state.choose(arguments, env)
    chosen = state.default if rule is None else rule.next
    if chosen is None:
        raise EvaluationFailed(
            "Failed to transition out of the state. The state does not point to a next state."
        )
    leave_state(
        step,
        branch,
        state,
        arguments,
        arguments=arguments,
        env=env,
        next_state=chosen,
        rule=rule,
    )


def enter_succeed(step: Step, branch: Branch, state: SucceedState) -> None:
    """End the scope with its output."""
    value = branch.value
    output = value
    if state.arguments is not None or state.output is not None:
        env = step.environment(branch, may_wait=True)
        output = value if state.arguments is None else state.arguments(value, env)
        if state.output is not None:
            output = state.output(value, output, output, env)
    exit_state(step, branch, state, output, next_state=None)


def enter_fail(step: Step, branch: Branch, state: FailState) -> None:
    """Fail the scope."""
    env = step.environment(branch, may_wait=True)
    value = branch.value
    arguments = value if state.arguments is None else state.arguments(value, env)
    error = None if state.error is None else _text(state.error(arguments, env))
    cause = None if state.cause is None else _text(state.cause(arguments, env))
    fail_state(step, branch, state, Failure(error, cause))


def _text(value: JsonValue) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
