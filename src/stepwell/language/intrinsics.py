"""The `States.*` functions: from text to a function of the data.

    call     = "States." name "(" [ argument { "," argument } ] ")"
    argument = 'text' | number | true | false | null | path | call

In a text a backslash stands before `'`, `{`, `}` or `\\`; before anything else it is an error, as
is a call nested more than ten deep. A failure at run time names the whole expression as written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stepwell.language.budget import begin
from stepwell.language.intrinsic_functions import (
    FUNCTIONS,
    FunctionFailed,
    compile_format,
    template_text,
)
from stepwell.language.paths import PathNotFound, PathSyntaxError, compile_path
from stepwell.language.paths.cursor import Cursor
from stepwell.language.program import Environment, Evaluate, EvaluationFailed
from stepwell.values import JsonValue, encode_text

NESTING_MAX = 10
NAME_CHARACTERS_MAX = 40
_IN_SMALL_LETTERS = {name.lower(): name for name in (*FUNCTIONS, "Format")}
CHARACTERS_MAX = 65_536
ESCAPABLE = "'{}\\"

_NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)
_CONSTANTS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


class IntrinsicSyntaxError(PathSyntaxError):
    """The text is no call of an intrinsic function. `position` counts characters from 0."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text argument: as written between the quotes, and what it stands for."""

    raw: str
    value: str


@dataclass(frozen=True, slots=True)
class _Constant:
    value: JsonValue


@dataclass(frozen=True, slots=True)
class _PathArgument:
    text: str
    read: Evaluate


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: tuple[_Argument, ...]


_Argument: TypeAlias = "_Text | _Constant | _PathArgument | _Call"


def compile_intrinsic(text: str) -> Evaluate:
    """The expression as a function (data, env) -> value.

    Raises IntrinsicSyntaxError. The function raises EvaluationFailed.
    """
    call = _parse(text)
    evaluate = _compile(call)
    shown = text.strip()

    def evaluate_or_fail(data: JsonValue, env: Environment) -> JsonValue:
        begin(env)
        try:
            return evaluate(data, env)
        except (FunctionFailed, RecursionError) as error:
            cause = f"The function '{shown}' had the following error: {error}"
            raise EvaluationFailed(cause) from None

    return evaluate_or_fail


def intrinsic_paths(text: str) -> list[str]:
    """Every path that the expression reads, as written. Raises IntrinsicSyntaxError."""
    pending: list[_Argument] = [_parse(text)]
    found: list[str] = []
    while pending:
        argument = pending.pop()
        if isinstance(argument, _PathArgument):
            found.append(argument.text)
        elif isinstance(argument, _Call):
            pending.extend(reversed(argument.arguments))
    return found


def _parse(text: str) -> _Call:
    if len(text) > CHARACTERS_MAX:
        raise IntrinsicSyntaxError(f"An expression has at most {CHARACTERS_MAX} characters")
    cursor = Cursor(text)
    try:
        cursor.skip_spaces()
        call = _call(cursor, 1)
        cursor.skip_spaces()
        if cursor.peek():
            raise cursor.error("Expected the end of the expression")
    except PathSyntaxError as error:
        raise IntrinsicSyntaxError(error.message, error.position) from error
    return call


def _call(cursor: Cursor, depth: int) -> _Call:
    start = cursor.position
    cursor.need("States.")
    name = cursor.until(" \t\r\n(),'")
    if name not in FUNCTIONS and name != "Format":
        cursor.position = start
        told = f"'States.{name}' is not an intrinsic function"
        meant = _IN_SMALL_LETTERS.get(name.lower()) if len(name) <= NAME_CHARACTERS_MAX else None
        raise cursor.refusal(f"{told}: did you mean '{meant}'?" if meant else told)
    if depth > NESTING_MAX:
        cursor.position = start
        raise cursor.refusal(f"Intrinsic functions nest at most {NESTING_MAX} deep")
    cursor.skip_spaces()
    arguments = _arguments(cursor, depth)
    _check_count(cursor, name, len(arguments), start)
    return _Call(name, arguments)


