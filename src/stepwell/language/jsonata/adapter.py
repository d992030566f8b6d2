"""A JSONata expression of a state, ready to be evaluated.

    compile_jsonata(text) -> Compiled
    compiled.evaluate(states, variables, env, field) -> value

A plain path is walked here. Everything else goes to the library: within this process where what
it makes can only be small, and in the worker where it could grow without bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

from stepwell.language.budget import WORK_MAX, begin
from stepwell.language.jsonata.analysis import Analysis, analyse
from stepwell.language.jsonata.beside import beside
from stepwell.language.jsonata.evaluator import (
    ERROR,
    FUNCTION,
    NO_PATTERN,
    TOO_MUCH,
    UNDEFINED,
    Outcome,
    evaluate,
    refusal,
    takes_pattern,
)
from stepwell.language.jsonata.functions import Surroundings
from stepwell.language.jsonata.grammar import parse
from stepwell.language.jsonata.isolation import worker
from stepwell.language.jsonata.patterns import Pattern, copies, rewrite, trouble
from stepwell.language.jsonata.tokens import NotUnderstood
from stepwell.language.program import QUERY_EVALUATION, Environment, EvaluationFailed
from stepwell.values import JsonObject, JsonValue, encode

TEXT_CHARACTERS_MAX = 65_536
GROWTH_MAX = 16_000_000
"""What a plain expression could make of its data, in bytes, to be evaluated here."""
COPIES_MAX = 100
"""Patterns that repeat no more than this are quickly read."""
SHOWN_CHARACTERS_MAX = 10_000
STEP_MS_MAX = 2_000
"""What all expressions of one step may take together, the last one not counted."""
WORK_PER_MILLISECOND = WORK_MAX // STEP_MS_MAX
"""Time weighs as work, so a turn of slow expressions gives way to others, too."""

_PLAIN_PATH = re.compile(r"\s*\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)\s*", re.ASCII)
_WORDS = frozenset({"and", "or", "in", "true", "false", "null", "function"})
_CHANCE = frozenset({"random", "uuid", "shuffle"})


class JsonataSyntaxError(ValueError):
    """The text is no JSONata expression. `position`, where known, counts characters from 0."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class _Unknown:
    """What a path leads to that is for the library to say."""


_UNKNOWN = _Unknown()
_UNFIT = Outcome(ERROR, message="D1000: The data cannot be evaluated")
"""Data that nests too deeply, or has numbers or texts that no JSON can hold."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression, and what is known of it."""

    text: str
    analysis: Analysis
    path: tuple[str, ...] | None
    rewritten: str
    """The text as the library takes it."""

    def evaluate(
        self,
        states: Mapping[str, JsonValue],
        variables: Mapping[str, JsonValue],
        env: Environment,
        field: str,
    ) -> JsonValue:
        """The value. Raises EvaluationFailed, also when there is none (undefined).

        `states` are the members of `$states` but its context, `field` how AWS names the place.
        """
        if self.path is not None:
            found = _walk(self.path, states, variables, env)
            if not isinstance(found, _Unknown):
                return found
        started = perf_counter()
        try:
            outcome = self._outcome(states, variables, env)
        except (RecursionError, ValueError, OverflowError):
            outcome = _UNFIT
        milliseconds = int((perf_counter() - started) * 1000) + outcome.milliseconds
        if milliseconds:
            outcome = _counted(outcome, milliseconds, env)
        return self._told(outcome, field)

    def _outcome(
        self,
        states: Mapping[str, JsonValue],
        variables: Mapping[str, JsonValue],
        env: Environment,
    ) -> Outcome:
        bindings = self._bindings(states, variables, env)
        surroundings = Surroundings(env.now, b"")
        called = self.analysis.called
        if not self.analysis.plain or not called.isdisjoint(_CHANCE):
            surroundings.seed = env.random_bytes(32)
        if self.analysis.plain and self._growth(bindings) <= GROWTH_MAX:
            outcome = evaluate(self.rewritten, bindings, surroundings)
        else:
            outcome = _elsewhere(self.rewritten, bindings, surroundings, env)
        if outcome.kind != ERROR or NO_PATTERN not in outcome.message:
            return outcome
        # The library's engine does not know the pattern, or not in so many repetitions.
        rewritten = rewrite(self.text, all_patterns=True)
        if rewritten is None:
            return outcome
        return _elsewhere(rewritten.whole, bindings, surroundings, env)

    def _growth(self, bindings: dict[str, JsonValue]) -> int:
        size = len(encode(bindings)) + len(self.text)
        each: int = size * max(1, self.analysis.references)
        return int(min(float(each) ** (1 + self.analysis.stages), 1e18))

    def _bindings(
        self,
        states: Mapping[str, JsonValue],
        variables: Mapping[str, JsonValue],
        env: Environment,
    ) -> dict[str, JsonValue]:
        """Only what the expression names, because all of it is copied into the library."""
        members = self.analysis.members
        seen: JsonObject = {
            name: self._picked(name, value)
            for name, value in states.items()
            if members is None or name in members
        }
        if members is None or "context" in members:
            seen["context"] = self._picked("context", env.context)
        bindings: dict[str, JsonValue] = {"states": seen}
        if members is None:
            bindings.update(variables)
        elif variables:
            wanted = self.analysis.variables
            bindings.update((name, variables[name]) for name in wanted if name in variables)
        bindings["states"] = seen
        return bindings

    def _picked(self, member: str, value: JsonValue) -> JsonValue:
        """What the expression can see of a member of `$states`."""
        names = self.analysis.picked_of(member)
        if names is None or not isinstance(value, dict):
            return value
        return {name: value[name] for name in names if name in value}

    def _told(self, outcome: Outcome, field: str) -> JsonValue:
        if outcome.kind == UNDEFINED:
            raise self.failed("returned nothing (undefined).", field)
        if outcome.kind == FUNCTION:
            raise self.failed("returned an unexpected result type 'function'.", field)
        if outcome.kind == ERROR:
            raise self.failed(f"threw an error during evaluation. {outcome.message}", field)
        return outcome.value

    def failed(self, what: str, field: str) -> EvaluationFailed:
        """The failure in AWS's words."""
        cause = f"The JSONata expression '{self.text}' specified for the field '{field}' {what}"
        return EvaluationFailed(cause, error=QUERY_EVALUATION, location=field, from_entry=True)

    def unexpected(self, expected: str, value: JsonValue, field: str) -> EvaluationFailed:
        """The failure of a value of the wrong type, in AWS's words."""
        shown = encode(value).decode()[:SHOWN_CHARACTERS_MAX]
        return self.failed(
            f"returned an unexpected result type. Expected '{expected}', "
            f"but was '{type_name(value)}' for value: {shown}",
            field,
        )


