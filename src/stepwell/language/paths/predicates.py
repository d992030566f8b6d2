"""Filter conditions as functions `(node, document) -> bool`.

The rules are those of Jayway's library:

- a path that finds nothing is equal to nothing, not even to another such path;
- numbers are compared by value, so 1 == 1.0; a number and a text are equal when they read alike;
- order is defined between two numbers and between two texts, all else is false;
- `=~` must match the whole text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from stepwell.language.budget import spend
from stepwell.language.java import java_text
from stepwell.language.paths.equality import identical, is_number
from stepwell.language.paths.syntax import (
    AllOf,
    Comparison,
    Condition,
    Exists,
    Literal,
    Negation,
    Operand,
    Pattern,
    Step,
)
from stepwell.values import JsonValue


class Missing:
    """What a path in a filter gives when it finds nothing."""


MISSING: Final = Missing()
Operable: TypeAlias = "JsonValue | Missing | Pattern"
Test: TypeAlias = Callable[[JsonValue, JsonValue], bool]
Read: TypeAlias = Callable[[JsonValue, JsonValue], Operable]
CompileSteps: TypeAlias = Callable[[tuple[Step, ...]], Read]
"""Steps -> a function (start, document) -> value, a list for indefinite paths, or MISSING."""


def compile_condition(condition: Condition, steps: CompileSteps) -> Test:
    """The condition as a function of the node and the whole document."""
    match condition:
        case Comparison(operator, left, right):
            return _comparison(COMPARISONS[operator], _operand(left, steps), _operand(right, steps))
        case Exists(query):
            return _exists(_operand(query, steps))
        case Negation(part):
            inner = compile_condition(part, steps)
            return lambda node, document: not inner(node, document)
    tests = [compile_condition(part, steps) for part in condition.parts]
    combine = all if isinstance(condition, AllOf) else any
    return lambda node, document: combine(test(node, document) for test in tests)


def _comparison(compare: Callable[[Operable, Operable], bool], left: Read, right: Read) -> Test:
    def test(node: JsonValue, document: JsonValue) -> bool:
        spend(1)
        return compare(left(node, document), right(node, document))

    return test


def _exists(read: Read) -> Test:
    def exists(node: JsonValue, document: JsonValue) -> bool:
        spend(1)
        found = read(node, document)
        return not isinstance(found, Missing)

    return exists


def _operand(operand: Operand, steps: CompileSteps) -> Read:
    match operand:
        case Literal(value):
            return lambda _node, _document: value
        case Pattern():
            return lambda _node, _document: operand
    read = steps(operand.steps)
    if operand.from_document:
        return lambda _node, document: read(document, document)
    return read


def equal(left: Operable, right: Operable) -> bool:
    """`==`."""
    if isinstance(left, Missing | Pattern) or isinstance(right, Missing | Pattern):
        return False
    if is_number(left) and is_number(right):
        return left == right
    if is_number(left) and isinstance(right, str):
        return _number_is_text(left, right)
    if isinstance(left, str) and is_number(right):
        return left == java_text(right)
    return identical(left, right)


def _number_is_text(number: int | float, text: str) -> bool:
    try:
        return float(text) == number and text.strip() == text
    except ValueError:
        return False


def _same(left: Operable, right: Operable) -> bool:
    if isinstance(left, Missing | Pattern) or isinstance(right, Missing | Pattern):
        return False
    return equal(left, right) and is_number(left) == is_number(right)


def _order(left: Operable, right: Operable) -> int | None:
    """-1, 0 or 1; None when the two have no order."""
    if is_number(left) and is_number(right):
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        spend(min(len(left), len(right)) >> 8)
        return (left > right) - (left < right)
    return None


def _matches(left: Operable, right: Operable) -> bool:
    if isinstance(left, Pattern):
        left, right = right, left
    if not isinstance(right, Pattern):
        return False
    spend(len(left) if isinstance(left, list) else 1)
    items = left if isinstance(left, list) else [left]
    return any(_matches_one(item, right) for item in items)


def _matches_one(item: Operable, pattern: Pattern) -> bool:
    if isinstance(item, bool | list | dict | Missing | Pattern) or item is None:
        return False
    text = java_text(item)
    spend(1 + (len(text) >> 4))
    return bool(pattern.regex.fullmatch(text))


def _within(left: Operable, right: Operable) -> bool:
    if not isinstance(right, list):
        return False
    spend(len(right))
    return any(equal(left, item) for item in right)


def _contains(left: Operable, right: Operable) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        spend(len(left) >> 4)
        return right in left
    return _within(right, left)


def _size(left: Operable, right: Operable) -> bool:
    return is_number(right) and isinstance(left, str | list) and len(left) == right


def _empty(left: Operable, right: Operable) -> bool:
    if not isinstance(left, str | list | dict) or not isinstance(right, bool):
        return False
    return (len(left) == 0) is right


def _subset(left: Operable, right: Operable) -> bool:
    return isinstance(left, list) and all(_within(item, right) for item in left)


def _any_within(left: Operable, right: Operable) -> bool:
    return isinstance(left, list) and any(_within(item, right) for item in left)


def _none_within(left: Operable, right: Operable) -> bool:
    return isinstance(left, list) and not any(_within(item, right) for item in left)


COMPARISONS: Final[dict[str, Callable[[Operable, Operable], bool]]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "===": _same,
    "!==": lambda left, right: not _same(left, right),
    "<": lambda left, right: _order(left, right) == -1,
    ">": lambda left, right: _order(left, right) == 1,
    "<=": lambda left, right: _order(left, right) in (-1, 0),
    ">=": lambda left, right: _order(left, right) in (0, 1),
    "=~": _matches,
    "in": _within,
    "nin": lambda left, right: not _within(left, right),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
    "subsetof": _subset,
    "anyof": _any_within,
    "noneof": _none_within,
    "all": lambda left, right: isinstance(right, list) and _subset(right, left),
}
