"""The conditions that may stand in a filter policy's arrays.

Values match by type: the text "1" is not the number 1. Numbers lie between -10^9 and 10^9 and are
compared to five digits after the point, as AWS does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from stepwell.values import JsonValue

NUMBER_MAX = 1_000_000_000
WILDCARDS_MAX = 3

_Test: TypeAlias = Callable[[JsonValue], bool]


class BadPolicy(ValueError):
    """The policy cannot be; the message is AWS's, without what stands before it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one leaf, and whether it holds where there is none."""

    test: _Test
    if_absent: bool = False


def read(given: JsonValue) -> Condition:
    """The condition of one element of an array. Raises BadPolicy."""
    if isinstance(given, list):
        raise BadPolicy("Match value must be String, number, true, false, or null")
    if not isinstance(given, dict):
        return Condition(_equal(given))
    if len(given) != 1:
        raise BadPolicy("Only one key allowed in match expression")
    [(kind, operand)] = given.items()
    if kind == "exists":
        if not isinstance(operand, bool):
            raise BadPolicy("exists match pattern must be either true or false.")
        return Condition(lambda leaf: operand, if_absent=not operand)
    reader = _KINDS.get(kind)
    if reader is None:
        raise BadPolicy(f"Unrecognized match type {kind}")
    return Condition(reader(operand))


def _equal(wanted: JsonValue) -> _Test:
    if _is_number(wanted):
        number = _number(wanted)
        return lambda leaf: _is_number(leaf) and _number(leaf) == number
    return lambda leaf: type(leaf) is type(wanted) and leaf == wanted


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: JsonValue) -> float:
    assert isinstance(value, int | float)
    try:
        return round(float(value), 5)
    except OverflowError:
        return float("inf")


def _text(kind: str, operand: JsonValue) -> str:
    if not isinstance(operand, str):
        raise BadPolicy(f"{kind} match pattern must be a string")
    return operand


def _prefix(operand: JsonValue) -> _Test:
    if isinstance(operand, dict):
        start = _folded("prefix", operand)
        return lambda leaf: isinstance(leaf, str) and leaf.casefold().startswith(start)
    start = _text("prefix", operand)
    return lambda leaf: isinstance(leaf, str) and leaf.startswith(start)


def _suffix(operand: JsonValue) -> _Test:
    if isinstance(operand, dict):
        end = _folded("suffix", operand)
        return lambda leaf: isinstance(leaf, str) and leaf.casefold().endswith(end)
    end = _text("suffix", operand)
    return lambda leaf: isinstance(leaf, str) and leaf.endswith(end)


def _folded(kind: str, operand: dict[str, JsonValue]) -> str:
    if operand.keys() != {"equals-ignore-case"}:
        raise BadPolicy(f"{kind} match pattern must be a string")
    return _text("equals-ignore-case", operand["equals-ignore-case"]).casefold()


def _ignore_case(operand: JsonValue) -> _Test:
    wanted = _text("equals-ignore-case", operand).casefold()
    return lambda leaf: isinstance(leaf, str) and leaf.casefold() == wanted


def _wildcard(operand: JsonValue) -> _Test:
    pattern = _text("wildcard", operand)
    if "**" in pattern:
        raise BadPolicy("Consecutive wildcard characters at pos " + str(pattern.index("**")))
    pieces = re.split(r"(?<!\\)\*", pattern)
    if len(pieces) > WILDCARDS_MAX + 1:
        raise BadPolicy(f"Wildcard pattern can not have more than {WILDCARDS_MAX} wildcards")
    literal = [re.escape(re.sub(r"\\([*\\])", r"\1", piece)) for piece in pieces]
    compiled = re.compile(".*".join(literal), re.DOTALL)
    return lambda leaf: isinstance(leaf, str) and compiled.fullmatch(leaf) is not None


def _cidr(operand: JsonValue) -> _Test:
    text = _text("cidr", operand)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise BadPolicy(f"Malformed CIDR, one '/' required: {text}") from None

    def test(leaf: JsonValue) -> bool:
        try:
            return isinstance(leaf, str) and ip_address(leaf) in network
        except ValueError:
            return False

    return test


_NOT: dict[str, Callable[[JsonValue], _Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
}


def _anything_but(operand: JsonValue) -> _Test:
    given: list[JsonValue]
    if isinstance(operand, dict):
        if len(operand) != 1:
            raise BadPolicy("Only one key allowed in match expression")
        [(kind, inside)] = operand.items()
        reader = _NOT.get(kind)
        if reader is None:
            raise BadPolicy(f"Unsupported anything-but pattern: {kind}")
        given = inside if isinstance(inside, list) else [inside]
        tests = [reader(each) for each in given]
    else:
        given = operand if isinstance(operand, list) else [operand]
        for each in given:
            if isinstance(each, dict | list):
                raise BadPolicy("Inside anything but list, start|null|boolean is not supported.")
        tests = [_equal(each) for each in given]
    if not given:
        raise BadPolicy("Empty arrays are not allowed")
    return lambda leaf: not any(test(leaf) for test in tests)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _numeric(operand: JsonValue) -> _Test:
    if not isinstance(operand, list):
        raise BadPolicy("Value of numeric must be an array.")
    parts = operand
    if not parts or not isinstance(parts[0], str):
        raise BadPolicy(f"Invalid member in numeric match: {parts[0] if parts else ']'}")
    bounds = [_bound(parts, place) for place in range(0, len(parts), 2)]
    if len(bounds) > 2 or (len(bounds) == 2 and bounds[0][0] == "="):
        raise BadPolicy("Too many elements in numeric expression")
    if len(bounds) == 2:
        _check_range(bounds)

    def test(leaf: JsonValue) -> bool:
        if not _is_number(leaf):
            return False
        number = _number(leaf)
        return all(_COMPARE[operator](number, bound) for operator, bound in bounds)

    return test


def _bound(parts: list[JsonValue], place: int) -> tuple[str, float]:
    operator = parts[place]
    if not isinstance(operator, str) or operator not in _COMPARE:
        raise BadPolicy(f"Unrecognized numeric range operator: {operator}")
    value = parts[place + 1] if place + 1 < len(parts) else None
    if not _is_number(value):
        raise BadPolicy(f"Value of {operator} must be numeric")
    number = _number(value)
    if abs(number) > NUMBER_MAX:
        raise BadPolicy(f"Numeric value must be between -{NUMBER_MAX} and {NUMBER_MAX}, inclusive")
    return operator, number


def _check_range(bounds: list[tuple[str, float]]) -> None:
    (lower, bottom), (upper, top) = bounds
    if lower not in (">", ">=") or upper not in ("<", "<="):
        raise BadPolicy(f"Bad numeric range operator: {upper}")
    if bottom >= top:
        raise BadPolicy("Bottom must be less than top")


_KINDS: dict[str, Callable[[JsonValue], _Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "cidr": _cidr,
    "anything-but": _anything_but,
    "numeric": _numeric,
}
