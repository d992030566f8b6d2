"""Choice rules of the JSONPath language: 39 operators, And, Or, Not.

- The variable must exist, except for IsPresent; so must what the other side's path names.
- Nothing is converted: values of the wrong type make the rule false.
- Texts are ordered as Java orders them, by UTF-16 code units; timestamps as instants.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, TypeAlias

from stepwell.language.diagnostics import Diagnostic
from stepwell.language.java import utf16_order
from stepwell.language.paths import Path, PathNotFound, PathSyntaxError, compile_path
from stepwell.language.paths.equality import is_number
from stepwell.language.program import Environment, EvaluationFailed
from stepwell.language.timestamps import BadTimestamp, Instant, is_timestamp, parse_instant
from stepwell.values import JsonObject, JsonValue

Rule: TypeAlias = Callable[[JsonValue, Environment], bool]
Compare: TypeAlias = Callable[[JsonValue, JsonValue], bool]
Order: TypeAlias = Callable[..., bool]
"""Compares two values of one ordered type."""

DEPTH_MAX = 64
"""And, Or and Not inside each other."""

COMBINERS: Final = ("And", "Or", "Not")
COMMON_FIELDS: Final = frozenset(("Variable", "Next", "Comment", "Assign"))


def _strings(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        if left.isascii() and right.isascii():
            return order(left, right)
        return order(utf16_order(left), utf16_order(right))

    return compare


def _numbers(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        return is_number(left) and is_number(right) and order(left, right)

    return compare


def _timestamps(order: Order) -> Compare:
    def compare(left: JsonValue, right: JsonValue) -> bool:
        one, other = _instant(left), _instant(right)
        return one is not None and other is not None and order(one, other)

    return compare


def _instant(value: JsonValue) -> Instant | None:
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value)
    except BadTimestamp:
        return None


def _booleans(left: JsonValue, right: JsonValue) -> bool:
    return isinstance(left, bool) and isinstance(right, bool) and left is right


ORDERS: Final[dict[str, Order]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
}
FAMILIES: Final = {"String": _strings, "Numeric": _numbers, "Timestamp": _timestamps}
COMPARISONS: Final[dict[str, Compare]] = {
    "BooleanEquals": _booleans,
    **{
        family + name: make(order)
        for family, make in FAMILIES.items()
        for name, order in ORDERS.items()
    },
}
"""Each exists with a literal and, named `…Path`, with a path on the other side."""

TYPE_TESTS: Final[dict[str, Callable[[JsonValue], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsTimestamp": lambda value: isinstance(value, str) and is_timestamp(value),
}

OPERATORS: Final = frozenset(
    (
        *COMPARISONS,
        *(name + "Path" for name in COMPARISONS),
        *TYPE_TESTS,
        "IsPresent",
        "StringMatches",
    )
)


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


def compile_wildcards(pattern: str) -> Callable[[str], bool]:
    """`*` stands for any text, `\\*` for an asterisk, `\\\\` for a backslash. Takes linear time."""
    first, *rest = split_wildcards(pattern)
    if not rest:
        return first.__eq__
    *middle, last = rest

    def matches(text: str) -> bool:
        place, end = len(first), len(text) - len(last)
        if end < place or not text.startswith(first) or not text.endswith(last):
            return False
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return matches


def split_wildcards(pattern: str) -> list[str]:
    """The texts between the wildcards of a pattern."""
    parts: list[list[str]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            parts.append([])
        elif character == "\\":
            follower = next(characters, "")
            parts[-1].append(follower if follower in ("*", "\\") else "\\" + follower)
        else:
            parts[-1].append(character)
    return ["".join(part) for part in parts]


def rule_findings(rule: JsonValue, pointer: str, top_level: bool) -> list[Diagnostic]:
    """What is wrong with the rule. `pointer` is its place: `/States/X/Choices[0]`."""
    findings: list[Diagnostic] = []
    pending: list[tuple[JsonValue, str, int]] = [(rule, pointer, 0)]
    while pending:
        part, place, depth = pending.pop()
        if not isinstance(part, dict):
            findings.append(_finding("Expected value of type Object", place))
        elif depth > DEPTH_MAX:
            findings.append(_finding("The choice rule is too deeply nested", place))
        else:
            findings.extend(_own_findings(part, place, top_level and depth == 0))
            pending.extend(reversed(_parts(part, place, depth + 1)))
    return findings


def _finding(message: str, pointer: str, hint: str = "") -> Diagnostic:
    return Diagnostic("ERROR", "SCHEMA_VALIDATION_FAILED", message, pointer, hint=hint)


def _parts(rule: JsonObject, pointer: str, depth: int) -> list[tuple[JsonValue, str, int]]:
    parts: list[tuple[JsonValue, str, int]] = []
    for name in ("And", "Or"):
        inner = rule.get(name)
        if isinstance(inner, list):
            parts += [
                (part, f"{pointer}/{name}[{place}]", depth) for place, part in enumerate(inner)
            ]
    if "Not" in rule:
        parts.append((rule["Not"], f"{pointer}/Not", depth))
    return parts


def _own_findings(rule: JsonObject, pointer: str, top_level: bool) -> list[Diagnostic]:
    findings = _next_findings(rule, pointer, top_level)
    names = [name for name in rule if name in OPERATORS or name in COMBINERS]
    unknown = [name for name in rule if name not in COMMON_FIELDS and name not in names]
    findings += [
        _finding(f"Field '{name}' is not supported", f"{pointer}/{name}") for name in unknown
    ]
    if len(names) != 1:
        expected = "A choice rule has exactly one operator"
        findings.append(_finding(f"{expected}, but has {len(names)}", pointer))
        return findings
    name = names[0]
    if name in ("And", "Or"):
        return findings + _array_findings(rule[name], f"{pointer}/{name}")
    return findings if name == "Not" else findings + _leaf_findings(rule, name, pointer)


def _next_findings(rule: JsonObject, pointer: str, top_level: bool) -> list[Diagnostic]:
    if not top_level:
        nested = [name for name in ("Next", "Assign") if name in rule]
        return [
            _finding(f"Field '{name}' is not supported", f"{pointer}/{name}") for name in nested
        ]
    if "Next" not in rule:
        return [_finding("The field 'Next' is required but was missing", pointer)]
    if not isinstance(rule["Next"], str):
        return [_finding("Expected value of type String", f"{pointer}/Next")]
    return []


def _array_findings(parts: JsonValue, pointer: str) -> list[Diagnostic]:
    if not isinstance(parts, list):
        return [_finding("Expected value of type Array", pointer)]
    return [] if parts else [_finding("Value cannot be empty", pointer)]


def _leaf_findings(rule: JsonObject, name: str, pointer: str) -> list[Diagnostic]:
    if "Variable" not in rule:
        return [_finding("The field 'Variable' is required but was missing", pointer)]
    findings = _path_findings(rule["Variable"], f"{pointer}/Variable")
    place, operand = f"{pointer}/{name}", rule[name]
    if name.endswith("Path"):
        return findings + _path_findings(operand, place)
    if name.startswith("Is") or name == "BooleanEquals":
        fits, expected = isinstance(operand, bool), "Boolean"
    elif name.startswith("Numeric"):
        fits, expected = is_number(operand), "Number"
    else:
        fits, expected = isinstance(operand, str), "String"
    if not fits:
        return [*findings, _finding(f"Expected value of type {expected}", place)]
    if name.startswith("Timestamp") and isinstance(operand, str) and not is_timestamp(operand):
        return [*findings, _finding("String does not match RFC3339 timestamp", place)]
    return findings


def _path_findings(value: JsonValue, pointer: str) -> list[Diagnostic]:
    if not isinstance(value, str):
        return [_finding("Expected value of type String", pointer)]
    try:
        compile_path(value)
    except PathSyntaxError as error:
        return [_finding("Value is not a valid JSONPath", pointer, error.message)]
    return []