def _elsewhere(
    text: str, bindings: dict[str, JsonValue], surroundings: Surroundings, env: Environment
) -> Outcome:
    """In a worker; beside everything else where the environment can come back for the outcome."""
    place = getattr(env, "place", "")
    if place:
        return beside.evaluate(place, text, bindings, surroundings)
    return worker.evaluate(text, bindings, surroundings)


def _counted(outcome: Outcome, milliseconds: int, env: Environment) -> Outcome:
    """The outcome, unless the expressions of this step have taken too long together."""
    budget = begin(env)
    budget.work -= milliseconds * WORK_PER_MILLISECOND
    return outcome if budget.work >= 0 else Outcome(ERROR, message=TOO_MUCH)


def type_name(value: JsonValue) -> str:
    """The type of a value as AWS names it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


@lru_cache(maxsize=4096)
def compile_jsonata(text: str) -> Compiled:
    """The expression (without `{%` and `%}`). Raises JsonataSyntaxError."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise JsonataSyntaxError(f"An expression has at most {TEXT_CHARACTERS_MAX} characters")
    rewritten = rewrite(text)
    refused = refusal(text if rewritten is None else rewritten.body)
    if refused is not None:
        raise JsonataSyntaxError(refused.message, _where_wrong(text))
    analysis = analyse(text)
    if rewritten is not None or copies(text) > COPIES_MAX:
        analysis.plain = False
    taken = text if rewritten is None else rewritten.whole
    return Compiled(text, analysis, _plain_path(text), taken)


def pattern_trouble(pattern: Pattern) -> str | None:
    """Why no engine takes a regular expression, None if one does."""
    said = trouble(pattern)
    return None if said is None or takes_pattern(pattern.written) else said


def _where_wrong(text: str) -> int | None:
    """Where our own reader stumbles over a text that the library refuses, if it does."""
    try:
        parse(text)
    except NotUnderstood as stumbled:
        return stumbled.position
    except RecursionError:
        return None
    return None


def _plain_path(text: str) -> tuple[str, ...] | None:
    """The names of `$states.input.a.b` or `$variable.a`, None for anything else."""
    found = _PLAIN_PATH.fullmatch(text)
    if found is None:
        return None
    names = (found[1], *found[2].split(".")[1:])
    return None if any(name in _WORDS for name in names[1:]) else names


def _walk(
    path: tuple[str, ...],
    states: Mapping[str, JsonValue],
    variables: Mapping[str, JsonValue],
    env: Environment,
) -> JsonValue | _Unknown:
    """The value a plain path leads to; a list on the way is for the library."""
    first, *rest = path
    value: JsonValue | _Unknown
    if first != "states":
        value = variables.get(first, _UNKNOWN)
    elif not rest:
        return _UNKNOWN
    else:
        member = rest.pop(0)
        value = env.context if member == "context" else states.get(member, _UNKNOWN)
    for name in rest:
        if not isinstance(value, dict):
            return _UNKNOWN
        value = value.get(name, _UNKNOWN)
    return value
