"""The fields of a JSONata state, compiled to the same functions as those of JSONPath.

An expression sees `$states`: the state's input, its context, and what came of the work where there
is any. A value of the wrong type fails the state in AWS's words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

from stepwell.language.jsonata import type_name
from stepwell.language.jsonata.templates import compile_fill, expression, is_expression
from stepwell.language.program import (
    QUERY_EVALUATION,
    Assign,
    CatcherAssign,
    CatcherOutput,
    Environment,
    Evaluate,
    EvaluationFailed,
    Output,
    Seconds,
)
from stepwell.language.timestamps import (
    DELAY_SECONDS_MAX,
    DELAY_TOO_LONG,
    BadTimestamp,
    compile_wait_seconds,
    compile_wait_timestamp,
    parse_timestamp,
)
from stepwell.values import JsonObject, JsonValue, encode_text

WITH_RESULT = frozenset({"Task", "Parallel", "Map"})
"""The states whose Output and Assign see `$states.result`."""


def is_jsonata(state: JsonObject) -> bool:
    """Whether a state (with its language filled in) is a JSONata state."""
    return state.get("QueryLanguage") == "JSONata"


def jsonata_arguments(state: JsonObject) -> Evaluate | None:
    """Arguments; without them the work gets the input."""
    if "Arguments" not in state:
        return None
    return jsonata_template(state["Arguments"], "Arguments")


def jsonata_template(template: JsonValue, field: str) -> Evaluate:
    """A template that sees the input."""
    fill = compile_fill(template, field)
    return lambda data, env: fill({"input": data}, env)


def jsonata_output(holder: JsonObject, field: str = "Output") -> Output | None:
    """Output of a state or a choice rule; without it the result, or the input, is handed on."""
    if "Output" not in holder:
        return None
    fill = compile_fill(holder["Output"], field)
    if holder.get("Type") not in WITH_RESULT:
        return lambda data, _arguments, _result, env: fill({"input": data}, env)
    return lambda data, _arguments, result, env: fill({"input": data, "result": result}, env)


def jsonata_assign(holder: JsonObject, field: str = "Assign") -> Assign | None:
    """Assign of a state or a choice rule."""
    if "Assign" not in holder:
        return None
    fill = compile_fill(holder["Assign"], field)
    if holder.get("Type") not in WITH_RESULT:
        return lambda data, _arguments, _result, env: cast("JsonObject", fill({"input": data}, env))
    return lambda data, _arguments, result, env: cast(
        "JsonObject", fill({"input": data, "result": result}, env)
    )


def jsonata_catcher_output(catcher: JsonObject, field: str) -> CatcherOutput | None:
    """Output of a catcher; without it the error output is handed on."""
    if "Output" not in catcher:
        return None
    fill = compile_fill(catcher["Output"], f"{field}/Output")
    return lambda data, error, env: fill({"input": data, "errorOutput": error}, env)


def jsonata_catcher_assign(catcher: JsonObject, field: str) -> CatcherAssign | None:
    """Assign of a catcher."""
    if "Assign" not in catcher:
        return None
    fill = compile_fill(catcher["Assign"], f"{field}/Assign")
    return lambda data, error, env: cast(
        "JsonObject", fill({"input": data, "errorOutput": error}, env)
    )


def jsonata_number(
    holder: JsonObject, name: str, field: str = ""
) -> Callable[[JsonValue, Environment], float] | None:
    """A number that may be computed, and must be one."""
    if name not in holder:
        return None
    value = holder[name]
    if not is_expression(value):
        fixed = cast("float", value)
        return lambda _data, _env: fixed
    return cast("Callable[[JsonValue, Environment], float]", _typed(value, field or name, "number"))


def jsonata_whole(holder: JsonObject, name: str) -> Callable[[JsonValue, Environment], int] | None:
    """A whole number that may be computed, not negative."""
    read = jsonata_number(holder, name)
    if read is None:
        return None
    number = read

    def whole(data: JsonValue, env: Environment) -> int:
        found = _whole(number(data, env), name)
        if found < 0:
            raise _failed(f"{name} cannot be negative.", name)
        return found

    return whole


def _typed(value: JsonValue, field: str, expected: str) -> Evaluate:
    """An expression whose value must be of a type."""
    compiled = expression(cast("str", value))

    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        found = compiled.evaluate({"input": data}, env.variables, env, field)
        if type_name(found) != expected:
            raise compiled.unexpected(expected, found, field)
        return found

    return evaluate


def jsonata_seconds(state: JsonObject, name: str) -> Seconds | None:
    """TimeoutSeconds or HeartbeatSeconds."""
    if name not in state:
        return None
    if not is_expression(state[name]):
        return Seconds(fixed=cast("int", state[name]))
    read = _typed(state[name], name, "number")

    def read_seconds(data: JsonValue, env: Environment) -> int:
        seconds = _whole(cast("float", read(data, env)), name)
        if seconds <= 0:
            raise _failed(f"{name} must be greater than zero.", name)
        return seconds

    return Seconds(read=read_seconds)


def _whole(number: float, field: str) -> int:
    if not math.isfinite(number) or number != math.trunc(number) or abs(number) >= 2**53:
        raise _failed(f"The {field} field is not a whole number: {number}", field)
    return math.trunc(number)


def _failed(cause: str, field: str) -> EvaluationFailed:
    return EvaluationFailed(cause, error=QUERY_EVALUATION, location=field)


def jsonata_text(state: JsonObject, name: str) -> Evaluate | None:
    """Error or Cause."""
    if name not in state:
        return None
    if is_expression(state[name]):
        return _typed(state[name], name, "string")
    text = state[name]
    return lambda _data, _env: text


def jsonata_due_at(state: JsonObject) -> Callable[[JsonValue, Environment, int], int]:
    """Seconds or Timestamp."""
    if "Seconds" in state:
        if not is_expression(state["Seconds"]):
            return compile_wait_seconds(cast("int", state["Seconds"]))
        return _due_after(_typed(state["Seconds"], "Seconds", "number"))
    if not is_expression(state["Timestamp"]):
        return compile_wait_timestamp(cast("str", state["Timestamp"]))
    return _due_until(_typed(state["Timestamp"], "Timestamp", "string"))


def _due_after(read: Evaluate) -> Callable[[JsonValue, Environment, int], int]:
    def due_at(data: JsonValue, env: Environment, now_ms: int) -> int:
        seconds = _whole(cast("float", read(data, env)), "Seconds")
        if seconds < 0:
            raise _failed(f"The Seconds field is negative: {seconds}", "Seconds")
        if seconds > DELAY_SECONDS_MAX:
            raise EvaluationFailed(DELAY_TOO_LONG, location="Seconds")
        return now_ms + seconds * 1000

    return due_at


def _due_until(read: Evaluate) -> Callable[[JsonValue, Environment, int], int]:
    def due_at(data: JsonValue, env: Environment, now_ms: int) -> int:
        text = cast("str", read(data, env))
        try:
            due_ms = parse_timestamp(text)
        except BadTimestamp:
            raise _failed(
                "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time "
                f"format string: {text}",
                "Timestamp",
            ) from None
        if due_ms - now_ms > DELAY_SECONDS_MAX * 1000:
            raise EvaluationFailed(DELAY_TOO_LONG, location="Timestamp")
        return due_ms

    return due_at


def jsonata_condition(rule: JsonObject, index: int) -> Callable[[JsonValue, Environment], bool]:
    """Condition of a choice rule."""
    condition = rule["Condition"]
    if not is_expression(condition):
        return lambda _data, _env: condition is True
    read = _typed(condition, f"Choices[{index}]/Condition", "boolean")
    return lambda data, env: read(data, env) is True


def jsonata_items(state: JsonObject) -> Callable[[JsonValue, Environment], list[JsonValue]]:
    """Items of a Map: an array, or an expression that gives one; the input by default."""
    if "Items" not in state:
        return lambda data, _env: _array(data)
    items = state["Items"]
    if is_expression(items):
        read = _typed(items, "Items", "array")
        return lambda data, env: cast("list[JsonValue]", read(data, env))
    fill = compile_fill(items, "Items")
    return lambda data, env: _array(fill({"input": data}, env))


def _array(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    cause = f"Map state input must be an array but was: {encode_text(value)}"
    raise EvaluationFailed(cause, error=QUERY_EVALUATION, from_entry=True)
