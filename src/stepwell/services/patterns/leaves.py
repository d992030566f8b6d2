"""What may stand in the array of a pattern's field: values and match expressions.

A field matches when one of its values (all of them, if the event has an array there) is wanted by
one of the array's members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.services.patterns.numbers import is_number, numeric
from stepwell.services.patterns.texts import (
    Matcher,
    cidr,
    ends_with,
    equals_ignoring_case,
    starts_with,
    wildcard,
)
from stepwell.values import JsonValue

_ONE_KEY = "Only one key allowed in match expression"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a field's array wants: `wanted` of a value that is there, or that none is there."""

    matchers: tuple[Matcher, ...]
    absent: bool
    """It also matches where the event has no such field."""

    def wanted(self, value: JsonValue) -> bool:
        """Whether a value (not an array, not an object) is wanted."""
        return any(matches(value) for matches in self.matchers)


def compile_leaf(members: Sequence[JsonValue]) -> Leaf:
    """The matchers of a field's array. Raises InvalidPattern."""
    if not members:
        raise InvalidPattern("Empty arrays are not allowed")
    matchers = [_matcher(member) for member in members]
    return Leaf(
        tuple(matcher for matcher in matchers if matcher is not None),
        any(matcher is None for matcher in matchers),
    )


def _matcher(member: JsonValue) -> Matcher | None:
    """None stands for `{"exists": false}`."""
    match member:
        case dict():
            return _expression(member)
        case list():
            raise InvalidPattern("Match value must be String, number, true, false, or null")
        case str():
            return lambda leaf: leaf == member
        case None | bool():
            return lambda leaf: leaf is member
    return lambda leaf: is_number(leaf) and leaf == member


def _expression(expression: dict[str, JsonValue]) -> Matcher | None:
    if not expression:
        raise InvalidPattern("Match expression name not found")
    kind, given = next(iter(expression.items()))
    if kind == "exists":
        if not isinstance(given, bool):
            raise InvalidPattern("exists match pattern must be either true or false.")
        _only_one(expression, _ONE_KEY)
        return (lambda leaf: True) if given else None
    compile_kind = _KINDS.get(kind)
    if compile_kind is None:
        raise InvalidPattern(f"Unrecognized match type {kind}")
    matcher = compile_kind(given)
    too_many = "Too many elements in numeric expression"
    _only_one(expression, too_many if kind in ("numeric", "anything-but") else _ONE_KEY)
    return matcher


def _only_one(expression: dict[str, JsonValue], trouble: str) -> None:
    if len(expression) > 1:
        raise InvalidPattern(trouble)


def _text(given: JsonValue, kind: str) -> str:
    if not isinstance(given, str):
        raise InvalidPattern(f"{kind} match pattern must be a string")
    return given


def _prefix(given: JsonValue) -> Matcher:
    if isinstance(given, dict):
        return starts_with(_ignoring_case(given, "prefix"), ignore_case=True)
    return starts_with(_text(given, "prefix"))


def _suffix(given: JsonValue) -> Matcher:
    if isinstance(given, dict):
        return ends_with(_ignoring_case(given, "suffix"), ignore_case=True)
    return ends_with(_text(given, "suffix"))


def _ignoring_case(given: dict[str, JsonValue], kind: str) -> str:
    if not given:
        raise InvalidPattern(f"{kind.capitalize()} expression name not found")
    name, value = next(iter(given.items()))
    if name != "equals-ignore-case":
        raise InvalidPattern(f"Unsupported {kind} pattern: {name}")
    text = _text(value, "equals-ignore-case")
    _only_one(given, _ONE_KEY)
    return text


def _equals_ignoring_case(given: JsonValue) -> Matcher:
    return equals_ignoring_case(_text(given, "equals-ignore-case"))


def _wildcard(given: JsonValue) -> Matcher:
    return wildcard(_text(given, "wildcard"))


def _exactly(given: JsonValue) -> Matcher:
    wanted = _text(given, "exact")
    return lambda leaf: leaf == wanted


def _cidr(given: JsonValue) -> Matcher:
    # AWS's own words: it speaks of a prefix here.
    return cidr(_text(given, "prefix"))


def _anything_but(given: JsonValue) -> Matcher:
    if isinstance(given, dict):
        return _anything_but_like(given)
    if not isinstance(given, list):
        if not isinstance(given, str) and not is_number(given):
            raise InvalidPattern(
                "Value of anything-but must be an array or single string/number value."
            )
        given = [given]
    for value in given:
        if not isinstance(value, str) and not is_number(value):
            raise InvalidPattern("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(value, str) for value in given}) != 1:
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string,"
            " mixed type is not supported"
        )
    return _none_of([m for m in map(_matcher, given) if m is not None])


def _anything_but_like(given: dict[str, JsonValue]) -> Matcher:
    if not given:
        raise InvalidPattern("Anything-But expression name not found")
    kind, values = next(iter(given.items()))
    if kind not in _BUT_LIKE:
        raise InvalidPattern(f"Unsupported anything-but pattern: {kind}")
    make, trouble = _BUT_LIKE[kind]
    if not isinstance(values, list):
        if not isinstance(values, str) and not is_number(values):
            raise InvalidPattern(
                "Value of anything-but must be an array or single string/number value."
            )
        values = [values]
    matchers = []
    for value in values:
        if not isinstance(value, str):
            raise InvalidPattern(trouble)
        if not value and kind in ("prefix", "suffix"):
            raise InvalidPattern("Null prefix/suffix not allowed")
        matchers.append(make(value))
    _only_one(given, "Too many elements in numeric expression")
    return _none_of(matchers)


def _none_of(matchers: list[Matcher]) -> Matcher:
    return lambda leaf: not any(matches(leaf) for matches in matchers)


_KINDS: dict[str, Callable[[JsonValue], Matcher]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignoring_case,
    "exactly": _exactly,
    "numeric": numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}

_AFFIX = "prefix/suffix match pattern must be a string"
_BUT_LIKE: dict[str, tuple[Callable[[str], Matcher], str]] = {
    "equals-ignore-case": (
        equals_ignoring_case,
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    ),
    "prefix": (starts_with, _AFFIX),
    "suffix": (ends_with, _AFFIX),
    "wildcard": (wildcard, "wildcard match pattern must be a string"),
}

EXPRESSION_NAMES = frozenset(_KINDS) | {"exists"}
"""The names of match expressions."""
