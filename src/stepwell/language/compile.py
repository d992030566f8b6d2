"""A checked definition to the Program that the engine runs.

Everything that can be decided once is decided here: a field that is absent, or says what holds
anyway, leaves no function behind, and a field that is there one that does only its own work.
The functions never change what they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from stepwell.language.check import check_text, with_places
from stepwell.language.compile_data import (
    catcher_assign,
    catcher_output,
    compile_arguments,
    compile_assign,
    compile_credentials,
    compile_input_path,
    compile_output,
    compile_seconds,
    compile_text_field,
)
from stepwell.language.compile_distributed import compile_distributed
from stepwell.language.compile_jsonata import is_jsonata
from stepwell.language.compile_map import (
    compile_item_input,
    compile_items,
    compile_max_concurrency,
)
from stepwell.language.compile_waits import compile_choose, compile_due_at
from stepwell.language.diagnostics import InvalidDefinition, has_errors
from stepwell.language.program import (
    Catcher,
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    Program,
    Retrier,
    Scope,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from stepwell.language.references import variable_references
from stepwell.language.resources import Runs, parse_resource, runs_here
from stepwell.values import JsonObject, decode

CompileState: TypeAlias = Callable[[str, JsonObject, str], State]
"""(name, state with its own language filled in, the machine's language) -> compiled."""


def compile_definition(
    text: str,
    *,
    machine_type: str = "STANDARD",
    refuse_unreachable: bool = True,
    runs: Runs = runs_here,
) -> Program:
    """The Program of a definition's text. Raises InvalidDefinition with everything found.

    `runs` says which resources can be run; the others are refused.
    """
    definition, diagnostics = check_text(text, machine_type, refuse_unreachable, runs)
    if definition is None or has_errors(diagnostics):
        raise InvalidDefinition(with_places(diagnostics, text))
    return compile_checked(definition)


def compile_taken(text: str) -> Program:
    """The Program of a definition that was taken when its state machine was made.

    It is not checked again: what was valid then stays valid, also where checks became stricter.
    """
    return compile_checked(cast("JsonObject", decode(text)))


def compile_checked(definition: JsonObject) -> Program:
    """The Program of a definition that was found to be valid."""
    language = cast("str", definition.get("QueryLanguage", "JSONPath"))
    return Program(
        scope=_compile_scope(definition, language),
        timeout_seconds=cast("int | None", definition.get("TimeoutSeconds")),
        query_language=language,
        variable_references=variable_references(definition),
    )


def _compile_scope(scope: JsonObject, language: str) -> Scope:
    """One `States` object. `language` is the machine's."""
    states = cast("dict[str, JsonObject]", scope["States"])
    compiled: dict[str, State] = {}
    for name, state in states.items():
        compile_state = _STATES[cast("str", state["Type"])]
        compiled[name] = compile_state(name, {"QueryLanguage": language, **state}, language)
    return Scope(start_at=cast("str", scope["StartAt"]), states=compiled)


def _next(state: JsonObject) -> str | None:
    return cast("str | None", state.get("Next"))


def _compile_pass(name: str, state: JsonObject, _machine: str) -> State:
    return PassState(
        name=name,
        next=_next(state),
        arguments=compile_arguments(state),
        output=compile_output(state),
        assign=compile_assign(state),
        result=(state["Result"],) if "Result" in state else None,
    )


def _compile_task(name: str, state: JsonObject, _machine: str) -> State:
    resource = parse_resource(cast("str", state["Resource"]))
    assert resource is not None  # The check has refused every other.
    return TaskState(
        name=name,
        next=_next(state),
        arguments=compile_arguments(state),
        output=compile_output(state),
        assign=compile_assign(state),
        resource=resource,
        timeout=compile_seconds(state, "TimeoutSeconds"),
        heartbeat=compile_seconds(state, "HeartbeatSeconds"),
        credentials=compile_credentials(state),
        retry=_compile_retry(state),
        catch=_compile_catch(state),
    )


def _compile_choice(name: str, state: JsonObject, _machine: str) -> State:
    return ChoiceState(
        name=name,
        arguments=compile_input_path(state),
        output=compile_output(state),
        assign=compile_assign(state),
        choose=compile_choose(state),
        default=cast("str | None", state.get("Default")),
    )


def _compile_wait(name: str, state: JsonObject, _machine: str) -> State:
    return WaitState(
        name=name,
        next=_next(state),
        arguments=compile_input_path(state),
        output=compile_output(state),
        assign=compile_assign(state),
        due_at=compile_due_at(state),
    )


def _compile_succeed(name: str, state: JsonObject, _machine: str) -> State:
    return SucceedState(
        name=name, arguments=compile_input_path(state), output=compile_output(state)
    )


def _compile_fail(name: str, state: JsonObject, _machine: str) -> State:
    return FailState(
        name=name,
        error=compile_text_field(state, "Error"),
        cause=compile_text_field(state, "Cause"),
    )


def _compile_parallel(name: str, state: JsonObject, machine: str) -> State:
    branches = cast("list[JsonObject]", state["Branches"])
    return ParallelState(
        name=name,
        next=_next(state),
        arguments=compile_arguments(state),
        output=compile_output(state),
        assign=compile_assign(state),
        branches=tuple(_compile_scope(branch, machine) for branch in branches),
        retry=_compile_retry(state),
        catch=_compile_catch(state),
    )


def _compile_map(name: str, state: JsonObject, machine: str) -> State:
    processor = cast("JsonObject", state.get("ItemProcessor", state.get("Iterator")))
    return MapState(
        name=name,
        next=_next(state),
        arguments=compile_input_path(state),
        output=compile_output(state),
        assign=compile_assign(state),
        items=compile_items(state),
        item_input=compile_item_input(state),
        max_concurrency=compile_max_concurrency(state),
        processor=_compile_scope(processor, machine),
        distributed=compile_distributed(name, state),
        retry=_compile_retry(state),
        catch=_compile_catch(state),
    )


_STATES: dict[str, CompileState] = {
    "Pass": _compile_pass,
    "Task": _compile_task,
    "Choice": _compile_choice,
    "Wait": _compile_wait,
    "Succeed": _compile_succeed,
    "Fail": _compile_fail,
    "Parallel": _compile_parallel,
    "Map": _compile_map,
}


def _compile_retry(state: JsonObject) -> tuple[Retrier, ...]:
    """The state's retriers in their order."""
    entries = cast("list[JsonObject]", state.get("Retry", []))
    return tuple(_compile_retrier(entry) for entry in entries)


def _compile_retrier(entry: JsonObject) -> Retrier:
    """A retrier with AWS's defaults."""
    return Retrier(
        error_equals=_error_equals(entry),
        interval_seconds=cast("int", entry.get("IntervalSeconds", 1)),
        max_attempts=cast("int", entry.get("MaxAttempts", 3)),
        backoff_rate=float(cast("float", entry.get("BackoffRate", 2.0))),
        max_delay_seconds=cast("int | None", entry.get("MaxDelaySeconds")),
        full_jitter=entry.get("JitterStrategy") == "FULL",
    )


def _compile_catch(state: JsonObject) -> tuple[Catcher, ...]:
    """The state's catchers in their order."""
    entries = cast("list[JsonObject]", state.get("Catch", []))
    jsonata = is_jsonata(state)
    return tuple(
        Catcher(
            _error_equals(entry),
            cast("str", entry["Next"]),
            catcher_output(entry, f"Catch[{index}]", jsonata=jsonata),
            catcher_assign(entry, f"Catch[{index}]", jsonata=jsonata),
        )
        for index, entry in enumerate(entries)
    )


def _error_equals(entry: JsonObject) -> tuple[str, ...]:
    return tuple(cast("list[str]", entry["ErrorEquals"]))
