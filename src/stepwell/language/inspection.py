"""A compiled state that tells what becomes of its data on the way, for TestState.

The functions are those that the state runs with anyway, taken apart where AWS shows what is between
them. A Parallel or Map state becomes a task: its result is given, and its branches are not run.
"""

from __future__ import annotations

import dataclasses

from stepwell.language.compile_data import (
    compile_arguments,
    compile_input_path,
    compile_path,
    compile_result_path,
)
from stepwell.language.compile_jsonata import is_jsonata
from stepwell.language.inspection_map import ReadData, Tell, map_arguments
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

CAUGHT = "catchIndex"
MOCKED = Resource("service", "arn:aws:states:::mock:result", "mock", "result")


def inspected(compiled: State, source: JsonObject, tell: Tell, read: ReadData | None) -> State:
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
        return _as_task(compiled, map_arguments(compiled, source, tell, read), source, tell)
    return _inspected_end(compiled, source, tell)


def only_handlers(compiled: State, tell: Tell) -> State:
    """A Parallel or Map state of which nothing is run but its Retry and Catch."""
    if not isinstance(compiled, ParallelState | MapState):
        return compiled
    return TaskState(
        name=compiled.name,
        next=compiled.next,
        arguments=None,
        output=None,
        resource=MOCKED,
        retry=compiled.retry,
        catch=_catch(compiled.catch, tell),
    )


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


def _catch(catchers: tuple[Catcher, ...], tell: Tell) -> tuple[Catcher, ...]:
    return tuple(_tell_caught(catcher, index, tell) for index, catcher in enumerate(catchers))


def _tell_caught(catcher: Catcher, index: int, tell: Tell) -> Catcher:
    plain = catcher.output

    def output(data: JsonValue, error: JsonValue, env: Environment) -> JsonValue:
        tell(CAUGHT, index)
        tell("caughtError", error)
        return error if plain is None else plain(data, error, env)

    return dataclasses.replace(catcher, output=output)
