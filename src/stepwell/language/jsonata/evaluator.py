"""The only module that knows the JSONata library.

What it guards against: a compiled expression belongs to its thread (one cache per thread), a panic
in the library is no Exception, undefined and null look alike in results, texts of errors carry
their code as a prefix, and some built-ins allocate what they are asked for.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jsonatapy

from stepwell.language.jsonata.functions import (
    ADDED,
    ELEMENTS_MAX,
    NOTHING_MARK,
    REPLACED,
    Surroundings,
    now_text,
    with_surroundings,
)
from stepwell.language.jsonata.patterns import MARK, MATCHING
from stepwell.values import JsonValue

TIMEOUT_MS = 1_000
STACK_DEPTH_MAX = 250
CACHED_MAX = 2_000
TOO_MUCH: Final = "D1013: The expression takes too much time or memory"
NO_PATTERN: Final = "nvalid regex"
"""What the library says when its engine does not know a regular expression."""

VALUE: Final = "value"
UNDEFINED: Final = "undefined"
FUNCTION: Final = "function"
ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an evaluation ended: a value, undefined, a function, or an error's text with its code."""

    kind: str
    value: JsonValue = None
    message: str = ""
    milliseconds: int = 0
    """How long it took, where that was not while somebody waited for it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is no expression. The library does not say where."""

    message: str


_CODE = re.compile(r"\b([A-Z]\d{4}): ?(.*)", re.DOTALL)
_HOST = re.compile(r"host function raised \w+: (.*)", re.DOTALL)
_TOO_LARGE = 1 << 63


class _Thread(threading.local):
    """What belongs to one thread: its expressions, and what surrounds the evaluation under way."""

    def __init__(self) -> None:
        self.expressions: dict[str, jsonatapy.JsonataExpression] = {}
        self.surroundings = Surroundings()


_thread = _Thread()
_SURROUNDED = with_surroundings(lambda: _thread.surroundings)


def refusal(text: str) -> Refusal | None:
    """Why the text is no JSONata expression, None when it is one."""
    try:
        jsonatapy.compile(text)
    except Exception as error:
        return Refusal(_error_text(error))
    except BaseException as error:
        if not _is_panic(error):
            raise
        return Refusal("S0201: The expression cannot be read")
    return None


def takes_pattern(pattern: str) -> bool:
    """Whether the library's engine knows a regular expression, `/.../i` as it is written."""
    try:
        jsonatapy.compile(f"$contains('', {pattern})").evaluate(None)
    except Exception as error:
        return "D1004" in str(error)
    except BaseException as error:
        if not _is_panic(error):
            raise
        return False
    return True


def evaluate(text: str, bindings: dict[str, JsonValue], surroundings: Surroundings) -> Outcome:
    """Evaluate an expression that `refusal` has nothing against."""
    _thread.surroundings = surroundings
    outcome = _attempt(f'{{"r":({text}\n)}}', bindings)
    if outcome.kind != VALUE:
        return outcome
    made = outcome.value
    if not isinstance(made, dict) or "r" not in made:
        return Outcome(UNDEFINED)
    value = made["r"]
    if value is None and _is_function(text, bindings):
        return Outcome(FUNCTION)
    try:
        return Outcome(VALUE, plain(value))
    except RecursionError:
        return Outcome(ERROR, message="D1011: The result is too deeply nested")


def _is_function(text: str, bindings: dict[str, JsonValue]) -> bool:
    """The library gives null for a function; only its type tells."""
    typed = _attempt(f'{{"r":$type(({text}\n))}}', bindings)
    return typed.value == {"r": "function"}


def _attempt(text: str, bindings: dict[str, JsonValue]) -> Outcome:
    try:
        expression = _thread.expressions.get(text) or _compile(text)
        return Outcome(VALUE, _run(expression, bindings))
    except MemoryError:
        return Outcome(ERROR, message=TOO_MUCH)
    except Exception as error:
        if any(f"raised {kind}" in str(error) for kind in ("MemoryError", "TimeoutError")):
            return Outcome(ERROR, message=TOO_MUCH)
        message = _error_text(error)
        return Outcome(UNDEFINED) if NOTHING_MARK in message else Outcome(ERROR, message=message)
    except BaseException as error:
        if not _is_panic(error):
            raise
        return Outcome(ERROR, message="D1000: The expression could not be evaluated")


def _run(expression: jsonatapy.JsonataExpression, bindings: dict[str, JsonValue]) -> JsonValue:
    try:
        return expression.evaluate(None, bindings)  # type: ignore[no-any-return]
    except OverflowError:
        known = {name: _as_doubles(value) for name, value in bindings.items()}
        return expression.evaluate(None, known)  # type: ignore[no-any-return]


def _compile(text: str) -> jsonatapy.JsonataExpression:
    expression = jsonatapy.compile(
        text,
        timeout=TIMEOUT_MS,
        max_stack_depth=STACK_DEPTH_MAX,
        max_sequence_length=ELEMENTS_MAX,
    )
    for name, function in ADDED.items():
        expression.register(name, function)
    for name, function in REPLACED.items():
        expression.register_override(name, function)
    expression.register("uuid", _SURROUNDED["uuid"])
    for name in ("random", "millis", "shuffle"):
        expression.register_override(name, _SURROUNDED[name])
    if MARK in text:
        for name, function in MATCHING.items():
            expression.register(name, function)
    if "$now" in text:
        _register_now(expression)
    if len(_thread.expressions) >= CACHED_MAX:
        _thread.expressions.clear()
    _thread.expressions[text] = expression
    return expression


def _register_now(expression: jsonatapy.JsonataExpression) -> None:
    """`$now` takes a picture and a zone, which the library knows how to use."""
    shown = jsonatapy.compile("$fromMillis($m, $p, $z)")

    def now(picture: JsonValue = None, zone: JsonValue = None, *_more: JsonValue) -> JsonValue:
        now_ms = _thread.surroundings.now_ms
        if picture is None and zone is None:
            return now_text(now_ms)
        known: dict[str, JsonValue] = {"m": now_ms}
        if picture is not None:
            known["p"] = picture
        if zone is not None:
            known["z"] = zone
        return shown.evaluate(None, known)  # type: ignore[no-any-return]

    expression.register_override("now", now)


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"


def _error_text(error: Exception) -> str:
    """The code and text of a JSONata error, without what the library puts around them."""
    text = str(error)
    hosted = _HOST.search(text)
    if hosted is not None:
        text = hosted[1]
    found = _CODE.search(text)
    if found is None:
        return f"D1000: {text}"
    code, said = found[1], found[2]
    if code == "T1006":
        said = "Attempted to invoke a non-function"
    return f"{code}: {said}" if said else code


def _as_doubles(value: JsonValue) -> JsonValue:
    """Integers beyond 64 bits become doubles, as in AWS's engine."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _TOO_LARGE:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    if isinstance(value, list):
        return [_as_doubles(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _as_doubles(item) for name, item in value.items()}
    return value


def plain(value: JsonValue) -> JsonValue:
    """JSON has no infinite numbers: AWS writes them as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value
