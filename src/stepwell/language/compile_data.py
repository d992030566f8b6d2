"""How a state's data flows, compiled: from InputPath to OutputPath.

The order is AWS's: raw input, InputPath, Parameters, the work, ResultSelector, ResultPath (into
the raw input), OutputPath. A default leaves no function behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, cast

from stepwell.language.compile_jsonata import (
    is_jsonata,
    jsonata_arguments,
    jsonata_assign,
    jsonata_catcher_assign,
    jsonata_catcher_output,
    jsonata_output,
    jsonata_seconds,
    jsonata_template,
    jsonata_text,
)
from stepwell.language.paths import compile_reference_path, input_path_reader
from stepwell.language.program import (
    Assign,
    CatcherAssign,
    CatcherOutput,
    Environment,
    Evaluate,
    EvaluationFailed,
    Output,
    Seconds,
)
from stepwell.language.templates import compile_expression, compile_template
from stepwell.values import JsonObject, JsonValue, encode_text

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
Combine: TypeAlias = Callable[[JsonValue, JsonValue], JsonValue]
"""(raw input, result) -> the two together, by ResultPath."""


def compile_input_path(state: JsonObject) -> Evaluate | None:
    """What InputPath leaves of the input."""
    return compile_path(state, "InputPath")


def compile_arguments(state: JsonObject) -> Evaluate | None:
    """InputPath, then Parameters; Arguments in JSONata."""
    if is_jsonata(state):
        return jsonata_arguments(state)
    read = compile_path(state, "InputPath")
    if "Parameters" not in state:
        return read
    fill = compile_template(state["Parameters"], "Parameters")
    if read is None:
        return fill
    chosen = read

    def read_and_fill(data: JsonValue, env: Environment) -> JsonValue:
        return fill(chosen(data, env), env)

    return read_and_fill


def compile_output(state: JsonObject) -> Output | None:
    """ResultSelector, then ResultPath into the raw input, then OutputPath; Output in JSONata."""
    if is_jsonata(state):
        return jsonata_output(state)
    select = (
        compile_template(state["ResultSelector"], "ResultSelector")
        if "ResultSelector" in state
        else None
    )
    combine = compile_result_path(state)
    cut = compile_path(state, "OutputPath")
    if combine is None:
        return _selected_and_cut(select, cut)
    return _combined(select, combine, cut)


def _selected_and_cut(select: Evaluate | None, cut: Evaluate | None) -> Output | None:
    """The output where the result replaces the input."""
    if select is None and cut is None:
        return None
    if cut is None:
        chosen = cast("Evaluate", select)
        return lambda _input, _arguments, result, env: chosen(result, env)
    shown = cut
    if select is None:
        return lambda _input, _arguments, result, env: shown(result, env)
    picked = select
    return lambda _input, _arguments, result, env: shown(picked(result, env), env)


def _combined(select: Evaluate | None, combine: Combine, cut: Evaluate | None) -> Output:
    """The output where the result goes into the raw input, or is thrown away."""
    if select is None and cut is None:
        return lambda data, _arguments, result, _env: combine(data, result)
    if cut is None:
        picked = cast("Evaluate", select)
        return lambda data, _arguments, result, env: combine(data, picked(result, env))
    shown = cut
    if select is None:
        return lambda data, _arguments, result, env: shown(combine(data, result), env)
    chosen = select
    return lambda data, _arguments, result, env: shown(combine(data, chosen(result, env)), env)


def compile_assign(state: JsonObject) -> Assign | None:
    """Assign of a state, or of a choice rule in JSONPath; `$` is the result there."""
    if is_jsonata(state):
        return jsonata_assign(state)
    if "Assign" not in state:
        return None
    fill = compile_template(state["Assign"], "Assign")
    return lambda _data, _arguments, result, env: cast("JsonObject", fill(result, env))


def catcher_assign(catcher: JsonObject, field: str, *, jsonata: bool) -> CatcherAssign | None:
    """Assign of a catcher; `$` is the error output there."""
    if jsonata:
        return jsonata_catcher_assign(catcher, field)
    if "Assign" not in catcher:
        return None
    fill = compile_template(catcher["Assign"], "Assign")
    return lambda _data, error, env: cast("JsonObject", fill(error, env))


def catcher_output(catcher: JsonObject, field: str, *, jsonata: bool) -> CatcherOutput | None:
    """What a catcher's next state gets; None when the error output replaces the input."""
    if jsonata:
        return jsonata_catcher_output(catcher, field)
    combine = compile_result_path(catcher)
    if combine is None:
        return None
    combined = combine
    return lambda data, error_output, _env: combined(data, error_output)


