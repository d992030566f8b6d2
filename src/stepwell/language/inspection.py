"""A compiled state that tells what becomes of its data on the way, for TestState.

The functions are those that the state runs with anyway, taken apart where AWS shows what is between
them. A Parallel or Map state becomes a task: its result is given, and its branches are not run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from stepwell.language.compile_data import (
    compile_arguments,
    compile_input_path,
    compile_path,
    compile_result_path,
)
from stepwell.language.compile_jsonata import is_jsonata
from stepwell.language.distributed import KeyedItem
from stepwell.language.program import (
    Catcher,
    ChoiceState,
    Environment,
    Evaluate,
    FailState,
    MapState,
    Output,
    ParallelState,
    PassState,
    Resource,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from stepwell.language.templates import compile_template
from stepwell.values import JsonObject, JsonValue

Tell: TypeAlias = Callable[[str, JsonValue], None]
"""Takes the name of a step, as AWS calls it, and the data after it."""

CAUGHT = "catchIndex"
MOCKED = Resource("service", "arn:aws:states:::mock:result", "mock", "result")


def inspected(
    compiled: State, source: JsonObject, tell: Tell, read: Sequence[JsonValue] | None
) -> State:
    """The state, telling. `source` is its definition with the query language filled in; `read` are
    the items of a Map with an ItemReader."""
    if isinstance(compiled, PassState):
        return _inspected_pass(compiled, source, tell)
    if isinstance(compiled, TaskState):
        return dataclasses.replace(
            compiled,
            arguments=_arguments(compiled.arguments, source, tell),
            output=_output(compiled.output, source, tell, result=True),
            catch=_catch(compiled.catch, tell),
        )
    if isinstance(compiled, ParallelState):
        return _as_task(compiled, compiled.arguments, source, tell)
    if isinstance(compiled, MapState):
        return _as_task(compiled, _map_arguments(compiled, source, tell, read), source, tell)
    return _inspected_end(compiled, source, tell)


def _inspected_end(
    compiled: ChoiceState | WaitState | SucceedState | FailState, source: JsonObject, tell: Tell
) -> State:
    """States of which AWS shows what InputPath leaves."""
    if is_jsonata(source):
        return compiled
    read = compiled.arguments

    def arguments(data: JsonValue, env: Environment) -> JsonValue:
        found = data if read is None else read(data, env)
        tell("afterInputPath", found)
        return found

    return dataclasses.replace(compiled, arguments=arguments)


def _inspected_pass(compiled: PassState, source: JsonObject, tell: Tell) -> State:
    """A Result replaces what Parameters make, which is not shown then."""
    fixed = compiled.result is not None
    return dataclasses.replace(
        compiled,
        arguments=compiled.arguments if fixed else _arguments(compiled.arguments, source, tell),
        output=_output(compiled.output, source, tell, result=fixed),
    )


def _arguments(plain: Evaluate | None, source: JsonObject, tell: Tell) -> Evaluate | None:
    if is_jsonata(source):
        if plain is None:
            return None
        known = plain

        def tell_arguments(data: JsonValue, env: Environment) -> JsonValue:
            found = known(data, env)
            tell("afterArguments", found)
            return found

        return tell_arguments
    read = compile_input_path(source)
    fill = compile_arguments({k: v for k, v in source.items() if k != "InputPath"})

    def arguments(data: JsonValue, env: Environment) -> JsonValue:
        found = data if read is None else read(data, env)
        tell("afterInputPath", found)
        found = found if fill is None else fill(found, env)
        tell("afterParameters", found)
        return found

    return arguments


def _output(plain: Output | None, source: JsonObject, tell: Tell, *, result: bool) -> Output:
    """`result` says whether the raw result is told."""
    if is_jsonata(source):

        def tell_result(
            data: JsonValue, arguments: JsonValue, raw: JsonValue, env: Environment
        ) -> JsonValue:
            if result:
                tell("result", raw)
            return raw if plain is None else plain(data, arguments, raw, env)

        return tell_result
    selector = source.get("ResultSelector")
    select = None if selector is None else compile_template(selector, "ResultSelector")
    combine = compile_result_path(source)
    cut = compile_path(source, "OutputPath")

    def output(
        data: JsonValue, _arguments: JsonValue, raw: JsonValue, env: Environment
    ) -> JsonValue:
        if result:
            tell("result", raw)
        found = raw if select is None else select(raw, env)
        tell("afterResultSelector", found)
        found = found if combine is None else combine(data, found)
        tell("afterResultPath", found)
        return found if cut is None else cut(found, env)

    return output


def _as_task(
    compiled: ParallelState | MapState,
    arguments: Evaluate | None,
    source: JsonObject,
    tell: Tell,
) -> TaskState:
    return TaskState(
        name=compiled.name,
        next=compiled.next,
        arguments=arguments,
        output=_output(compiled.output, source, tell, result=False),
        assign=compiled.assign,
        resource=MOCKED,
        retry=compiled.retry,
        catch=_catch(compiled.catch, tell),
    )


def _map_arguments(
    compiled: MapState, source: JsonObject, tell: Tell, read: Sequence[JsonValue] | None
) -> Evaluate:
    """What a Map reads before its first iteration. Its own input goes on."""
    distributed = compiled.distributed

    def arguments(data: JsonValue, env: Environment) -> JsonValue:
        given = data if compiled.arguments is None else compiled.arguments(data, env)
        if not is_jsonata(source):
            tell("afterInputPath", given)
        items = read
        if distributed is None or distributed.reader is None:
            items = compiled.items(given, env)
            if "ItemsPath" in source:
                tell("afterItemsPath", [*items])
        asked = compiled.max_concurrency
        tell("maxConcurrency", 0 if asked is None else asked(given, env))
        if distributed is not None and distributed.tolerated_count is not None:
            tell("toleratedFailureCount", distributed.tolerated_count(given, env))
        if distributed is not None and distributed.tolerated_percentage is not None:
            tell("toleratedFailurePercentage", distributed.tolerated_percentage(given, env))
        if compiled.item_input is not None and items is not None:
            tell("afterItemSelector", _selected(compiled.item_input, given, items, env))
        return data

    return arguments


def _selected(
    item_input: Evaluate, given: JsonValue, items: Sequence[JsonValue], env: Environment
) -> list[JsonValue]:
    return [
        item_input(given, cast("Environment", _ItemEnvironment(env, index, item)))
        for index, item in enumerate(items)
    ]


class _ItemEnvironment:
    """The environment of an iteration."""

    def __init__(self, env: Environment, index: int, item: JsonValue) -> None:
        self._env = env
        described: JsonObject = {"Index": index, "Value": item}
        if isinstance(item, KeyedItem):
            described = {"Index": index, "Key": item["Key"], "Value": item["Value"]}
        self.context: JsonObject = {**env.context, "Map": {"Item": described}}

    def __getattr__(self, name: str) -> object:
        return getattr(self._env, name)

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        return self._env.variables


def _catch(catchers: tuple[Catcher, ...], tell: Tell) -> tuple[Catcher, ...]:
    return tuple(_tell_caught(catcher, index, tell) for index, catcher in enumerate(catchers))


def _tell_caught(catcher: Catcher, index: int, tell: Tell) -> Catcher:
    plain = catcher.output

    def output(data: JsonValue, error: JsonValue, env: Environment) -> JsonValue:
        tell(CAUGHT, index)
        tell("caughtError", error)
        return error if plain is None else plain(data, error, env)

    return dataclasses.replace(catcher, output=output)