def _arguments(cursor: Cursor, depth: int) -> tuple[_Argument, ...]:
    cursor.need("(")
    cursor.skip_spaces()
    arguments: list[_Argument] = []
    if cursor.take(")"):
        return ()
    while True:
        cursor.skip_spaces()
        arguments.append(_argument(cursor, depth))
        cursor.skip_spaces()
        if cursor.take(")"):
            return tuple(arguments)
        cursor.need(",")


def _check_count(cursor: Cursor, name: str, count: int, start: int) -> None:
    fewest, most = (1, None) if name == "Format" else FUNCTIONS[name].counts
    if count < fewest or (most is not None and count > most):
        cursor.position = start
        raise cursor.refusal(f"States.{name} does not take {count} arguments")


def _argument(cursor: Cursor, depth: int) -> _Argument:
    first = cursor.peek()
    if first == "'":
        return _text(cursor)
    if first == "$":
        return _path(cursor)
    if first == "S":
        return _call(cursor, depth + 1)
    return _Constant(_constant(cursor))


def _text(cursor: Cursor) -> _Text:
    start = cursor.position
    cursor.need("'")
    raw: list[str] = []
    value: list[str] = []
    while not cursor.take("'"):
        plain = cursor.until("'\\")
        raw.append(plain)
        value.append(plain)
        if not cursor.peek():
            cursor.position = start
            raise cursor.refusal("The text is not closed")
        if cursor.take("\\"):
            escaped = cursor.peek()
            if not escaped or escaped not in ESCAPABLE:
                raise cursor.error("A backslash stands only before ' { } or \\")
            raw.append("\\" + escaped)
            value.append(escaped)
            cursor.position += 1
    return _Text("".join(raw), "".join(value))


def _path(cursor: Cursor) -> _PathArgument:
    """A path ends at a comma or parenthesis that is in no bracket, quotes or parentheses."""
    start = cursor.position
    depth = 0
    while cursor.peek():
        character = cursor.peek()
        if character in "'\"" and depth:
            cursor.quoted()
            continue
        if depth == 0 and character in ",)":
            break
        depth += (character in "[(") - (character in "])")
        cursor.position += 1
    path = compile_path(cursor.text[start : cursor.position])
    return _PathArgument(path.text, path.read)


def _constant(cursor: Cursor) -> JsonValue:
    start = cursor.position
    word = cursor.until(" \t\r\n(),'")
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    number = _NUMBER.fullmatch(word)
    if number is None:
        cursor.position = start
        raise cursor.error("Expected a text in apostrophes, a number, a path or a function")
    if number[1] is None and number[2] is None:
        return int(word)
    if not math.isfinite(float(word)):
        cursor.position = start
        raise cursor.refusal("The number is too large")
    return float(word)


def _compile(argument: _Argument) -> Evaluate:
    match argument:
        case _Text(value=text):
            return lambda _data, _env: text
        case _Constant(value):
            return lambda _data, _env: value
        case _PathArgument():
            return _compile_path(argument)
    if argument.name == "Format":
        return _compile_format(argument.arguments)
    apply = FUNCTIONS[argument.name].apply
    return _compile_call(apply, [_compile(part) for part in argument.arguments])


def _compile_path(argument: _PathArgument) -> Evaluate:
    text, read = argument.text, argument.read

    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        try:
            return read(data, env)
        except PathNotFound as error:
            # An index into something that is no array is not taken for "not found" on AWS: the
            # sentence of its path library comes through.
            if error.reason.startswith("Filter: "):
                raise FunctionFailed(error.reason) from None
            raise FunctionFailed(
                f"The JsonPath argument for the field '{text}' could not be found in the input "
                f"'{encode_text(data)}'"
            ) from None

    return evaluate


def _compile_call(
    apply: Callable[[list[JsonValue], Environment], JsonValue], arguments: list[Evaluate]
) -> Evaluate:
    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        return apply([argument(data, env) for argument in arguments], env)

    return evaluate


def _compile_format(arguments: tuple[_Argument, ...]) -> Evaluate:
    template, values = arguments[0], [_compile(part) for part in arguments[1:]]
    if isinstance(template, _Text):
        fill = compile_format(template.raw)
        return lambda data, env: fill([value(data, env) for value in values])
    read = _compile(template)

    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        fill = compile_format(template_text(read(data, env)))
        return fill([value(data, env) for value in values])

    return evaluate