def compile_path(state: JsonObject, name: str) -> Evaluate | None:
    """InputPath or OutputPath: absent or `$` changes nothing, null leaves an empty object."""
    path = state.get(name, "$")
    if path == "$":
        return None
    if path is None:
        return lambda _data, _env: {}
    return input_path_reader(cast("str", path), name)


def compile_result_path(state: JsonObject) -> Combine | None:
    """ResultPath: absent or `$` lets the result replace the input, null throws it away."""
    path = state.get("ResultPath", "$")
    if path == "$":
        return None
    if path is None:
        return lambda data, _result: data
    return compile_reference_path(cast("str", path)).put


def compile_credentials(state: JsonObject) -> Evaluate | None:
    """Credentials of a Task, which see its raw input."""
    if "Credentials" not in state:
        return None
    if is_jsonata(state):
        return jsonata_template(state["Credentials"], "Credentials")
    return compile_template(state["Credentials"], "Credentials")


def compile_seconds(state: JsonObject, name: str) -> Seconds | None:
    """TimeoutSeconds or HeartbeatSeconds, fixed, by their Path field, or computed."""
    if is_jsonata(state):
        return jsonata_seconds(state, name)
    if name in state:
        return Seconds(fixed=cast("int", state[name]))
    field = f"{name}Path"
    if field not in state:
        return None
    return Seconds(read=integer_at(field, cast("str", state[field]), least=1))


def integer_at(
    field: str, path: str, *, least: int | None
) -> Callable[[JsonValue, Environment], int]:
    """The integer a Path field points to; AWS's sentence when it is none or too small. Without
    `least`, whoever asks says that."""
    read = input_path_reader(path, field)
    name = field.removesuffix("Path")

    def read_integer(data: JsonValue, env: Environment) -> int:
        value = read(data, env)
        if not least and isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)  # AWS takes the text of a number where a Map counts.
        if isinstance(value, bool) or not isinstance(value, int):
            raise _not_valid(field, value, "a valid integer", path)
        if least is not None and value < least:
            bound = "cannot be negative" if least == 0 else "must be greater than zero"
            raise EvaluationFailed(f"{name} {bound}.", location=field)
        return value

    return read_integer


def compile_text_field(state: JsonObject, name: str) -> Evaluate | None:
    """Error or Cause of a Fail state, fixed, by its Path field, or computed."""
    if is_jsonata(state):
        return jsonata_text(state, name)
    if name in state:
        text = state[name]
        return lambda _data, _env: text
    field = f"{name}Path"
    if field not in state:
        return None
    expression = cast("str", state[field])
    evaluate = compile_expression(expression, field)

    def read_text(data: JsonValue, env: Environment) -> JsonValue:
        value = evaluate(data, env)
        if not isinstance(value, str):
            raise _not_valid(field, value, "a valid string", expression)
        return value

    return read_text


def _not_valid(field: str, value: JsonValue, wanted: str, path: str) -> EvaluationFailed:
    """AWS's sentence for a value of the wrong type behind a Path field."""
    shown = value if isinstance(value, str) else encode_text(value)
    cause = f'The {field} field refers to value "{shown}" which is not {wanted}: {path}'
    return EvaluationFailed(cause, location=field)
