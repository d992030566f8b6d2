"""Choice rules of the JSONPath language, compiled.

The variable must exist, except for IsPresent; so must what the other side's path names. And and Or
stop as soon as they know, so that a presence test protects the comparison behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from stepwell.language.choice_findings import rule_findings
from stepwell.language.choice_operators import (
    COMPARISONS,
    DEPTH_MAX,
    OPERATORS,
    TYPE_TESTS,
    Compare,
    compile_wildcards,
)
from stepwell.language.paths import Path, PathNotFound, compile_path
from stepwell.language.program import Environment, EvaluationFailed
from stepwell.values import JsonObject, JsonValue

__all__ = ["Rule", "compile_rule", "rule_findings"]

Rule: TypeAlias = Callable[[JsonValue, Environment], bool]


def compile_rule(rule: JsonObject) -> Rule:
    """The rule as a function (data, env) -> whether it is true.

    Raises PathSyntaxError or ValueError for a rule in which `rule_findings` finds errors; the
    function raises EvaluationFailed when a path names nothing.
    """
    return _compile(rule, 0)


def _compile(rule: JsonValue, depth: int) -> Rule:
    if not isinstance(rule, dict) or depth > DEPTH_MAX:
        raise ValueError("A choice rule must be an object")
    if "Not" in rule:
        inner = _compile(rule["Not"], depth + 1)
        return lambda data, env: not inner(data, env)
    for name, combine in (("And", all), ("Or", any)):
        if name in rule:
            return _combined(combine, rule[name], depth)
    return _compile_leaf(rule)


def _combined(combine: Callable[..., bool], parts: JsonValue, depth: int) -> Rule:
    if not isinstance(parts, list):
        raise ValueError("And and Or take an array of rules")
    rules = [_compile(part, depth + 1) for part in parts]
    return lambda data, env: combine(rule(data, env) for rule in rules)


def _compile_leaf(rule: JsonObject) -> Rule:
    names = [name for name in rule if name in OPERATORS]
    text = rule.get("Variable")
    if len(names) != 1 or not isinstance(text, str):
        raise ValueError("A choice rule has a Variable and one operator")
    name, operand, variable = names[0], rule[names[0]], compile_path(text)
    if name == "IsPresent":
        return _is_present(variable, bool(operand))
    read = _reader(variable)
    if name in TYPE_TESTS:
        return _type_test(TYPE_TESTS[name], read, bool(operand))
    if name == "StringMatches":
        return _string_matches(read, str(operand))
    if name in COMPARISONS:
        return _with_literal(COMPARISONS[name], read, operand)
    other = _reader(compile_path(str(operand)))
    return _with_path(COMPARISONS[name.removesuffix("Path")], read, other)


Read: TypeAlias = Callable[[JsonValue, Environment], JsonValue]


def _reader(path: Path) -> Read:
    read = path.read

    def evaluate(data: JsonValue, env: Environment) -> JsonValue:
        try:
            return read(data, env)
        except PathNotFound:
            cause = (
                f"Invalid path '{path.text}': The choice state's condition path references an "
                "invalid value."
            )
            raise EvaluationFailed(cause, location="Choices") from None

    return evaluate


def _is_present(path: Path, expected: bool) -> Rule:
    read = path.read

    def test(data: JsonValue, env: Environment) -> bool:
        try:
            read(data, env)
        except PathNotFound:
            return not expected
        return expected

    return test


def _type_test(test: Callable[[JsonValue], bool], read: Read, expected: bool) -> Rule:
    return lambda data, env: test(read(data, env)) is expected


def _with_literal(compare: Compare, read: Read, literal: JsonValue) -> Rule:
    return lambda data, env: compare(read(data, env), literal)


def _with_path(compare: Compare, read: Read, other: Read) -> Rule:
    return lambda data, env: compare(read(data, env), other(data, env))


def _string_matches(read: Read, pattern: str) -> Rule:
    matches = compile_wildcards(pattern)

    def test(data: JsonValue, env: Environment) -> bool:
        value = read(data, env)
        return isinstance(value, str) and matches(value)

    return test
